-- The records of contract unified: one view per list, one JSON text per row. The text is made by
-- the database, because a page of two hundred records made row by row in Python takes ten times as
-- long.

CREATE VIEW unified_connections AS
SELECT c.seq, c.id, json_object(
    'id', c.id, 'provider', c.provider, 'name', c.name, 'status', c.status,
    'sync_config', json_object('models', json(c.models), 'frequency', c.frequency),
    'last_synced_at', c.last_synced_at, 'updated_at', c.updated_at) AS body
FROM connections c;

CREATE VIEW unified_properties AS
SELECT p.seq, p.id, json_object(
    'id', p.id, 'name', p.name,
    'address', json_object('street', p.street, 'city', p.city, 'state', p.state, 'zip', p.zip),
    'unit_count', p.unit_count, 'total_sqft', p.total_sqft, 'updated_at', p.updated_at) AS body
FROM properties p;

CREATE VIEW unified_units AS
SELECT u.seq, u.id, json_object(
    'id', u.id, 'property_id', u.property_id, 'unit_number', u.unit_number, 'sqft', u.sqft,
    'bedrooms', u.bedrooms, 'bathrooms', json(u.bathrooms), 'status', u.status,
    'current_lease', CASE WHEN l.id IS NOT NULL THEN json_object(
        'id', l.id, 'occupant_count', l.occupant_count, 'start_date', l.start_date,
        'end_date', l.end_date, 'resident_id', l.resident_id) END,
    'updated_at', u.updated_at) AS body
FROM units u LEFT JOIN leases l ON l.id = u.current_lease_id;

CREATE VIEW unified_leases AS
SELECT l.seq, l.id, json_object(
    'id', l.id, 'resident_id', l.resident_id, 'unit_id', l.unit_id, 'start_date', l.start_date,
    'end_date', l.end_date,
    'monthly_rent', json(printf('%d.%02d', l.rent_cents / 100, l.rent_cents % 100)),
    'status', l.status, 'occupant_count', l.occupant_count, 'updated_at', l.updated_at) AS body
FROM leases l;

CREATE VIEW unified_residents AS
SELECT r.seq, r.id, json_object(
    'id', r.id, 'first_name', r.first_name, 'last_name', r.last_name, 'unit_id', l.unit_id,
    'lease_status', l.status, 'source_pms', c.provider,
    'is_primary', json(iif(r.role = 'primary', 'true', 'false')),
    'updated_at', r.updated_at) AS body
FROM residents r JOIN leases l ON l.id = r.lease_id JOIN connections c ON c.id = r.connection_id;

CREATE VIEW unified_charge_codes AS
SELECT k.seq, k.id, json_object(
    'code', k.code, 'name', k.name, 'property_id', k.property_id, 'gl_account', k.gl_account,
    'updated_at', k.updated_at) AS body
FROM charge_codes k;

CREATE VIEW unified_charges AS
SELECT h.seq, h.id, json_object(
    'id', h.id, 'unit_id', h.unit_id, 'lease_id', h.lease_id,
    'amount', json(printf('%s%d.%02d', iif(h.amount_cents < 0, '-', ''),
        abs(h.amount_cents) / 100, abs(h.amount_cents) % 100)),
    'effective_date', h.effective_date, 'charge_code', h.charge_code,
    'description', h.description, 'created_at', h.created_at) AS body
FROM charges h;

CREATE VIEW unified_payments AS
SELECT m.seq, m.id, json_object(
    'id', m.id, 'lease_id', m.lease_id,
    'amount', json(printf('%d.%02d', m.amount_cents / 100, m.amount_cents % 100)),
    'received_on', m.received_on, 'charge_id', m.charge_id, 'updated_at', m.updated_at) AS body
FROM payments m;

CREATE VIEW unified_webhooks AS
SELECT w.seq, w.id, json_object(
    'id', w.id, 'url', w.url, 'events', json(w.events), 'created_at', w.created_at) AS body
FROM webhooks w;
