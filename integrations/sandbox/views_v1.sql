-- The records of contract v1: every field that is documented, null where the sandbox has nothing
-- to say. Points in time end in milliseconds; calendar days are midnight UTC.

CREATE VIEW v1_properties AS
SELECT p.seq, p.id, json_object(
    'id', p.id, 'property_id', p.id,
    'created_at', substr(p.created_at, 1, 23) || 'Z',
    'updated_at', substr(p.updated_at, 1, 23) || 'Z',
    'last_seen', substr(c.last_synced_at, 1, 23) || 'Z',
    'x_created_at', NULL, 'x_id', 'p' || substr(p.id, 6), 'x_property_id', 'p' || substr(p.id, 6),
    'x_building_id', NULL, 'building_number', NULL, 'city', p.city, 'code', 'p' || substr(p.id, 6),
    'country', 'US', 'county', NULL, 'custom_data', NULL, 'is_active', json('true'),
    'manager_email', NULL, 'manager_name', NULL,
    'manager_phone_1', NULL, 'manager_phone_1_type', NULL,
    'manager_phone_2', NULL, 'manager_phone_2_type', NULL,
    'name', p.name, 'notes', NULL, 'number_of_units', p.unit_count,
    'square_footage', p.total_sqft, 'square_feet', p.total_sqft, 'state', p.state,
    'street_address_1', p.street, 'street_address_2', NULL,
    'address_1', p.street, 'address_2', NULL,
    'type', 'Residential', 'type_raw', 'Residential', 'type_normalized', 'MULTI_FAMILY',
    'website', NULL, 'year_built', NULL, 'zip', p.zip,
    'long_description', NULL, 'short_description', NULL, 'office_hours', json('[]'),
    'pet_types', json('[]'), 'associated_owner_ids', json('[]'),
    'integration_id', p.connection_id, 'integration_vendor', c.vendor) AS body
FROM properties p JOIN connections c ON c.id = p.connection_id;

-- Nobody knows whether a unit with a status of its own is vacant.
CREATE VIEW v1_units AS
SELECT u.seq, u.id, json_object(
    'id', u.id,
    'created_at', substr(u.created_at, 1, 23) || 'Z',
    'updated_at', substr(u.updated_at, 1, 23) || 'Z',
    'last_seen', substr(coalesce(u.gone_since, c.last_synced_at), 1, 23) || 'Z',
    'x_id', u.unit_number, 'x_property_id', 'p' || substr(u.property_id, 6),
    'x_floor_plan_id', NULL, 'x_unit_type_id', NULL,
    'bathrooms', u.bathrooms,
    'bathrooms_full', CAST(u.bathrooms AS INTEGER),
    'bathrooms_half', CASE WHEN u.bathrooms IS NOT NULL THEN iif(u.bathrooms LIKE '%.5', 1, 0) END,
    'bedrooms', CASE WHEN u.bedrooms = 0 AND c.vendor IN ('APPFOLIO', 'BUILDIUM', 'RENTVINE')
        THEN 'Studio' ELSE CAST(u.bedrooms AS TEXT) END,
    'building_name', NULL, 'building_number', NULL, 'city', p.city, 'country', 'US',
    'custom_data', NULL, 'floor_plan_code', NULL, 'floor_plan_name', NULL, 'floor', NULL,
    'is_available', CASE u.status WHEN 'vacant' THEN json('true')
        WHEN 'occupied' THEN json('false') WHEN 'notice' THEN json('false') END,
    'is_furnished', NULL, 'is_listed', NULL,
    'is_vacant', CASE WHEN u.status IN ('occupied', 'notice') THEN json('false')
        WHEN u.status IN ('vacant', 'down', 'model') THEN json('true') END,
    'number', u.unit_number,
    'rent_amount_market_in_cents', NULL, 'rent_amount_max_in_cents', NULL,
    'rent_amount_min_in_cents', NULL, 'square_feet', u.sqft, 'state', p.state,
    'street_address_1', p.street, 'street_address_2', u.unit_number,
    'address_1', p.street, 'address_2', u.unit_number, 'zip', p.zip,
    'pets_allowed', NULL, 'dogs_allowed', NULL, 'cats_allowed', NULL, 'pet_policy', NULL,
    'floor_plan_id', NULL, 'integration_id', u.connection_id, 'integration_vendor', c.vendor,
    'property_id', u.property_id, 'unit_type_id', NULL) AS body
