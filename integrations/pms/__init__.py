"""Propexo in plain Python: typed records, one gateway per wire contract, no Django, no tables."""
