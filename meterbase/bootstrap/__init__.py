"""Gets a fresh machine ready and runs the checks, with nothing but the standard library."""
