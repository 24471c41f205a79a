"""Reading files that say which utility serves which ZIP code; knows no Django and no tables."""
