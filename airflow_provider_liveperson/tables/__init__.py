"""Definitions of tables over landed files, made from the declared columns: one module an engine."""
