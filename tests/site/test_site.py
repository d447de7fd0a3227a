"""What the built site has; ``make docs`` builds it, and runs these."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sphinx.util.inventory import InventoryFile

from airflow_provider_liveperson import exceptions
from airflow_provider_liveperson.datasets.catalog import DATASETS

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "docs" / "html"
PACKAGE = "airflow_provider_liveperson"
FACES = ("hooks", "operators", "sensors", "transfers", "triggers")


def html(page: str) -> str:
    path = SITE / f"{page}.html"
    assert path.is_file(), "build the site first: make docs"
    return path.read_text(encoding="utf-8")


def documented() -> set[str]:
    """The dotted names of everything that the reference describes."""
    with (SITE / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, uri: uri)
    return {name for kind, names in inventory.items() if kind.startswith("py:") for name in names}


def faces() -> list[str]:
    """The classes that users name in DAGs and tasks."""
    found = set()
    for folder in FACES:
        for path in (ROOT / PACKAGE / folder).glob("*.py"):
            module = importlib.import_module(f"{PACKAGE}.{folder}.{path.stem}")
            found |= {
                f"{module.__name__}.{name}"
                for name, value in vars(module).items()
                if inspect.isclass(value)
                and value.__module__ == module.__name__
                and name.startswith(("LivePerson", "AuditTrail"))
            }
    return sorted(found)


def test_the_reference_has_everything_that_dags_name():
    assert len(faces()) > 10
    assert [name for name in faces() if name not in documented()] == []


def test_the_reference_speaks_of_our_values_and_not_of_their_types():
    """What has no docstring of its own gets that of its type."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (SITE / "reference").glob("*.html")}
    assert [name for name, page in pages.items() if "Built-in" in page or "str(object=" in page] == []


def test_the_reference_has_every_error():
    errors = inspect.getmembers(exceptions, inspect.isclass)
    assert [name for name, _ in errors if f"{exceptions.__name__}.{name}" not in documented()] == []


@pytest.mark.parametrize(
    "name",
    [
        "transfers.task_group.liveperson_task_group",
        "window.windows",
        "hooks.liveperson.LivePersonHook.land",
        "hooks.liveperson.LivePersonHook.records",
        "tables.engines.definitions",
        "coverage.gaps.gaps",
        "personal_data.PERSONAL_FIELDS",
        "client.client.LivePersonClient.request",
        "sandbox.server.SandboxServer",
    ],
)
def test_the_reference_has_what_the_pages_speak_of(name):
    assert f"{PACKAGE}.{name}" in documented()


@pytest.mark.parametrize("name", DATASETS)
def test_each_dataset_has_a_page_to_which_its_name_leads(name):
    page = html(f"datasets/{name}")
    assert f"<h1>{name}" in page
    assert f'href="datasets/{name}.html"' in html("datasets")
    body = re.search(r'<article[^>]*id="furo-main-content".*?</article>', page, re.DOTALL)
    assert body is not None
    assert f'href="{name}.html"' not in body[0]


def test_pictures_are_there_in_light_and_dark():
    page = html("check")
    for theme in ("light", "dark"):
        (picture,) = re.findall(rf'<img [^>]*src="(_images/liveperson-check-{theme}[^"]*)"[^>]*>', page)
        assert (SITE / picture).is_file()
        assert re.search(rf'<img [^>]*class="only-{theme}"[^>]*src="{picture}"', page)


@pytest.mark.parametrize("page", ["index", "datasets", "reference/operators", "decisions/index"])
def test_a_page_loads_nothing_from_elsewhere(page):
    loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', html(page))
    loaded += re.findall(r'<link [^>]*rel="stylesheet"[^>]* href="([^"]+)"', html(page))
    assert loaded
    assert [link for link in loaded if urlsplit(link).netloc] == []
