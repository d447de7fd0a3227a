"""Data Access."""
