CREATE TABLE making (
    seed INTEGER NOT NULL,
    properties INTEGER NOT NULL,
    units INTEGER NOT NULL,
    -- Words of the PMSs that have a connection of their own, with commas between.
    pms TEXT NOT NULL
) STRICT;

CREATE TABLE connections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    -- What contract unified calls the PMS, and what contract v1 does.
    provider TEXT NOT NULL,
    vendor TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    models TEXT NOT NULL,
    frequency TEXT NOT NULL,
    last_synced_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- `enabled` is the switch in Propexo; `loaded` tells whether units, leases and people were ever read.
CREATE TABLE properties (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    configuration_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL,
    zip TEXT NOT NULL,
    unit_count INTEGER NOT NULL,
    total_sqft INTEGER,
    enabled INTEGER NOT NULL,
    loaded INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- From here on `connection_id` and `property_id` stand in every row, so that no list needs a join to
-- filter; `gone_since` is when the PMS stopped showing the record, which is never deleted.
CREATE TABLE units (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    unit_number TEXT NOT NULL,
    sqft INTEGER,
    bedrooms INTEGER,
    bathrooms TEXT,
    status TEXT NOT NULL,
    current_lease_id TEXT,
    gone_since TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- `unit_linked` is 0 where the PMS names the unit by its number only.
CREATE TABLE leases (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    unit_linked INTEGER NOT NULL,
    resident_id TEXT NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT,
    rent_cents INTEGER NOT NULL,
    status TEXT NOT NULL,
    occupant_count INTEGER,
    gone_since TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- `role` is primary, secondary, occupant or guarantor; contract unified shows the first two only.
CREATE TABLE residents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    lease_id TEXT NOT NULL REFERENCES leases (id),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    role TEXT NOT NULL,
    moved_out TEXT,
    gone_since TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE charge_codes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    gl_account TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (property_id, code)
) STRICT;

CREATE TABLE financial_accounts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    account_number TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE payments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    lease_id TEXT NOT NULL REFERENCES leases (id),
    amount_cents INTEGER NOT NULL,
    received_on TEXT NOT NULL,
    charge_id TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- The ledger: rows are added, and what they say of money never changes. `readable_from` is when the
-- charge can be read back through Propexo; without one it waits for somebody's approval in the PMS.
CREATE TABLE charges (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL,
    property_id TEXT NOT NULL REFERENCES properties (id),
    unit_id TEXT NOT NULL REFERENCES units (id),
    lease_id TEXT NOT NULL REFERENCES leases (id),
    resident_id TEXT NOT NULL,
    charge_code_id TEXT,
    financial_account_id TEXT,
    amount_cents INTEGER NOT NULL,
    effective_date TEXT NOT NULL,
    post_month TEXT NOT NULL,
    charge_code TEXT NOT NULL,
    description TEXT NOT NULL,
    reference_number TEXT,
    third_party_charge_id TEXT,
    created_at TEXT NOT NULL,
    readable_from TEXT
) STRICT;

-- What was written through contract v1: a job, its end, and what the PMS said about it. A job that
-- never comes to an end has no `settles_at`.
CREATE TABLE write_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    category TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT NOT NULL,
    errors TEXT NOT NULL,
    charge_id TEXT,
    created_record_id TEXT,
    looks_left INTEGER NOT NULL,
    settles_at TEXT,
    created_at TEXT NOT NULL
) STRICT;

-- What is to become of the next writes to a connection, when somebody ordered it.
CREATE TABLE write_orders (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    outcome TEXT NOT NULL,
    error TEXT NOT NULL,
    left_over INTEGER NOT NULL
) STRICT;

-- What changed in Propexo's copy, for readers who missed the webhooks. `diff` is a JSON object.
CREATE TABLE data_diffs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    model TEXT NOT NULL,
    record_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    diff TEXT NOT NULL,
    job_id TEXT,
    created_at TEXT NOT NULL
) STRICT;

-- Registrations of both contracts. `events` is a JSON list: unified's events or v1's triggers;
-- `model` and `headers` (a JSON list) are v1's.
CREATE TABLE webhooks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    contract TEXT NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    secret TEXT NOT NULL,
    model TEXT,
    headers TEXT NOT NULL,
    active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

-- What the sandbox's own parts read with the names that belong to it.
CREATE VIEW listed_leases AS
SELECT l.*, u.unit_number, c.status AS connection_status
FROM leases l
JOIN units u ON u.id = l.unit_id
JOIN connections c ON c.id = l.connection_id;

CREATE VIEW listed_charges AS
SELECT h.*, u.unit_number
FROM charges h
JOIN units u ON u.id = h.unit_id;

-- Logins that were made to expire on demand, and what their connections were before.
CREATE TABLE expired_logins (
    connection_id TEXT PRIMARY KEY REFERENCES connections (id),
    status_before TEXT NOT NULL
) STRICT;

-- Properties whose accounting months are closed, up to and including one written as 2026-03.
CREATE TABLE closed_periods (
    property_id TEXT PRIMARY KEY REFERENCES properties (id),
    through TEXT NOT NULL
) STRICT;

-- Syncs of the PMS into Propexo; one without an end is running.
CREATE TABLE pms_syncs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    is_first INTEGER NOT NULL,
    failed_jobs INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    completed_at TEXT
) STRICT;
CREATE UNIQUE INDEX one_running_sync ON pms_syncs (connection_id) WHERE completed_at IS NULL;

-- Registrations of contract v1 that are sent flat bodies instead of wrapped ones.
CREATE TABLE flat_webhooks (
    webhook_id TEXT PRIMARY KEY
) STRICT;

-- Every event that was or will be sent. A retry sends the same bytes with the same headers.
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook_id TEXT NOT NULL,
    contract TEXT NOT NULL,
    event TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    trouble TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    last_try_at TEXT,
    last_status INTEGER,
    last_error TEXT,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due_at, seq) WHERE state = 'pending';
