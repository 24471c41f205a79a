"""The pages of portfolios, properties, units and API keys."""
