"""Messaging Operations."""
