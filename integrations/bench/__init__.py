"""Measurements of what crosses the wire, run by `manage.py bench`."""
