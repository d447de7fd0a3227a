"""Engagement History."""
