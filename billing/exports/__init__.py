"""What leaves billing for the books of others."""
