from __future__ import annotations

import importlib
import importlib.util
import json
import tomllib
from pathlib import Path

import pytest
from airflow import __version__ as airflow_version
from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.triggers.base import BaseTrigger

from airflow_provider_liveperson.connections.form import connection_types
from airflow_provider_liveperson.get_provider_info import get_provider_info

ROOT = Path(__file__).resolve().parents[2]
NAME = "airflow_provider_liveperson"
PACKAGE = ROOT / NAME
LISTED = ("hooks", "operators", "sensors", "triggers")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_passes_airflows_schema():
    from airflow.providers_manager import _create_provider_info_schema_validator

    _create_provider_info_schema_validator().validate(get_provider_info())


def test_returns_a_new_json_object_each_time():
    info = get_provider_info()
    assert json.loads(json.dumps(info)) == info
    info["connection-types"].clear()
    assert get_provider_info()["connection-types"] == connection_types()


def test_has_the_name_of_the_distribution():
    # Airflow refuses a provider whose name is not that of the distribution that announces it.
    assert get_provider_info()["package-name"] == PROJECT["name"]


def test_the_entry_point_names_the_function():
    assert PROJECT["entry-points"]["apache_airflow_provider"] == {
        "provider_info": f"{get_provider_info.__module__}:{get_provider_info.__name__}"
    }


def test_every_integration_that_it_names_exists():
    others = [
        importlib.import_module(f"airflow.providers.{name}.get_provider_info").get_provider_info()
        for name in ("amazon", "apache.iceberg", "common.io")
    ]
    known = {
        integration["integration-name"]
        for info in (get_provider_info(), *others)
        for integration in info["integrations"]
    }
    info = get_provider_info()
    spoken_of = {item["integration-name"] for kind in LISTED for item in info[kind]}
    for transfer in info["transfers"]:
        spoken_of |= {transfer["source-integration-name"], transfer["target-integration-name"]}
    assert spoken_of <= known


def _modules() -> list[str]:
    info = get_provider_info()
    return [
        *(module for kind in LISTED for item in info[kind] for module in item["python-modules"]),
        *(transfer["python-module"] for transfer in info["transfers"]),
        *(kind["hook-class-name"].rpartition(".")[0] for kind in info["connection-types"]),
        *(function.rpartition(".")[0] for function in info["cli"]),
    ]


@pytest.mark.parametrize("module", sorted(set(_modules())))
def test_every_module_it_names_exists(module):
    assert importlib.util.find_spec(module) is not None


def _modules_with(base: type, *folders: str) -> set[str]:
    """The modules of the package's folders that define such a class for DAGs, not only a base of these."""
    paths = [path for folder in folders for path in (PACKAGE / folder).glob("*.py")]
    modules = {f"{NAME}.{path.parent.name}.{path.stem}" for path in paths}
    found = {
        value
        for module in modules
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ in modules
    }
    assert found
    return {one.__module__ for one in found if one.__module__ != f"{NAME}.transfers.base"}


@pytest.mark.parametrize(("kind", "base"), [("sensors", BaseSensorOperator), ("triggers", BaseTrigger)])
def test_every_sensor_and_trigger_is_in_a_module_that_it_names(kind, base):
    named = {name for item in get_provider_info()[kind] for name in item["python-modules"]}
    assert _modules_with(base, kind) == named


def test_every_operator_is_in_a_module_that_it_names():
    info = get_provider_info()
    named = {name for item in info["operators"] for name in item["python-modules"]}
    named |= {transfer["python-module"] for transfer in info["transfers"]}
    assert _modules_with(BaseOperator, "operators", "transfers") == named


def test_every_hook_is_in_a_module_that_it_names():
    named = {name for item in get_provider_info()["hooks"] for name in item["python-modules"]}
    assert {kind["hook-class-name"].rpartition(".")[0] for kind in connection_types()} <= named
    assert f"{NAME}.hooks.liveperson" in named


@pytest.mark.parametrize("kind", connection_types(), ids=lambda kind: kind["connection-type"])
def test_the_hook_class_declares_the_same_type_and_name(kind):
    module, _, name = kind["hook-class-name"].rpartition(".")
    hook = getattr(importlib.import_module(module), name)
    assert hook.conn_type == kind["connection-type"]
    assert hook.hook_name == kind["hook-name"]
    assert hook.conn_name_attr
    assert hook.default_conn_name
    assert callable(hook.test_connection)


@pytest.mark.parametrize("kind", connection_types(), ids=lambda kind: kind["connection-type"])
def test_the_hook_class_offers_the_python_form_where_airflow_looks_for_it(kind):
    # Airflow 3.1 looks only into the class's own dictionary and does not see inherited methods.
    module, _, name = kind["hook-class-name"].rpartition(".")
    hook = getattr(importlib.import_module(module), name)
    looked_at = set(vars(hook)) if airflow_version.startswith("3.1.") else set(dir(hook))
    assert {"get_connection_form_widgets", "get_ui_field_behaviour"} <= looked_at
