"""Every page of the product, opened in a browser."""
