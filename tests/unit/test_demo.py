"""What the demo shows; ``make demo`` itself is run by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from rich.console import Console

from airflow_provider_liveperson.datasets.catalog import DATASETS
from devtools import demo, demo_account


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
    runs = demo_account.runs(datetime(2026, 1, 31, *now, tzinfo=UTC))
    assert [date[:16].removesuffix("T00:00") for _, date in runs] == list(dates)
