"""Every dataset by its name."""

from __future__ import annotations

import re

import pytest

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.exceptions import ConfigurationError


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_each_is_found_and_fully_declared(name):
    declared = dataset_named(name)
    assert declared.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)  # it becomes a folder
    assert bool(declared.cursors) is not declared.is_snapshot
    assert all(cursor.use.endswith(".") for cursor in declared.cursors)
    assert declared.key
    assert declared.reader.shape
    assert declared.access.known
    assert len(set(declared.access.known)) == len(declared.access.known)
    assert declared.page.endswith(".html")
    assert declared.request.path.startswith("/")
    assert all(it.description.endswith(".") for it in declared.filters.values())


def test_what_only_clients_have_shown_is_told_from_what_is_documented():
    seen = {name: declared.access.seen for name, declared in DATASETS.items() if declared.access.seen}
    assert seen == {
        "agent_metrics_status": (CredentialKind.LOGIN,),
        "campaigns": (CredentialKind.API_KEY, CredentialKind.LOGIN),
    }
    assert DATASETS["agent_metrics_status"].access.titles == ["API key", "Login (undocumented)"]


@pytest.mark.parametrize("name", ["audit", "", None, "AUDIT_TRAIL"])
def test_another_is_refused_with_the_known_ones(name):
    with pytest.raises(ConfigurationError, match=f"must be one of {', '.join(sorted(DATASETS))}$") as caught:
        dataset_named(name)
    assert caught.value.field == "dataset"