FROM units u
JOIN properties p ON p.id = u.property_id
JOIN connections c ON c.id = u.connection_id;

-- Who is on which lease, as leases tell it of their people and people of their leases.
CREATE VIEW v1_tenancies AS
SELECT r.seq, r.lease_id, r.id AS resident_id, r.gone_since,
    CASE r.role WHEN 'primary' THEN 'Responsible' WHEN 'secondary' THEN 'Co-tenant'
        WHEN 'guarantor' THEN 'Guarantor' ELSE 'Occupant' END AS raw_type,
    CASE r.role WHEN 'primary' THEN 'PRIMARY' WHEN 'secondary' THEN 'SECONDARY'
        WHEN 'guarantor' THEN 'GUARANTOR' ELSE 'OTHER' END AS normalized_type,
    CASE WHEN l.status <> 'future' AND r.role <> 'guarantor'
        THEN l.start_date || 'T00:00:00.000Z' END AS move_in_date,
    coalesce(r.moved_out, CASE l.status WHEN 'past' THEN l.end_date END)
        || 'T00:00:00.000Z' AS move_out_date
FROM residents r JOIN leases l ON l.id = r.lease_id;

-- Where the PMS does not say how many live there, the list of people is not there at all.
CREATE VIEW v1_leases AS
SELECT l.seq, l.id, '{' || CASE WHEN l.occupant_count IS NULL THEN '' ELSE
    '"residents_meta_data":[' || coalesce((SELECT group_concat(json_object(
        'resident_id', t.resident_id, 'x_resident_type', t.raw_type,
        'resident_type_normalized', t.normalized_type, 'move_in_date', t.move_in_date,
        'move_out_date', t.move_out_date, 'notice_date', NULL, 'custom_data', NULL))
        FROM v1_tenancies t WHERE t.lease_id = l.id AND t.gone_since IS NULL), '') || '],' END
    || substr(json_object(
    'id', l.id,
    'created_at', substr(l.created_at, 1, 23) || 'Z',
    'updated_at', substr(l.updated_at, 1, 23) || 'Z',
    'last_seen', substr(coalesce(l.gone_since, c.last_synced_at), 1, 23) || 'Z',
    'x_id', CAST(CAST(substr(l.id, -4) AS INTEGER) AS TEXT),
    'x_property_id', 'p' || substr(l.property_id, 6),
    'x_resident_id', 't' || substr(l.resident_id, -4),
    'x_unit_id', iif(l.unit_linked, u.unit_number, NULL),
    'application_date', NULL, 'custom_data', NULL, 'deposit_amount', NULL,
    'deposit_amount_in_cents', NULL, 'deposit_date', NULL,
    'end_date', l.end_date || 'T00:00:00.000Z',
    'realized_move_in_date',
        CASE WHEN l.status <> 'future' THEN l.start_date || 'T00:00:00.000Z' END,
    'realized_move_out_date',
        CASE l.status WHEN 'past' THEN l.end_date || 'T00:00:00.000Z' END,
    'rent_amount_in_cents', l.rent_cents, 'rent_amount_market_in_cents', NULL,
    'rent_due_day', 1, 'rent_due_date', NULL,
    'scheduled_move_in_date', l.start_date || 'T00:00:00.000Z',
    'scheduled_move_out_date',
        CASE WHEN l.status <> 'month_to_month' THEN l.end_date || 'T00:00:00.000Z' END,
    'signature_date', NULL, 'start_date', l.start_date || 'T00:00:00.000Z',
    'status', l.status,
    'status_normalized', CASE l.status WHEN 'active' THEN 'ACTIVE'
        WHEN 'month_to_month' THEN 'ACTIVE' WHEN 'past' THEN 'INACTIVE'
        WHEN 'future' THEN 'PENDING' WHEN 'evicted' THEN 'EVICTED' ELSE 'OTHER' END,
    'status_raw', CASE l.status WHEN 'active' THEN iif(u.status = 'notice', 'Notice', 'Current')
        WHEN 'month_to_month' THEN 'Current' WHEN 'past' THEN 'Past'
        WHEN 'future' THEN 'Future' ELSE l.status END,
    'term', NULL,
    'type', iif(l.status = 'month_to_month', 'Month to Month', 'Standard'),
    'unit_number', u.unit_number,
    'write_off_amount_in_cents', NULL, 'write_off_amount_raw', NULL,
    'balance_amount_in_cents', NULL, 'balance_amount_raw', NULL,
    'past_due_balance_in_cents', NULL, 'past_due_balance_raw', NULL,
    'unit_id', iif(l.unit_linked, l.unit_id, NULL), 'property_id', l.property_id,
    'integration_id', l.connection_id, 'integration_vendor', c.vendor,
    'services', json('[]')), 2) AS body
