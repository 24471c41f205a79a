"""Bills, share rules, calculations, approvals and posting."""
