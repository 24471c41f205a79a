"""Who and what is billed: portfolios, properties, units, leases, and who may see them."""
