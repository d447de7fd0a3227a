"""Messaging Interactions."""
