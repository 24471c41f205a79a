"""What can be done with bills, rules, calculations and posting jobs."""
