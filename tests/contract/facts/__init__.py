"""What the contract tests have to know of each dataset: one module an API, by the names of ``datasets/``."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_liveperson.datasets.catalog import APIS
from tests.contract.facts.facts import Facts

FACTS: dict[str, Facts] = {
    name: facts
    for api in APIS
    for name, facts in import_module(f"{__name__}.{api.__name__.rpartition('.')[2]}").FACTS.items()
}
