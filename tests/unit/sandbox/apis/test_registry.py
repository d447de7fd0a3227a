"""An API is known to its own files and to the registry only."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.settings import HttpSettings
from airflow_provider_liveperson.sandbox.identity.settings import IdentitySettings
from airflow_provider_liveperson.sandbox.settings import GROUPS, SandboxSettings
from airflow_provider_liveperson.sandbox.switches import declarations

SANDBOX = Path(__file__).resolve().parents[4] / "airflow_provider_liveperson" / "sandbox"
FOLDER = SANDBOX / "apis"
SHARED = {"__init__", "api", "registry", "shapes"}
COMMON = set(declarations(HttpSettings)) | set(declarations(IdentitySettings))

COMPANY = {"users", "skills", "agent_groups"}
"""Whoever serves them, the company has them."""

every_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


def own_files(api: type[Api[Any]]) -> set[Path]:
    folder = FOLDER / api.name
    return set(folder.rglob("*.py")) if folder.is_dir() else {FOLDER / f"{api.name}.py"}


def words(path: Path) -> set[str]:
    """Every name in a file, also those inside texts that are not documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found |= set(node.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= set(node.module.split("."))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            found |= set(re.findall(r"\w+", node.value))
    return found


def test_every_module_is_registered_and_every_api_has_one() -> None:
    modules = {
        path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert modules - SHARED == {api.name for api in APIS}


@every_api
def test_no_other_file_names_an_api_or_its_switches(api: type[Api[Any]]) -> None:
    names = {api.name, api.__name__, api.switches_type.__name__, *api.datasets}
    names |= set(declarations(api.switches_type))
    others = set(SANDBOX.rglob("*.py")) - own_files(api) - {FOLDER / "registry.py"}
    other_apis = {path for other in APIS if other is not api for path in own_files(other)}
    # APIs refer to the company, and words of their own may be the same.
    narrow = {api.name, api.__name__, api.switches_type.__name__}
    found = [
        f"{path.relative_to(SANDBOX)}: {name}"
        for path in others
        for name in words(path) & (narrow if path in other_apis else names - COMPANY)
    ]
    assert found == []


@every_api
def test_switches_of_an_api_are_its_own(api: type[Api[Any]]) -> None:
    names = set(declarations(api.switches_type))
    assert f"{api.prefix}_auth" in names
    assert names.isdisjoint(COMMON)
    for other in APIS:
        assert other is api or names.isdisjoint(declarations(other.switches_type))


@every_api
def test_an_api_says_what_it_is(api: type[Api[Any]]) -> None:
    assert api.title
    assert api.datasets
    assert api.services or api.hosts


def test_names_are_unique() -> None:
    for name in ("name", "prefix", "alias"):
        values = [getattr(api, name) for api in APIS if getattr(api, name) is not None]
        assert len(values) == len(set(values))
    datasets = [dataset for api in APIS for dataset in api.datasets]
    assert len(datasets) == len(set(datasets))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_switch_says_what_it_means(group: Any) -> None:
    for name, about in declarations(group).items():
        assert about.description, name
        assert not about.description.endswith("."), name
        assert name in declarations(SandboxSettings)
