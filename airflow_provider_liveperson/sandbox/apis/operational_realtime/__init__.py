"""Operational Realtime."""
