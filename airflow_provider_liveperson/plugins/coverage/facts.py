"""What the page says of the cell that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_liveperson.coverage.events import ReportedWindow, TaskRun
from airflow_provider_liveperson.coverage.picture import Cell, Mark
from airflow_provider_liveperson.coverage.recounts import Recounted
from airflow_provider_liveperson.coverage.rows import Row
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.plugins.coverage import texts
from airflow_provider_liveperson.window import Window, stamp


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A window.

    :param start: its first instant.
    :param end: the first instant after it.
    :param status: how complete it is, in a word.
    :param good: whether that is good.
    :param state: what its manifest, or its task, says.
    :param run: the task that landed it last; None where nothing tells.
    :param advice: what can be done, if anything.
    """

    start: str
    end: str
    status: str
    good: bool
    state: WindowState
    run: TaskRun | None
    advice: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A cell.

    :param dataset: its dataset.
    :param account: its LivePerson account.
    :param period: its time.
    :param sentence: what it says.
    :param windows: its windows, in order.
    """

    dataset: str
    account: str
    period: str
    sentence: str
    windows: list[Fact]

    @property
    def has_advice(self) -> bool:
        """Whether something can be done about any of its windows."""
        return any(fact.advice for fact in self.windows)


def facts_of(
    row: Row,
    cell: Cell,
    reported: Mapping[Window, ReportedWindow],
    differing: Mapping[Window, Recounted],
    now: datetime,
) -> Facts:
    """What there is to say of a cell.

    :param row: its row.
    :param cell: the cell.
    :param reported: what tasks have reported of the row's windows.
    :param differing: those whose count differs.
    :param now: the present, aware.
    """
    sentence = texts.says(cell)
    return Facts(
        dataset=row.series.dataset,
        account=row.series.account_id or "unknown",
        period=texts.period(cell.period),
        sentence=f"{sentence[:1].upper()}{sentence[1:]}.",
        windows=[
            _fact(row.series, state, reported.get(state.window), differing.get(state.window), now)
            for state in cell.states
        ],
    )


def _fact(
    series: Series,
    state: WindowState,
    reported: ReportedWindow | None,
    recounted: Recounted | None,
    now: datetime,
) -> Fact:
    differs = recounted is not None and state.status is Status.COMPLETE
    return Fact(
        start=stamp(state.window.start),
        end=stamp(state.window.end),
        status=Mark.DIFFERS.value if differs else state.status.value,
        good=state.status is Status.COMPLETE and not differs,
        state=state,
        run=None if reported is None else reported.by,
        advice=_recounted(recounted, state) if differs and recounted else _advice(series, state, now),
    )


def _recounted(recounted: Recounted, state: WindowState) -> str:
    counted = "another number of" if recounted.counted is None else f"{recounted.counted:,}"
    return f"LivePerson counted {counted} records on {stamp(recounted.at.replace(microsecond=0))}. {_pull(state)}"


def _pull(state: WindowState) -> str:
    return f'Pull start="{stamp(state.window.start)}", end="{stamp(state.window.end)}" again.'


def _advice(series: Series, state: WindowState, now: datetime) -> str:
    if not state.is_gap:
        return ""
    if state.is_irreplaceable:
        return " ".join(f"{problem}." for problem in state.problems)
    if series.can_be_pulled(state.window, now):
        return f"LivePerson has these records. {_pull(state)}"
    if series.complete_at(state.window) > now:
        return "LivePerson does not have all of these records yet."
    return "LivePerson no longer has all of these records."
