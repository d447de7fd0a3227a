"""Which windows differ, as the reports of recounts say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.coverage.recounts import differing
from airflow_provider_liveperson.window import DAY, Window, stamp

FIRST = datetime(2026, 1, 30, tzinfo=UTC)


def day(number: int) -> Window:
    return Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def report(*windows: Window, start: int = 0, end: int = 7, **changes):
    return {
        "dataset": "audit_trail",
        "account_id": "1",
        "start": stamp(day(start).start),
        "end": stamp(day(end).start),
        "differ": [
            {"start": stamp(it.start), "end": stamp(it.end), "landed": 5, "counted": 6} for it in windows
        ],
        "same": 3,
        **changes,
    }


def at(hours: int) -> datetime:
    return FIRST + timedelta(hours=hours)


def test_a_window_differs_until_a_later_recount_of_it_says_otherwise():
    found = differing([(report(day(5), start=4), at(2)), (report(day(0), day(5)), at(1))])
    windows = found["audit_trail", "1"]
    assert {window: (one.counted, one.at) for window, one in windows.items()} == {
        day(0): (6, at(1)),
        day(5): (6, at(2)),
    }
    assert differing([(report(day(0)), at(1)), (report(), at(2))]) == {("audit_trail", "1"): {}}


@pytest.mark.parametrize(
    "foreign",
    [{}, {"rows": 1}, report(differ=None), report(end=0), report(start=0, end=7, dataset=3)],
    ids=["empty", "another", "no list", "an empty range", "no dataset"],
)
def test_what_is_no_report_is_left_out(foreign):
    assert differing([(foreign, at(1))]) == {}
