"""What the contract tests have to know of each dataset: one module an API, by the names of ``datasets/``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import APIS, DATASETS
from tests.contract.facts.facts import Facts

_MODULES = [import_module(f"{__name__}.{api.__name__.rpartition('.')[2]}") for api in APIS]

FACTS: dict[str, Facts] = {name: facts for module in _MODULES for name, facts in module.FACTS.items()}

SIZES: dict[str, Any] = {name: value for module in _MODULES for name, value in module.SIZES.items()}
"""How much data the sandbox holds, by its switches."""

# What the tests call each kind that they connect with; that of web applications is in test_every_credential.py.
_NAMES = {
    CredentialKind.API_KEY: "api_key",
    CredentialKind.APP_JWT_V2: "app_jwt_v2",
    CredentialKind.APP_JWT_V1: "app_jwt_v1",
    CredentialKind.LOGIN: "login",
}
KINDS = tuple(_NAMES.values())
"""Every kind of credential that the contract is held with."""


def kinds_of(name: str) -> tuple[str, ...]:
    """The kinds of credential that can read a dataset: those that it declares, then those of its facts.

    :param name: the dataset.
    """
    declared = tuple(_NAMES[kind] for kind in DATASETS[name].access.known)
    return (*declared, *FACTS[name].further_kinds)
