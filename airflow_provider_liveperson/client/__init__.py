"""LivePerson over HTTP. Nothing in here knows Airflow."""
