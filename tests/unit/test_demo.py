"""What the demo shows; ``make demo`` itself is run by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from rich.console import Console

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.hooks.destinations import store_at
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.window import DAY, Window
from devtools import demo, demo_account, demo_coverage, demo_tables
from devtools.landed_windows import land_window


def landed(**counts: Any) -> demo.Landed:
    manifest = {
        "counts": {"reported": 1_000_000, "outside_window": 100_000, "kept": 900_000, **counts},
        "parts": [{"bytes": 1_234_567_890}],
    }
    return demo.Landed("s3://demo/_manifest.json", manifest, [])


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    day = date(2026, 1, 30)
    runs = [
        demo.Run("dag", conn_id, dataset, day, 6.5, landed(reported=reported))
        for conn_id, reported in zip(demo.CREDENTIALS, (1_000_000, None), strict=True)
        for dataset in ("audit_trail", "messaging_interactions", "users")  # those of the demo
    ]
    console = Console(width=80)
    with console.capture() as capture:
        console.print(demo._table(runs))
    lines = capture.get().splitlines()
    assert len(lines) == 1 + len(runs)
    assert max(map(len, lines)) <= 80
    for run, line in zip(runs, lines[1:], strict=True):
        words = line.split()
        assert words[0] == run.dataset
        assert words[-4:] == [
            str(run.landed.manifest["counts"]["reported"] or "-"),
            "100000",
            "900000",
            "1234567890",
        ]


@pytest.mark.parametrize(
    ("whole", "short"),
    [
        ({"a": 1, "b": None}, {"a": 1, "b": None}),
        ([], []),
        ([{"x": 1}], [{"x": 1}]),
        ([{"x": [1, 2, 3]}, 2, 3], [{"x": [1, "… 2 more"]}, "… 2 more"]),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_a_manifest_is_shortened(whole: Any, short: Any) -> None:
    assert demo._shortened(whole) == short


def manifest(dataset: str, start: str, end: str, *, complete: bool = True) -> bytes:
    values = {
        "dataset": dataset,
        "window_start": start,
        "window_end": end,
        "complete": complete,
        "counts": {"kept": 900_000},
        "parts": [{}, {}],
    }
    return json.dumps(values).encode()


def test_every_dataset_has_to_have_landed() -> None:
    day = ("2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z")
    half_hour = ("2026-01-31T11:00:00Z", "2026-01-31T11:30:00Z")
    windows = demo_account.latest(
        [*(manifest(name, *day) for name in DATASETS), manifest("chat_sla", *half_hour)]
    )
    assert demo_account.problems(windows) == []
    console = Console(width=80)
    with console.capture() as capture:
        console.print(demo_account.table(windows))
    head, *lines = capture.get().splitlines()
    assert head.split() == ["dataset", "window", "(UTC)", "rows", "files"]
    assert [line.split() for line in lines] == [
        [name, *(["2026-01-31", "11:00-11:30"] if name == "chat_sla" else ["2026-01-30"]), "900000", "2"]
        for name in DATASETS
    ]
    del windows["users"]
    windows |= demo_account.latest([manifest("skills", *day, complete=False)])
    assert demo_account.problems(windows) == [
        "no window of users has landed",
        "the window of skills is not complete",
    ]


@pytest.mark.parametrize(
    ("now", "dates"),
    [
        ((12, 4, 59), ("2026-01-30", "2026-01-31", "2026-01-31T11:30")),
        ((12, 5, 0), ("2026-01-30", "2026-01-31", "2026-01-31T12:00")),
        ((0, 1, 0), ("2026-01-30", "2026-01-31", "2026-01-30T23:30")),
    ],
)
def test_each_dag_runs_for_a_window_that_can_be_had(
    now: tuple[int, int, int], dates: tuple[str, ...]
) -> None:
    present = datetime(2026, 1, 31, *now, tzinfo=UTC)
    found = [demo_account.run_date(dag_id, present) for dag_id in demo_account.DAGS]
    assert [date[:16].removesuffix("T00:00") for date in found] == list(dates)


@pytest.mark.parametrize(("hour", "attempts"), [(23, [31, 1]), (22, [31])], ids=["midnight", "no midnight"])
def test_what_fails_while_midnight_passes_is_done_once_more(hour: int, attempts: list[int]) -> None:
    days = []
    with time_machine.travel(datetime(2026, 1, 31, hour, 30, tzinfo=UTC), tick=False) as clock:

        def attempt(now: datetime) -> None:
            days.append(now.day)
            clock.shift(3600)
            raise demo.DemoError("too late")

        with pytest.raises(demo.DemoError):
            demo_account.within_a_day(attempt)
    assert days == attempts


def test_what_succeeds_while_midnight_passes_is_done_once() -> None:
    with time_machine.travel(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), tick=False) as clock:
        assert demo_account.within_a_day(lambda now: clock.shift(3600) or now.day) == 31


def test_landed_conversations_are_queried_through_the_tables(
    sandbox: SandboxServer, connect: Callable[..., LivePersonClient], tmp_path: Path
) -> None:
    dataset = DATASETS[demo_tables.DATASET]
    store = ObjectStorageStore(f"file://{tmp_path}/lake")
    window = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
    now = window.end + timedelta(days=1)
    pulled = pull(
        connect(),
        dataset,
        dataset.query(window),
        Destination(store=store, prefix="", encoding=Encoding()),
        now=now,
    )
    names, rows = demo_tables.answer(tmp_path / "lake")
    assert len(rows) > 1
    assert sum(row[names.index("conversations")] for row in rows) == pulled.records > 0
    assert all(row[names.index("minutes")] > 0 and row[names.index("messages")] > 0 for row in rows)
    console = Console(width=80)
    with console.capture() as capture:
        console.print(demo_tables.table(names, rows))
    lines = capture.get().splitlines()
    assert lines[0].split() == names
    assert len(lines) == 1 + len(rows)
    assert max(map(len, [*lines, *demo_tables.QUERY.splitlines()])) <= 80


def test_the_coverage_picture_is_of_the_days_before_an_instant_whatever_the_time_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = store_at(str(tmp_path), aws_conn_id=None)[0]
    for ago in (2, 1):
        start = datetime(2026, 1, 31, tzinfo=UTC) - ago * DAY
        land_window(store, Window(start, start + DAY), prefix="")
    monkeypatch.setattr(demo_coverage, "use_airflows_database", lambda: None)
    monkeypatch.setattr(
        "sys.argv", demo_coverage.command(str(tmp_path), datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    )
    with time_machine.travel(datetime(2026, 2, 1, 0, 1, tzinfo=UTC)):
        demo_coverage.main()
    head, row, *_ = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "30"
    assert row.split()[-14:] == [*"××××××××××××■■"]


def test_the_coverage_picture_of_two_weeks_fits_a_terminal_of_80_columns(tmp_path) -> None:
    now = datetime(2026, 1, 31, 8, tzinfo=UTC)
    store = store_at(str(tmp_path), aws_conn_id=None)[0]
    for ago in (14, 9, 2, 1):
        start = midnight(now) - ago * DAY
        land_window(store, Window(start, start + DAY), prefix="")
        land_window(store, Window(start, start + DAY), dataset="messaging_interactions", prefix="")
    shown = Window(midnight(now) - 14 * DAY, midnight(now))
    console = Console(width=80)
    with console.capture() as capture:
        rows = demo_coverage.rows(str(tmp_path), 14, "audit_trail", now)
        console.print(demo_coverage.table(rows, list(shown.days())))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[1].split() == ["audit_trail", "On", "time", *"■××××■××××××■■"]
    assert demo_coverage.missing_days(text) == 10
    healed = text.replace("×", "■")
    assert demo_coverage.problem(text, healed, landed=4) == ""
    assert demo_coverage.problem(text, text, landed=4) == "10 days were missing, and 10 still are"
    assert demo_coverage.problem(healed, healed, landed=4) == "0 days were missing, and 0 still are"
