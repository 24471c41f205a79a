"""Bringing the PMS's units and leases into MeterBase: read, plan, apply."""
