"""The two registry lines: a plugin of pytest that adds the new API before anything else is imported."""

from __future__ import annotations

import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from airflow_provider_liveperson.datasets import catalog
from airflow_provider_liveperson.sandbox.apis import registry
from tests.contract.new_api.datasets import visits
from tests.contract.new_api.sandbox.visits import VisitsApi

catalog.APIS = (*catalog.APIS, visits)
catalog.DATASETS.update({dataset.name: dataset for dataset in visits.DATASETS})
registry.APIS = (*registry.APIS, VisitsApi)


class _Facts(MetaPathFinder):
    """Finds the facts as if they were in the folder with those of all other APIs."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != "tests.contract.facts.visits":
            return None
        return importlib.util.spec_from_file_location(fullname, Path(__file__).parent / "facts" / "visits.py")


sys.meta_path.insert(0, _Facts())
