"""Tools for developing this package. Not part of the wheel."""
