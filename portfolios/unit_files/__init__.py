"""Lists of units as people keep them in spreadsheets: read, and matched with the units.

Plain Python: bytes and texts in, frozen rows and findings out; no tables and no Django.
"""
