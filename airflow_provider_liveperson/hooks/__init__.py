"""Airflow hooks: a LivePerson client from an Airflow connection."""
