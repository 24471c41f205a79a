"""Measurements of the arithmetic, run by `manage.py bench`."""
