"""What a connection enforces: its extras about fields, compared with what the datasets declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.policy import ALL_DATASETS, NO_POLICY, ConnectionPolicy

LISTS = ("hash_fields", "drop_fields", "keep_fields")
EXTRAS = (*LISTS, "unknown_fields")
"""The extras that say which fields land."""


def privacy_of(values: Mapping[str, Any], conn_id: str) -> ConnectionPolicy:
    """The policy of a connection.

    :param values: the connection's fields, as ``read_connection`` returns them.
    :param conn_id: its id, for errors.
    :raises ConfigurationError: for an unknown dataset, a path that none of the datasets in question declares, and
        fields that contradict each other; its field is the extra.
    """
    policy = ConnectionPolicy(
        **{name: values[name] or {} for name in LISTS},
        unknown_fields=values["unknown_fields"],
        salt=values["hash_secret"],
    )
    if policy != NO_POLICY:
        try:
            _check(policy)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"connection {conn_id!r}, extra {error.field}: {error}", field=error.field, permanent=True
            ) from None
    return policy


def _check(policy: ConnectionPolicy) -> None:
    from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
    from airflow_provider_liveperson.records.masking import declares

    for name in LISTS:
        for named, paths in getattr(policy, name).items():
            try:
                datasets = DATASETS.values() if named == ALL_DATASETS else [dataset_named(named)]
            except ConfigurationError as error:
                raise ConfigurationError(str(error), field=name) from None
            for path in paths:
                if not any(declares(dataset.columns, path) for dataset in datasets):
                    which = "no dataset" if named == ALL_DATASETS else f"{named} does not"
                    verb = "declares" if named == ALL_DATASETS else "declare"
                    raise ConfigurationError(
                        f"{which} {verb} the field {path!r}; correct it, or leave it out. What no dataset declares is"
                        " dropped by unknown_fields",
                        field=name,
                    )
    for dataset in DATASETS.values():
        if dataset.name in {*policy.hash_fields, *policy.drop_fields, *policy.keep_fields}:
            policy.of(dataset.name, dataset.columns).masking(dataset.columns, policy.salt)
