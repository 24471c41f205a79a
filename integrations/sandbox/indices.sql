-- Made after the first rows are in, because that is several times faster.

CREATE INDEX properties_of_connection ON properties (connection_id, created_at, id);
CREATE INDEX properties_by_creation ON properties (created_at, id);
CREATE INDEX properties_not_loaded ON properties (id) WHERE loaded = 0;

CREATE INDEX units_of_property ON units (property_id, seq);
CREATE INDEX units_of_property_by_creation ON units (property_id, created_at, id);
CREATE INDEX units_of_connection ON units (connection_id, created_at, id, property_id);
CREATE INDEX units_by_creation ON units (created_at, id);
CREATE INDEX units_by_update ON units (connection_id, updated_at);

CREATE INDEX leases_of_unit ON leases (unit_id, seq);
CREATE INDEX leases_of_property ON leases (property_id, seq);
CREATE INDEX leases_of_property_by_creation ON leases (property_id, created_at, id);
CREATE INDEX leases_of_connection ON leases (connection_id, created_at, id, property_id);
CREATE INDEX leases_by_creation ON leases (created_at, id);
CREATE INDEX leases_by_update ON leases (connection_id, updated_at);

CREATE INDEX residents_of_lease ON residents (lease_id, seq);
CREATE INDEX residents_of_property ON residents (property_id, seq);
CREATE INDEX residents_of_property_by_creation ON residents (property_id, created_at, id);
CREATE INDEX residents_of_connection ON residents (connection_id, created_at, id, property_id);
CREATE INDEX residents_by_creation ON residents (created_at, id);
CREATE INDEX residents_by_update ON residents (connection_id, updated_at);

CREATE INDEX charge_codes_of_connection ON charge_codes (connection_id, created_at, id);
CREATE INDEX financial_accounts_of_property ON financial_accounts (property_id, created_at, id);
CREATE INDEX financial_accounts_of_connection ON financial_accounts (connection_id, created_at, id);

CREATE INDEX payments_of_property ON payments (property_id, seq);
CREATE INDEX payments_of_property_by_creation ON payments (property_id, created_at, id);
CREATE INDEX payments_of_connection ON payments (connection_id, created_at, id);

CREATE INDEX charges_of_property ON charges (property_id, effective_date, seq);
CREATE INDEX charges_of_connection ON charges (connection_id, created_at, id);
CREATE INDEX charges_of_unit ON charges (unit_id, charge_code, effective_date);
CREATE INDEX charges_of_lease ON charges (lease_id, effective_date);
CREATE INDEX charges_by_third_party_id ON charges (third_party_charge_id)
WHERE third_party_charge_id IS NOT NULL;

CREATE INDEX write_jobs_of_connection ON write_jobs (connection_id, created_at);
CREATE INDEX data_diffs_of_connection ON data_diffs (connection_id, created_at);
