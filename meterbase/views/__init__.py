"""The pages that look across all apps."""
