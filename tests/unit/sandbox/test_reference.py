from __future__ import annotations

from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.switches import declarations
from devtools import sandbox_reference


def test_the_page_has_every_switch_as_it_is_declared() -> None:
    text = sandbox_reference.PAGE.read_text(encoding="utf-8")
    assert text == sandbox_reference.page(text), "run: python -m devtools.sandbox_reference"
    for name in declarations(SandboxSettings):
        assert text.count(f"\n| `{name}` |") == 1, name


def test_the_page_has_every_api_and_its_datasets() -> None:
    table = sandbox_reference.apis()
    for api in APIS:
        assert f"| {api.title} (`{api.name}`) |" in table
        assert all(f"`{dataset}`" in table for dataset in api.datasets)
