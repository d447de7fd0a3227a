"""A new API, as a contributor would add it."""
