"""The demo's coverage picture: what has landed of each dataset, day by day, as the manifests in the store say.

Run in the environment of an Airflow, whose connections it reads:
``python devtools/demo_coverage.py s3://bucket/prefix DAYS DATASET NOW``. Of the dataset, every day before that instant
should have landed; of the others, every day since the first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from airflow_provider_liveperson.commands.surroundings import use_airflows_database
from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.picture import Cell, Mark
from airflow_provider_liveperson.coverage.rows import Row, Scale, row_of
from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.coverage.states import Status
from airflow_provider_liveperson.hooks.destinations import store_at
from airflow_provider_liveperson.window import DAY, Window

DAG = "liveperson_heal_gaps"
DATASET = "audit_trail"
DAYS = 14
QUIET = {"PYTHONWARNINGS": "ignore", "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
"""The environment in which the picture is printed and nothing else."""

SYMBOLS = {
    Mark.COMPLETE: ("■", "blue"),
    Mark.LOW: ("↓", "yellow"),
    Mark.INCOMPLETE: ("◐", "yellow"),
    Mark.DAMAGED: ("!", "bold red"),
    Mark.MISSING: ("×", "bold red"),
    Mark.GOING_ON: ("…", ""),
}
LEGEND = "■ complete, × missing, ◐ incomplete, ↓ few records, · nothing expected"


def command(uri: str, now: datetime) -> list[str]:
    """What Python is given to print the picture.

    :param uri: the landing.
    :param now: the present, aware: the same for two pictures that are compared, between which midnight may pass.
    """
    return [__file__, uri, str(DAYS), DATASET, now.isoformat()]


def run_date(now: datetime) -> str:
    """The date for which the DAG, which runs at six each day, looks at all days until the last midnight.

    :param now: the present, aware, UTC.
    """
    return now.replace(hour=6, minute=0, second=0, microsecond=0).isoformat()


def missing_days(picture: str) -> int:
    """How many days of the dataset a picture shows as missing.

    :param picture: the picture, as text.
    """
    (row,) = (line for line in picture.splitlines() if line.startswith(f"{DATASET} "))
    return row.count("×")


def problem(before: str, after: str, *, landed: int) -> str:
    """What is wrong, if anything: what was missing has to be there.

    :param before: the picture before the DAG has run.
    :param after: the picture after that.
    :param landed: how many of the days had landed before.
    """
    missing = [missing_days(picture) for picture in (before, after)]
    if missing == [DAYS - landed, 0]:
        return ""
    return f"{missing[0]} days were missing, and {missing[1]} still are"


def rows(uri: str, days: int, dataset: str, now: datetime) -> list[Row]:
    """What has landed, as the coverage page shows it.

    :param uri: the landing.
    :param days: how many UTC days before the last midnight.
    :param dataset: the dataset of which all of these should have landed.
    :param now: the present, aware.
    """
    shown = Window(midnight(now) - days * DAY, midnight(now))
    store, prefix = store_at(uri, aws_conn_id="aws_default")
    landed = Landed(store, prefix)
    found = {series: landed.states(series, shown.start, shown.end) for series in landed.series()}
    return [
        row_of(
            uri,
            series,
            [state for state in states if state.status is not Status.MISSING],
            scale=Scale(shown=shown, step=DAY),
            now=now,
            start=shown.start if series.dataset == dataset else None,
        )
        for series, states in found.items()
    ]


def table(rows: Iterable[Row], shown: Sequence[Window]) -> Table:
    """The picture, in 80 columns for up to 16 days.

    :param rows: the rows.
    :param shown: the days.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("dataset", no_wrap=True)
    made.add_column("state", no_wrap=True)
    for day in shown:
        made.add_column(f"{day.start:%d}", justify="center", no_wrap=True)
    for row in rows:
        symbols = [symbol for cell in row.cells for symbol in [_symbol(cell)] * cell.columns]
        made.add_row(row.series.dataset, row.freshness.timeliness.value, *symbols)
    return made


def _symbol(cell: Cell) -> Text:
    return Text(*SYMBOLS.get(cell.mark, ("·", "dim")))


def main() -> None:
    """Print the picture."""
    uri, days, dataset, now = sys.argv[1], int(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4])
    use_airflows_database()
    shown = list(Window(midnight(now) - days * DAY, midnight(now)).cut(timedelta(days=1)))
    console = Console(width=80, highlight=False)
    console.print(table(rows(uri, days, dataset, now), shown))
    console.print(LEGEND)


if __name__ == "__main__":
    main()
