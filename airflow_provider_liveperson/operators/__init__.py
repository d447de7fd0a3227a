"""Operators that land nothing themselves."""
