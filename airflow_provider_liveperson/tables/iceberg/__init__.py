"""Iceberg tables that hold landed windows. Its modules need pyiceberg; import them where it is used."""