FROM leases l
JOIN units u ON u.id = l.unit_id
JOIN connections c ON c.id = l.connection_id;

CREATE VIEW v1_residents AS
SELECT r.seq, r.id, json_object(
    'id', r.id,
    'created_at', substr(r.created_at, 1, 23) || 'Z',
    'updated_at', substr(r.updated_at, 1, 23) || 'Z',
    'last_seen', substr(coalesce(r.gone_since, c.last_synced_at), 1, 23) || 'Z',
    'x_id', 't' || substr(r.id, -4),
    'x_lease_id', CAST(CAST(substr(r.lease_id, -4) AS INTEGER) AS TEXT),
    'leases_meta_data', json_array(json_object(
        'lease_id', r.lease_id, 'x_resident_type', t.raw_type,
        'resident_type_normalized', t.normalized_type, 'move_in_date', t.move_in_date,
        'move_out_date', t.move_out_date, 'notice_date', NULL, 'custom_data', NULL)),
    'address_1_alternate', NULL, 'address_1', NULL, 'address_2_alternate', NULL,
    'address_2', NULL, 'balance_in_cents', NULL, 'city_alternate', NULL, 'city', NULL,
    'country_alternate', NULL, 'country', NULL, 'custom_data', NULL, 'date_of_birth', NULL,
    'email_1', NULL, 'email_2', NULL, 'first_name', r.first_name, 'is_employee', NULL,
    'last_name', r.last_name, 'late_balance_in_cents', NULL, 'middle_name', NULL, 'notes', NULL,
    'phone_1_type', NULL, 'phone_1', NULL, 'phone_2_type', NULL, 'phone_2', NULL,
    'state_alternate', NULL, 'state', NULL, 'zip_alternate', NULL, 'zip', NULL,
    'pets', json('[]'), 'vehicles', json('[]'),
    'integration_id', r.connection_id, 'integration_vendor', c.vendor,
    'property_id', r.property_id) AS body
FROM residents r
JOIN v1_tenancies t ON t.seq = r.seq
JOIN connections c ON c.id = r.connection_id;

CREATE VIEW v1_charge_codes AS
SELECT k.seq, k.id, json_object(
    'id', k.id,
    'created_at', substr(k.created_at, 1, 23) || 'Z',
    'updated_at', substr(k.updated_at, 1, 23) || 'Z',
    'last_seen', substr(c.last_synced_at, 1, 23) || 'Z',
    'x_id', lower(k.code), 'x_property_id', 'p' || substr(k.property_id, 6),
    'x_location_id', iif(c.vendor = 'RENTMANAGER', '1', NULL),
    'debit_gl_account', '1100-0000', 'credit_gl_account', k.gl_account,
    'name', k.code, 'description', k.name, 'custom_data', NULL, 'property_id', k.property_id,
    'integration_id', k.connection_id, 'integration_vendor', c.vendor) AS body
