"""Every dataset by its name."""

from __future__ import annotations

from difflib import get_close_matches

from airflow_provider_liveperson.datasets import (
    account_config,
    actual_handle_time,
    agent_activity,
    agent_metrics,
    audit_trail,
    data_access,
    data_usage_audit,
    engagement_history,
    key_messaging_metrics,
    messaging_interactions,
    messaging_operations,
    net_handle_time,
    operational_realtime,
    outbound_configuration,
    outbound_reporting,
    personal_data_deletion,
    shift_status,
)
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import ConfigurationError

# One line an API, in the order in which people look for them.
APIS = (
    messaging_interactions,
    engagement_history,
    agent_activity,
    actual_handle_time,
    net_handle_time,
    messaging_operations,
    key_messaging_metrics,
    operational_realtime,
    agent_metrics,
    data_access,
    account_config,
    outbound_reporting,
    outbound_configuration,
    shift_status,
    audit_trail,
    data_usage_audit,
    personal_data_deletion,
)

DATASETS: dict[str, Dataset] = {dataset.name: dataset for api in APIS for dataset in api.DATASETS}


def dataset_named(name: str) -> Dataset:
    """Look a dataset up.

    :param name: its name.
    :raises ConfigurationError: for an unknown name; lists the known ones, and the closest.
    """
    if isinstance(name, str) and name in DATASETS:
        return DATASETS[name]
    close = get_close_matches(str(name).strip().lower().replace("-", "_"), DATASETS, n=1)
    raise ConfigurationError(
        f"dataset is {name!r}; {f'did you mean {close[0]}? It' if close else 'it'} must be one of"
        f" {', '.join(sorted(DATASETS))}",
        field="dataset",
    )
