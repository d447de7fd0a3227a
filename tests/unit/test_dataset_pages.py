"""The pages about the datasets, which are made when the site is built."""

from __future__ import annotations

import json
import re

import pytest

from airflow_provider_liveperson.commands.datasets import describe
from airflow_provider_liveperson.datasets.catalog import DATASETS
from devtools import dataset_reference, sample_records


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dataset_reference.pages()


def cells(page: str, head: str) -> dict[str, list[str]]:
    """The rows of the table whose header begins like this, by their first cells."""
    table = page.partition(f"\n| {head} |")[2].partition("\n\n")[0]
    rows = [
        re.split(r"(?<!\\) \| ", line.removeprefix("| ").removesuffix(" |"))
        for line in table.splitlines()[2:]
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


@pytest.mark.parametrize("name", DATASETS)
def test_a_page_tells_everything_that_is_declared(pages, name):
    page, about = pages[name], describe(DATASETS[name])
    assert page.startswith(f"# {name}\n")
    for told in (
        "title",
        "documentation",
        "request",
        "service",
        "shape",
        "max_range",
        "retention",
        "lag",
        "rate",
    ):
        assert about[told] in page
    assert f"| Credentials | {', '.join(about['credentials'])} |" in page
    assert f"| API key's permission | {about['permission']} |" in page
    assert {cursor: [use] for cursor, use in about["cursors"].items()} == cells(page, "cursor")
    filters = cells(page, "filter")
    assert list(filters) == list(about["filters"])
    assert [one for one, takes in about["filter_values"].items() if takes not in filters[one][0]] == []
    fields = cells(page, "field")
    assert {path: cell[0] for path, cell in fields.items()} == about["fields"]
    assert [path for path in about["personal"] if fields[path][1] != "yes"] == []


@pytest.mark.parametrize("name", DATASETS)
def test_a_page_shows_a_record_of_declared_fields(pages, name):
    (sample,) = re.findall(r"^```json\n(.*?)^```", pages[name], re.MULTILINE | re.DOTALL)
    assert set(json.loads(sample)) - set(DATASETS[name].columns) == set()


def test_the_samples_are_the_same_each_time(pages):
    assert dataset_reference.pages() == pages


def test_what_only_the_present_has_cannot_be_backfilled_and_short_lived_records_are_pulled_often(pages):
    assert "cannot be backfilled" in " ".join(pages["users"].split())
    assert "Daily, or more often." in pages["messaging_interactions"]
    assert "Backfills reach back 13 months." in pages["messaging_interactions"]
    assert "At least every 8 hours" in pages["messaging_queue_health"]


def test_a_sample_has_the_first_item_of_each_list_and_no_long_texts():
    cut = sample_records._cut({"list": [{"a": 1}, {"a": 2}], "text": "x" * 500, "deep": {"list": [1, 2]}})
    assert cut == {"list": [{"a": 1}], "text": "x" * 99 + "…", "deep": {"list": [1]}}


def test_the_tables_are_what_is_declared():
    text = dataset_reference.PAGE.read_text(encoding="utf-8")
    assert text == dataset_reference.page(text), "run: python -m devtools.dataset_reference"
    assert list(cells(text, "dataset")) == list(DATASETS)