FROM charge_codes k JOIN connections c ON c.id = k.connection_id;

CREATE VIEW v1_financial_accounts AS
SELECT a.seq, a.id, json_object(
    'id', a.id,
    'created_at', substr(a.created_at, 1, 23) || 'Z',
    'updated_at', substr(a.updated_at, 1, 23) || 'Z',
    'last_seen', substr(c.last_synced_at, 1, 23) || 'Z',
    'x_id', a.account_number, 'x_property_id', 'p' || substr(a.property_id, 6),
    'x_location_id', iif(c.vendor = 'RENTMANAGER', '1', NULL),
    'name', a.name, 'status_raw', 'Active', 'account_number', a.account_number,
    'custom_data', NULL, 'property_id', a.property_id, 'integration_id', a.connection_id,
    'integration_vendor', c.vendor) AS body
FROM financial_accounts a JOIN connections c ON c.id = a.connection_id;

CREATE VIEW v1_resident_charges AS
SELECT h.seq, h.id, json_object(
    'id', h.id,
    'created_at', substr(h.readable_from, 1, 23) || 'Z',
    'updated_at', substr(h.readable_from, 1, 23) || 'Z',
    'last_seen', substr(max(h.readable_from, coalesce(c.last_synced_at, '')), 1, 23) || 'Z',
    'x_id', CAST(h.seq AS TEXT), 'x_property_id', 'p' || substr(h.property_id, 6),
    'x_gl_account_id', NULL, 'x_location_id', iif(c.vendor = 'RENTMANAGER', '1', NULL),
    'x_lease_id', CAST(CAST(substr(h.lease_id, -4) AS INTEGER) AS TEXT),
    'x_resident_id', 't' || substr(h.resident_id, -4), 'x_unit_id', u.unit_number,
    'x_charge_code_id', lower(h.charge_code),
    'amount_in_cents', h.amount_cents,
    'amount_raw', printf('%s%d.%02d', iif(h.amount_cents < 0, '-', ''),
        abs(h.amount_cents) / 100, abs(h.amount_cents) % 100),
    'amount_open_in_cents', h.amount_cents, 'amount_open_raw', NULL,
    'amount_paid_in_cents', iif(c.vendor = 'APPFOLIO', NULL, 0), 'amount_paid_raw', NULL,
    'due_date', h.effective_date || 'T00:00:00.000Z', 'name', h.charge_code,
    'description', h.description, 'reference_number', h.reference_number,
    'transaction_date', h.effective_date || 'T00:00:00.000Z', 'transaction_source', NULL,
    'is_open', json('true'), 'post_month', h.post_month, 'custom_data', NULL,
    'integration_id', h.connection_id, 'integration_vendor', c.vendor,
    'property_id', h.property_id, 'resident_id', h.resident_id,
    'financial_account_id', h.financial_account_id, 'unit_id', h.unit_id,
    'lease_id', h.lease_id, 'charge_code_id', h.charge_code_id,
    'allocations', json('[]')) AS body
FROM charges h
JOIN units u ON u.id = h.unit_id
JOIN connections c ON c.id = h.connection_id;

CREATE VIEW v1_resident_payments AS
SELECT m.seq, m.id, json_object(
    'id', m.id,
    'created_at', substr(m.created_at, 1, 23) || 'Z',
    'updated_at', substr(m.updated_at, 1, 23) || 'Z',
    'last_seen', substr(c.last_synced_at, 1, 23) || 'Z',
    'x_id', CAST(m.seq AS TEXT), 'x_property_id', 'p' || substr(m.property_id, 6),
    'x_gl_account_id', NULL, 'x_location_id', NULL,
    'x_lease_id', CAST(CAST(substr(m.lease_id, -4) AS INTEGER) AS TEXT),
    'x_resident_id', 't' || substr(l.resident_id, -4), 'x_unit_id', NULL,
    'x_charge_code_id', NULL, 'payment_method_normalized', 'ACH', 'payment_method_raw', 'eCheck',
    'amount_in_cents', m.amount_cents,
    'amount_raw', printf('%d.%02d', m.amount_cents / 100, m.amount_cents % 100),
    'name', NULL, 'description', 'Online payment', 'reference_number', NULL,
    'transaction_date', m.received_on || 'T00:00:00.000Z', 'is_open', json('false'),
    'post_month', substr(m.received_on, 1, 7), 'custom_data', NULL,
    'integration_id', m.connection_id, 'integration_vendor', c.vendor,
    'property_id', m.property_id, 'resident_id', l.resident_id, 'financial_account_id', NULL,
    'unit_id', l.unit_id, 'lease_id', m.lease_id, 'charge_code_id', NULL,
    'allocations', json('[]')) AS body
