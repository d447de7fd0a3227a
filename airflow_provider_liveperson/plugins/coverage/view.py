"""What the template of the coverage page is filled in with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from airflow_provider_liveperson.coverage.freshness import Timeliness
from airflow_provider_liveperson.coverage.picture import Cell, Mark
from airflow_provider_liveperson.coverage.rows import Row, Scale
from airflow_provider_liveperson.plugins.coverage import texts
from airflow_provider_liveperson.plugins.coverage.question import Question

_LINKED = set(Mark) - {Mark.BEFORE, Mark.NOT_DUE}
_PROBLEMS = (Mark.MISSING, Mark.INCOMPLETE, Mark.DIFFERS, Mark.DAMAGED, Mark.LOW)


@dataclass(frozen=True, kw_only=True)
class ViewCell:
    """A cell of the table.

    :param href: where a click leads; empty where there is nothing to say.
    :param style: its classes.
    :param symbol: its mark.
    :param label: what it says, in words.
    :param columns: how many columns it takes.
    :param chosen: whether it was chosen.
    """

    href: str
    style: str
    symbol: str
    label: str
    columns: int
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ViewRow:
    """A row of the table.

    :param dataset: the dataset.
    :param account: the LivePerson account.
    :param word: whether it is on time.
    :param style: the class of that word.
    :param newest: the newest complete window.
    :param due: when the next one is due.
    :param cells: its cells.
    """

    dataset: str
    account: str
    word: str
    style: str
    newest: str
    due: str
    cells: list[ViewCell]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A column's heading.

    :param text: a number.
    :param label: the same, for who does not see the months above it.
    :param href: where the hours of the day are; empty for hours.
    :param is_weekend: whether it is a Saturday or a Sunday.
    """

    text: str
    label: str
    href: str = ""
    is_weekend: bool = False


def groups(rows: Sequence[Row], question: Question) -> list[tuple[str, list[ViewRow]]]:
    """The rows of each landing.

    :param rows: all rows.
    :param question: what was asked for.
    """
    ordered = sorted(rows, key=_order)
    return [
        (landing, [_row(row, question) for row in of_landing])
        for landing, of_landing in groupby(ordered, key=lambda row: row.landing)
    ]


def chosen(rows: Sequence[Row], question: Question) -> tuple[Row, Cell] | None:
    """The cell that was chosen, if it is there.

    :param rows: all rows.
    :param question: what was asked for.
    """
    for row in rows:
        if row.key == question.row:
            for cell in row.cells:
                if cell.period.start == question.at:
                    return row, cell
    return None


def headings(scale: Scale, question: Question) -> list[Heading]:
    """The headings of the columns.

    :param scale: what the columns are.
    :param question: what was asked for.
    """
    made = []
    for period in scale.periods():
        start = period.start
        if scale.is_hourly:
            made.append(Heading(text=f"{start:%H}", label=f"{start:%H:%M}"))
        else:
            label = f"Hours of {texts.period(period)}"
            href = question.query(day=start.date())
            is_weekend = start.weekday() >= 5
            made.append(Heading(text=f"{start.day}", label=label, href=href, is_weekend=is_weekend))
    return made


def months(scale: Scale) -> list[tuple[str, int]]:
    """What stands above the headings: months, or the day, with the number of their columns.

    :param scale: what the columns are.
    """
    if scale.is_hourly:
        return [(texts.period(scale.shown), len(scale.periods()))]
    named = groupby(scale.periods(), key=lambda period: (period.start.year, period.start.month))
    found = [list(periods) for _, periods in named]
    return [
        (f"{periods[0].start:%b %Y}" if len(periods) > 3 else f"{periods[0].start:%b}", len(periods))
        for periods in found
    ]


def summary(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The picture in a few words, each with its class: what somebody wants to know at eight in the morning.

    :param rows: all rows.
    """
    words = Counter(row.freshness.timeliness for row in rows)
    marks = Counter(cell.mark for row in rows for cell in row.cells)
    said = [(f"{words[word]} {word.value.lower()}", texts.WORDS[word]) for word in Timeliness if words[word]]
    said += [
        (
            f"{texts.SYMBOLS[mark]} {marks[mark]} {mark.value}",
            "bad" if mark in (Mark.MISSING, Mark.DAMAGED) else "warn",
        )
        for mark in _PROBLEMS
        if marks[mark]
    ]
    if not any(marks[mark] for mark in _PROBLEMS):
        said.append(("nothing missing", "good"))
    return said


def only_account(rows: Sequence[Row]) -> str:
    """The account of all rows; empty where there are several, or none.

    :param rows: all rows.
    """
    accounts = {row.series.account_id for row in rows}
    return (accounts.pop() or "") if len(accounts) == 1 else ""


def since(moment: datetime, now: datetime) -> str:
    """How long ago something was: ``40 seconds ago``."""
    seconds = max(int((now - moment) / timedelta(seconds=1)), 0)
    return "just now" if seconds < 5 else f"{seconds} seconds ago"


def _order(row: Row) -> tuple[str, str, str]:
    return row.landing, row.series.dataset, row.series.account_id or ""


def _row(row: Row, question: Question) -> ViewRow:
    return ViewRow(
        dataset=row.series.dataset,
        account=row.series.account_id or "unknown",
        word=row.freshness.timeliness.value,
        style=texts.WORDS[row.freshness.timeliness],
        newest=texts.newest(row.freshness.newest),
        due=texts.due(row.freshness),
        cells=[_cell(row, cell, question) for cell in row.cells],
    )


def _cell(row: Row, cell: Cell, question: Question) -> ViewCell:
    start = cell.period.start
    level = "plain" if cell.level is None else f"level-{cell.level}"
    return ViewCell(
        href=question.query(row=row.key, at=start) + "#facts" if cell.mark in _LINKED else "",
        style=f"{cell.mark.name.lower().replace('_', '-')} {level}",
        symbol=texts.SYMBOLS.get(cell.mark, ""),
        label=f"{row.series.dataset}, {texts.period(cell.period)}: {texts.says(cell)}",
        columns=cell.columns,
        chosen=row.key == question.row and start == question.at,
    )
