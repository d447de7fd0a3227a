"""What has landed, as the events of assets say."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.coverage.events import TaskRun, reported_windows
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.window import DAY, Window, stamp

FIRST = datetime(2026, 1, 30, tzinfo=UTC)
AUDIT = Series(dataset="audit_trail", account_id="70000001")
LAKE = "s3://lake/raw/liveperson"


def day(number: int) -> Window:
    return Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def folder(window: Window, landing: str = LAKE) -> str:
    return f"{landing}/audit_trail/account_id=70000001/dt={window.start.date()}/x"


def extra(*windows: Window, records: int = 60, complete: bool = True, landing: str = LAKE, **changes):
    return {
        "dataset": "audit_trail",
        "account_id": "70000001",
        "window_start": stamp(windows[0].start),
        "window_end": stamp(windows[-1].end),
        "records": records * len(windows),
        "manifests": [f"{folder(window, landing)}/_manifest.json" for window in windows],
        "windows": [
            {
                "window_start": stamp(window.start),
                "window_end": stamp(window.end),
                "records": records,
                "reported": 100,
                "complete": complete,
            }
            for window in windows
        ],
        **changes,
    }


def by(hours: int = 0, run_id: str = "run") -> TaskRun:
    return TaskRun(dag_id="dag", run_id=run_id, task_id="pull", at=FIRST + timedelta(hours=hours))


def test_a_window_has_the_numbers_that_its_task_has_told():
    found = reported_windows([(extra(day(0)), by())])
    ((landing, series),) = found
    assert (landing, series) == (LAKE, AUDIT)
    (one,) = found[landing, series].values()
    assert (one.state.window, one.state.status, one.state.kept, one.state.reported) == (
        day(0),
        "complete",
        60,
        100,
    )
    assert one.state.manifest == f"{folder(day(0))}/_manifest.json"
    assert one.by == by()


def test_a_pull_of_several_days_is_a_window_for_each_day():
    found = reported_windows([(extra(day(0), day(1), day(2)), by())])[LAKE, AUDIT]
    assert list(found) == [day(0), day(1), day(2)]
    assert {one.pull for one in found.values()} == {Window(day(0).start, day(2).end)}
    assert [one.state.kept for one in found.values()] == [60, 60, 60]


def test_the_last_event_of_a_window_holds_in_whatever_order_they_come():
    events = [
        (extra(day(0), records=7), by(5, "again")),
        (extra(day(0), day(1), complete=False), by(1, "first")),
    ]
    found = reported_windows(events)[LAKE, AUDIT]
    assert [(one.state.kept, one.state.status.value, one.by.run_id) for one in found.values()] == [
        (7, "complete", "again"),
        (60, "partial", "first"),
    ]


def test_one_dataset_in_two_landings_is_two_series():
    found = reported_windows([(extra(day(0)), by()), (extra(day(1), landing="file:///data"), by())])
    assert {landing: list(windows) for (landing, _), windows in found.items()} == {
        LAKE: [day(0)],
        "file:///data": [day(1)],
    }


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"rows": 5},
        extra(day(0), dataset=5),
        extra(day(0), windows=None),
        extra(day(0), manifests=[]),
        extra(day(0), manifests=["s3://lake/elsewhere/_manifest.json"]),
        extra(day(0), window_end="2026-01-30T00:00:00Z"),
        extra(day(0), window_start="2026-01-30T00:00:00"),
        {**extra(day(0)), "windows": [{**extra(day(0))["windows"][0], "window_end": "yesterday"}]},
    ],
    ids=[
        "empty",
        "another operator's",
        "no dataset",
        "no windows",
        "too few manifests",
        "another layout",
        "an empty window",
        "no time zone",
        "no instant",
    ],
)
def test_events_of_others_are_left_out(foreign):
    assert reported_windows([(foreign, by()), (extra(day(1)), by())]).keys() == {(LAKE, AUDIT)}
    assert list(reported_windows([(foreign, by()), (extra(day(1)), by())])[LAKE, AUDIT]) == [day(1)]


def test_the_operators_summary_is_understood():
    from airflow_provider_liveperson.pull.pull import PullResult

    fields = PullResult.__dataclass_fields__
    made = {**dict.fromkeys(fields), **extra(day(0))}
    assert asdict(PullResult(**made)) == made
    assert list(reported_windows([(made, by())])[LAKE, AUDIT]) == [day(0)]
