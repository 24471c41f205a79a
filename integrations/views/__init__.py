"""The pages of connections, imports, syncs and review items."""
