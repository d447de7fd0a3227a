"""Data Access."""

from airflow_provider_liveperson.datasets.data_access.dataset import DATASETS

__all__ = ["DATASETS"]
