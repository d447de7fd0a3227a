"""Every dataset by its name."""

from __future__ import annotations

from difflib import get_close_matches

from airflow_provider_liveperson.datasets.account_config import AGENT_GROUPS, SKILLS, USERS
from airflow_provider_liveperson.datasets.agent_activity import AGENT_STATUS_CHANGES
from airflow_provider_liveperson.datasets.audit_trail import AUDIT_TRAIL
from airflow_provider_liveperson.datasets.audit_trail_export import AUDIT_TRAIL_EXPORT
from airflow_provider_liveperson.datasets.messaging_interactions import MESSAGING_INTERACTIONS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import ConfigurationError

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        MESSAGING_INTERACTIONS,
        AGENT_STATUS_CHANGES,
        USERS,
        SKILLS,
        AGENT_GROUPS,
        AUDIT_TRAIL,
        AUDIT_TRAIL_EXPORT,
    )
}


def dataset_named(name: str) -> Dataset:
    """Look a dataset up.

    :raises ConfigurationError: for an unknown name; tells the known ones, and which one is close.
    """
    if isinstance(name, str) and name in DATASETS:
        return DATASETS[name]
    close = get_close_matches(str(name).strip().lower().replace("-", "_"), DATASETS, n=1)
    raise ConfigurationError(
        f"dataset is {name!r}; {f'did you mean {close[0]}? It' if close else 'it'} must be one of"
        f" {', '.join(sorted(DATASETS))}",
        field="dataset",
    )
