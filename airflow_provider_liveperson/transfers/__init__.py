"""Operators: arguments, templating, and a call to the main road."""
