"""Everything that crosses the wire to property management systems."""
