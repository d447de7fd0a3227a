"""What the demo shows; ``make demo`` itself is run by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from rich.console import Console

from devtools import demo


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
