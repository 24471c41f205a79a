"""What can be done to portfolios, properties and units."""
