"""The documentation agrees with the code."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import pytest
import requests

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.regional_hosts import REGIONAL_HOSTS
from airflow_provider_liveperson.connections import fields as connection_fields
from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.get_provider_info import get_provider_info
from airflow_provider_liveperson.hooks import app_jwt
from airflow_provider_liveperson.hooks.telemetry import METRICS
from devtools import authentication_reference
from tests.unit.docs.blocks import PAGES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "airflow_provider_liveperson"


def blocks(page: str) -> list[str]:
    """The Python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of the table whose header row begins like this."""
    table = (DOCS / page).read_text().partition(f"\n| {head}")[2].partition("\n\n")[0]
    lines = [f"| {head}{table.partition(chr(10))[0]}", *table.splitlines()[2:]]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def test_a_new_credential_is_a_file_a_form_and_a_hook(monkeypatch):
    """The code of docs/contributing.md, put where the page says."""
    credential, form, hook, row = blocks("contributing.md")[:4]
    device = types.ModuleType("airflow_provider_liveperson.client.credentials.device")
    monkeypatch.setitem(sys.modules, device.__name__, device)
    exec(credential, vars(device))
    forms = dict(vars(connection_fields))
    exec(form, forms)
    hooks = {**vars(app_jwt), "FORMS": forms["FORMS"]}
    exec(hook, hooks)
    compile(row, "row", "eval")

    values = {field.name for field in forms["FORMS"]["liveperson_device"].fields} - {
        field.name for field in FORMS["liveperson_app_jwt"].fields
    }
    assert values == {"device_id", "device_key"}
    made = hooks["LivePersonDeviceHook"].make_credential("lp", {"device_id": "d-1", "device_key": "hush"})
    asked = []

    def sentinel(request):
        asked.append(request)
        return Answer(status=200, headers={}, body=b'{"token": "abc", "seconds": 60}')

    made.bind(sentinel)
    for _ in range(2):
        signed = made(requests.Request("GET", "https://va.ac.liveperson.net/").prepare())
        assert signed.headers["Authorization"] == "Bearer abc"
    assert len(asked) == 1
    assert set(made.secrets) == {"hush", "abc"}


def test_the_table_of_credentials_is_what_the_datasets_declare():
    text = authentication_reference.PAGE.read_text(encoding="utf-8")
    assert text == authentication_reference.page(text), "run: python -m devtools.authentication_reference"
    told = {line[0]: line[1:] for line in rows("authentication.md", "LivePerson documents for")}
    head, users = told["LivePerson documents for"], told["`users`"]
    assert {kind for kind, cell in zip(head, users, strict=True) if cell == "yes"} == set(
        DATASETS["users"].access.titles
    )
    assert len(told) == 1 + len(DATASETS)


@pytest.mark.parametrize("page", ["authentication.md", "connections.md"])
def test_every_connection_type_is_on_the_page(page):
    text = (DOCS / page).read_text()
    assert [conn_type for conn_type in FORMS if f"`{conn_type}`" not in text] == []


def test_every_field_is_on_the_page():
    text = (DOCS / "connections.md").read_text()
    extra = {field.name for form in FORMS.values() for field in form.extra_fields}
    assert sorted(name for name in extra if f"`{name}`" not in text) == []


def test_the_regional_services_are_on_the_page():
    assert {
        name.strip("`"): host.strip("`") for name, host in rows("connections.md", "service | host")[1:]
    } == dict(REGIONAL_HOSTS)


def test_the_metrics_are_on_the_page():
    assert rows("metrics.md", "metric")[1:] == [
        [f"`{metric.name}`", metric.kind, metric.meaning] for metric in METRICS
    ]


def test_every_configuration_option_is_documented():
    pages = "".join(page.read_text() for page in DOCS.glob("*.md"))
    options = get_provider_info()["config"]["liveperson"]["options"]
    assert [option for option in options if f"\n{option} = " not in pages] == []


every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text())
    assert [link for link, _ in links if not (page.parent / link).exists()] == []
    assert [
        f"{link}#{anchor}"
        for link, anchor in links
        if anchor and anchor not in anchors(page.parent / link if link else page)
    ] == []


# The file that docs/contributing.md has its readers write.
INVENTED = {"hooks/device.py", "client/credentials/device.py"}


@every_page
def test_files_that_a_page_names_exist(page):
    """Folders and Python files in backticks; their paths may leave out folders at the beginning."""
    folders = (PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "devtools")
    paths = [f"/{path.relative_to(ROOT).as_posix()}" for folder in folders for path in folder.rglob("*")]
    named = {name.rstrip("/") for name in re.findall(r"`([\w.-][\w./-]*(?:\.py|/))`", page.read_text())}
    missing = {name for name in named - INVENTED if not (ROOT / name).exists()}
    assert [name for name in sorted(missing) if not any(path.endswith(f"/{name}") for path in paths)] == []


def test_each_picture_is_taken_by_a_browser_test_in_light_and_dark_and_shown_on_a_page():
    """A page shows the light one; the site has the dark one as well."""
    pictures = {path.name for path in (DOCS / "images").iterdir()}
    names = {re.sub(r"-(light|dark)\.png$", "", picture) for picture in pictures}
    assert pictures == {f"{name}-{theme}.png" for name in names for theme in ("light", "dark")}
    taken = "".join(path.read_text() for path in (ROOT / "tests" / "ui").glob("*.py"))
    pages = "".join(page.read_text() for page in PAGES)
    assert [name for name in sorted(names) if f'"{name}' not in taken] == []
    assert [name for name in sorted(names) if f"images/{name}-light.png)" not in pages] == []


def test_the_readme_counts_the_datasets():
    assert f" {len(DATASETS)} datasets." in (ROOT / "README.md").read_text()


def test_what_is_advised_to_pull_again_is_what_the_datasets_declare():
    words = {"the day before": 1, "the last seven days": 7, "the last 25 days": 25}
    declared = {
        name: days
        for name, dataset in DATASETS.items()
        for cursor in dataset.cursors
        for phrase, days in words.items()
        if f"pull {phrase} again" in cursor.use.lower()
    }
    page = (DOCS / "late-data.md").read_text().partition("## With each run")[0]
    advised = {name: int(days) for name, days in re.findall(r'"(\w+)": (\d+)', page)}
    assert advised == declared
