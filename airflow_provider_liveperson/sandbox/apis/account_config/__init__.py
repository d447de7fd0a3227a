"""The account configuration."""
