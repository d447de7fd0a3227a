"""Key Messaging Metrics: how the account, its skills, groups and agents were doing in a window.

LivePerson pages: `key-messaging-metrics-api-*`.
"""

from airflow_provider_liveperson.datasets.key_messaging_metrics.dataset import DATASETS

__all__ = ["DATASETS"]
