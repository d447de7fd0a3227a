"""What the contract tests have to know of each dataset: one module an API, by the names of ``datasets/``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from airflow_provider_liveperson.datasets.catalog import APIS
from tests.contract.facts.facts import Facts

_MODULES = [import_module(f"{__name__}.{api.__name__.rpartition('.')[2]}") for api in APIS]

FACTS: dict[str, Facts] = {name: facts for module in _MODULES for name, facts in module.FACTS.items()}

SIZES: dict[str, Any] = {name: value for module in _MODULES for name, value in module.SIZES.items()}
"""How much data the sandbox holds, by its switches."""
