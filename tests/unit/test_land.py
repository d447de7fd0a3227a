"""From arguments to what has landed: what is read, and when a window is waited for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveperson import land
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.land import LandRequest
from airflow_provider_liveperson.window import Window
from devtools.memory_store import MemoryStore

START = datetime(2026, 1, 30, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
CHOICES = {
    "file_format": "jsonl",
    "compression": "gzip",
    "csv_formulas": "keep",
    "hash_fields": [],
    "drop_fields": [],
    "allow_undeclared_fields": False,
    "allow_out_of_range": False,
    "overlap": "refuse",
    "raw": False,
}


def read(dataset: object = "audit_trail", window: Window = DAY, **choices: Any) -> LandRequest:
    asked: dict[str, Any] = {"filters": None, "cursor": None, **CHOICES, **choices}
    return LandRequest.read(dataset, window, **asked)


def test_arguments_may_be_what_templates_make_of_them():
    one = read(filters='{"lpa": false}', hash_fields="['objectName']", allow_out_of_range="false", cursor="")
    assert one == read(filters={"lpa": False}, hash_fields=["objectName"])


@pytest.mark.parametrize("name", ["hash_fields", "drop_fields", "keep_fields", "unknown_fields"])
@pytest.mark.parametrize("value", ["", " ", "None", "null"])
def test_a_mask_that_a_template_made_of_nothing_is_refused(name, value):
    """It would land everything as it comes, and nobody would notice."""
    with pytest.raises(ConfigurationError, match=f"^{name} ") as caught:
        read(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize("name", ["hash_fields", "drop_fields"])
def test_with_native_objects_a_mask_of_nothing_is_refused_as_well(name):
    with pytest.raises(ConfigurationError, match="by which nothing would be masked"):
        read(**{name: None})


def test_an_empty_list_says_that_nothing_is_masked():
    assert read(hash_fields="[]", drop_fields="[]", keep_fields=None, unknown_fields=None) == read()


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"dataset": "nothing"}, "dataset"),
        ({"dataset": 7}, "dataset"),
        ({"filters": ["lpa"]}, "filters"),
        ({"filters": {"nothing": 1}}, "filters"),
        ({"cursor": "nothing"}, "cursor"),
        ({"file_format": ["csv"]}, "file_format"),
        ({"overlap": None}, "overlap"),
        ({"hash_fields": 7}, "hash_fields"),
        ({"allow_out_of_range": "perhaps"}, "allow_out_of_range"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_wrong_one_is_refused_by_its_name(choices, field):
    with pytest.raises(ConfigurationError) as caught:
        read(**choices)
    assert caught.value.field == field


# -- when ------------------------------------------------------------------------------------------


@pytest.fixture
def landed(monkeypatch, connect):
    """Lands a window at a moment, and returns until when it waited, and what was pulled."""

    def landed(request: LandRequest, now: datetime) -> tuple[list[datetime], list[Window]]:
        waited: list[datetime] = []
        pulled: list[Window] = []

        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return now

        monkeypatch.setattr(land, "datetime", Clock)
        monkeypatch.setattr(
            land, "pull", lambda client, dataset, query, *_, **__: pulled.append(query.window)
        )
        request.land(
            connect(), lambda encoding: MemoryStore().destination(encoding=encoding), wait=waited.append
        )
        return waited, pulled

    return landed


LAG = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("late", [timedelta(0), LAG / 2, LAG - MOMENT])
def test_a_window_that_has_just_ended_is_waited_for_until_it_is_complete(landed, late):
    request = read("agent_status_changes")
    assert request.dataset.limits.lag == LAG
    assert landed(request, DAY.end + late) == ([DAY.end + LAG], [DAY])


@pytest.mark.parametrize("late", [-timedelta(days=1), -MOMENT, LAG, LAG + MOMENT])
def test_one_that_is_complete_or_ends_later_is_not_waited_for(landed, late):
    assert landed(read("agent_status_changes"), DAY.end + late) == ([], [DAY])


def test_what_there_is_needs_no_wait(landed):
    assert landed(read("agent_status_changes", allow_out_of_range=True), DAY.end) == ([], [DAY])


def test_a_dataset_whose_records_are_there_at_once_needs_none(landed):
    assert landed(read("audit_trail"), DAY.end) == ([], [DAY])


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"file_format": "xlsx"}, "file_format"),
        ({"compression": "rar"}, "compression"),
        ({"csv_formulas": "quote"}, "csv_formulas"),
        ({"drop_fields": ["objectname"]}, "drop_fields"),
        ({"hash_fields": ["objectName"]}, "hash_secret"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_does_not_go_together_is_refused_before_anything_is_waited_for(landed, choices, field):
    with pytest.raises(ConfigurationError) as caught:
        landed(read("agent_status_changes", **choices), DAY.end)
    assert caught.value.field == field
