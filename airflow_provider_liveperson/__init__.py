"""An Apache Airflow provider that pulls LivePerson data into an object store."""

__version__ = "0.1.0"
