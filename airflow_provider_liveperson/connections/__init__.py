"""The fields of each connection type, and the forms that Airflow makes of them."""