FROM payments m
JOIN leases l ON l.id = m.lease_id
JOIN connections c ON c.id = m.connection_id;

CREATE VIEW v1_integrations AS
SELECT c.seq, c.id, json_object(
    'id', c.id,
    'created_at', substr(c.created_at, 1, 23) || 'Z',
    'updated_at', substr(c.updated_at, 1, 23) || 'Z',
    'name', c.name, 'vendor', c.vendor, 'active', json(iif(c.status = 'inactive', 'false', 'true')),
    'system', 'SANDBOX', 'sync_frequency', 12, 'sync_cadence', 'HOUR',
    'max_job_concurrency', 1, 'max_request_frequency', 1, 'max_request_cadence', 'SECOND',
    'base_url', NULL, 'is_archived', json('false'),
    'last_completed_sync', substr(c.last_synced_at, 1, 23) || 'Z',
    'last_completed_back_sync', NULL, 'new_properties_are_enabled', json('true'),
    'integration_interfaces', json_array(json_object(
        'interface_name', c.vendor || '_BASE', 'enabled', json('true'), 'version', NULL)),
    'models', (SELECT json_group_object(iif(m.value = 'charges', 'resident_charges', m.value),
        json_object('enabled', json('true'), 'from_interfaces', json('[]')))
        FROM json_each(c.models) m),
    'can_authenticate', json(iif(c.status = 'auth_failed', 'false', 'true')),
    'last_data_access_check', substr(c.updated_at, 1, 23) || 'Z', 'allow_manual_syncs', json('true'),
    'configuration_meta_data', json('[]'),
    'is_running_sync', json(iif(c.status = 'syncing', 'true', 'false')),
    'is_running_data_access_check', json('false')) AS body
FROM connections c;

CREATE VIEW v1_property_configurations AS
SELECT p.seq, p.configuration_id AS id, json_object(
    'id', p.configuration_id, 'created_at', substr(p.created_at, 1, 23) || 'Z',
    'integration_id', p.connection_id, 'property_id', p.id,
    'enabled', json(iif(p.enabled, 'true', 'false'))) AS body
FROM properties p;

CREATE VIEW v1_data_diffs AS
SELECT d.seq, d.id, json_object(
    'id', d.id, 'model', d.model, 'model_record_id', d.record_id, 'event_type', d.event_type,
    'data_diff', json(d.diff), 'created_at', substr(d.created_at, 1, 23) || 'Z',
    'job_id', d.job_id, 'integration_id', d.connection_id, 'integration_vendor', c.vendor) AS body
FROM data_diffs d JOIN connections c ON c.id = d.connection_id;

CREATE VIEW v1_webhooks AS
SELECT w.seq, w.id, json_object(
    'id', w.id, 'created_at', substr(w.created_at, 1, 23) || 'Z',
    'updated_at', substr(w.updated_at, 1, 23) || 'Z', 'url', w.url, 'headers', json(w.headers),
    'active', json(iif(w.active, 'true', 'false')), 'secret', w.secret, 'system', 'SANDBOX',
    'triggers', (SELECT json_group_array(json_object(
        'id', w.id || '_' || e.key, 'trigger', e.value, 'model', w.model))
        FROM json_each(w.events) e)) AS body
FROM webhooks w;
