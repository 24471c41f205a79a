"""Reports: where the money of the bills went, what they cost, and what is still to do."""
