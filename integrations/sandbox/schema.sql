CREATE TABLE making (
    seed INTEGER NOT NULL,
    properties INTEGER NOT NULL,
    units INTEGER NOT NULL
) STRICT;

CREATE TABLE connections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    models TEXT NOT NULL,
    frequency TEXT NOT NULL,
    last_synced_at TEXT,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE properties (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    name TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    zip TEXT NOT NULL,
    unit_count INTEGER NOT NULL,
    total_sqft INTEGER,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE units (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    property_id TEXT NOT NULL REFERENCES properties (id),
    unit_number TEXT NOT NULL,
    sqft INTEGER,
    bedrooms INTEGER,
    bathrooms TEXT,
    status TEXT NOT NULL,
    current_lease_id TEXT,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX units_of_property ON units (property_id, seq);

CREATE TABLE leases (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    unit_id TEXT NOT NULL REFERENCES units (id),
    resident_id TEXT NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT,
    rent_cents INTEGER NOT NULL,
    status TEXT NOT NULL,
    occupant_count INTEGER,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX leases_of_unit ON leases (unit_id, seq);

CREATE TABLE residents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    lease_id TEXT NOT NULL REFERENCES leases (id),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    is_primary INTEGER NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX residents_of_lease ON residents (lease_id, seq);

CREATE TABLE charge_codes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    property_id TEXT NOT NULL REFERENCES properties (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    gl_account TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (property_id, code)
) STRICT;

CREATE TABLE payments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    lease_id TEXT NOT NULL REFERENCES leases (id),
    amount_cents INTEGER NOT NULL,
    received_on TEXT NOT NULL,
    charge_id TEXT,
    updated_at TEXT NOT NULL
) STRICT;

-- The ledger: rows are added and never changed.
CREATE TABLE charges (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    property_id TEXT NOT NULL REFERENCES properties (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    lease_id TEXT NOT NULL REFERENCES leases (id),
    amount_cents INTEGER NOT NULL,
    effective_date TEXT NOT NULL,
    charge_code TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX charges_of_property ON charges (property_id, effective_date, seq);
CREATE INDEX charges_of_unit ON charges (unit_id, charge_code, effective_date);

CREATE TABLE webhooks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- What can be listed. Every view has seq, connection_id, connection_status and updated_at,
-- so that paging, access and incremental reads are written once.
CREATE VIEW listed_connections AS
SELECT c.*, c.id AS connection_id, 'active' AS connection_status FROM connections c;

CREATE VIEW listed_properties AS
SELECT p.*, c.status AS connection_status
FROM properties p JOIN connections c ON c.id = p.connection_id;

CREATE VIEW listed_units AS
SELECT u.*, p.connection_id, p.connection_status,
    l.occupant_count, l.start_date, l.end_date, l.resident_id
FROM units u
JOIN listed_properties p ON p.id = u.property_id
LEFT JOIN leases l ON l.id = u.current_lease_id;

CREATE VIEW listed_leases AS
SELECT l.*, u.property_id, u.unit_number, p.connection_id, p.connection_status
FROM leases l
JOIN units u ON u.id = l.unit_id
JOIN listed_properties p ON p.id = u.property_id;

CREATE VIEW listed_residents AS
SELECT r.*, l.unit_id, l.status AS lease_status, c.provider AS source_pms,
    u.property_id, p.connection_id, p.connection_status
FROM residents r
JOIN leases l ON l.id = r.lease_id
JOIN units u ON u.id = l.unit_id
JOIN listed_properties p ON p.id = u.property_id
JOIN connections c ON c.id = p.connection_id;

CREATE VIEW listed_charge_codes AS
SELECT k.*, p.connection_id, p.connection_status
FROM charge_codes k JOIN listed_properties p ON p.id = k.property_id;

CREATE VIEW listed_payments AS
SELECT m.*, u.property_id, p.connection_id, p.connection_status
FROM payments m
JOIN leases l ON l.id = m.lease_id
JOIN units u ON u.id = l.unit_id
JOIN listed_properties p ON p.id = u.property_id;

CREATE VIEW listed_charges AS
SELECT h.*, h.created_at AS updated_at, u.unit_number, p.connection_id, p.connection_status
FROM charges h
JOIN units u ON u.id = h.unit_id
JOIN listed_properties p ON p.id = h.property_id;
