"""Agent Activity."""
