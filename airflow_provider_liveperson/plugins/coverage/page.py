"""The coverage page: ``GET /liveperson/coverage``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import HTTPException
from fastapi.responses import Response

from airflow_provider_liveperson.coverage.events import Place, reported_windows
from airflow_provider_liveperson.coverage.picture import Cell
from airflow_provider_liveperson.coverage.recounts import Recounted, differing
from airflow_provider_liveperson.coverage.rows import Row, Scale, row_of
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.plugins.access import may_edit, may_read_assets
from airflow_provider_liveperson.plugins.addresses import base_path, run_path
from airflow_provider_liveperson.plugins.answers import page
from airflow_provider_liveperson.plugins.callers import CallerDep
from airflow_provider_liveperson.plugins.coverage import landings, texts, view
from airflow_provider_liveperson.plugins.coverage.events import (
    MAX_EVENTS,
    Events,
    landed_events,
    readable_dags,
    recount_reports,
)
from airflow_provider_liveperson.plugins.coverage.facts import Facts, facts_of
from airflow_provider_liveperson.plugins.coverage.question import RANGES, Question
from airflow_provider_liveperson.window import Window

NO_ASSETS = "You are not allowed to read Airflow's assets, whose events this page shows."
NO_DAG = "You are not allowed to read this DAG, or there is none."
NO_LANDING = (
    "This landing is not among those that [liveperson] landings lists in Airflow's configuration, or you are not"
    " allowed to read its connection."
)


def coverage(
    caller: CallerDep,
    dag_id: str = "",
    source: str = "",
    days: str = "",
    until: str = "",
    day: str = "",
    row: str = "",
    at: str = "",
    again: str = "",
) -> Response:
    """What has landed, day by day, and what is missing.

    :raises HTTPException: 403 for a user who may not read assets, the DAG or the landing's connection; 422 for what is
        not valid.
    """
    question = Question.read(dag_id=dag_id, source=source, days=days, until=until, day=day, row=row, at=at)
    if not may_read_assets(caller.user):
        raise HTTPException(403, NO_ASSETS)
    dag_ids = readable_dags(caller.user)
    if dag_id and dag_id not in dag_ids:
        raise HTTPException(403, NO_DAG)
    now = datetime.now(UTC)
    sources = landings.landings(caller.user)
    picture = _Picture(question, now, dag_ids, caller.user)
    problem, scan = "", None
    if source:
        landing = next((one for one in sources if one.address == source), None)
        if landing is None:
            raise HTTPException(403, NO_LANDING)
        try:
            scan = landings.read(landing, question.range(now).start, again=bool(again))
        except LivePersonError as error:
            problem = str(error)
    rows = [] if problem else picture.rows() if scan is None else picture.rows_of(source, scan)
    found = view.chosen(rows, question)
    return page(
        "coverage.html",
        base=base_path(caller.request),
        question=question,
        scale=picture.scale,
        groups=view.groups(rows, question),
        headings=view.headings(picture.scale, question),
        months=view.months(picture.scale),
        summary=view.summary(rows),
        account=view.only_account(rows),
        facts=picture.facts(*found) if found else None,
        run_path=lambda run: run_path(caller.request, run.dag_id, run.run_id),
        problem=problem,
        read_at=view.since(datetime.fromtimestamp(scan.at, UTC), now) if scan else "",
        cut=MAX_EVENTS if picture.cut and scan is None else 0,
        sources=[one.address for one in sources],
        ranges=RANGES,
        earlier="" if source else question.earlier(now),
        later="" if source else question.later(now),
        legend=texts.LEGEND,
        symbols=texts.SYMBOLS,
        number=texts.number,
        may_edit=may_edit(caller.user),
        form_targets="'self'",
    )


@dataclass
class _Picture:
    """Rows from what tasks have reported, and from manifests.

    :param question: what was asked for.
    :param now: the present, aware.
    :param dag_ids: the DAGs that the user may read.
    :param user: the user.
    """

    question: Question
    now: datetime
    dag_ids: set[str]
    user: Any

    def __post_init__(self) -> None:
        self.scale: Scale = self.question.scale(self.now)
        since = self.scale.history.start
        events, self.cut = landed_events(self.dag_ids, since)
        self._reported = reported_windows(events)
        self._recounted = differing(recount_reports(self.user, self.dag_ids, since))
        self._of_dag: Collection[Place] | None = self._places(events) if self.question.dag_id else None

    def _places(self, events: Events) -> Collection[Place]:
        """What the DAG in question lands."""
        return reported_windows(event for event in events if event[1].dag_id == self.question.dag_id).keys()

    def rows(self) -> list[Row]:
        """The rows from what tasks have reported."""
        return [
            row_of(
                *place,
                [one.state for one in windows.values()],
                scale=self.scale,
                now=self.now,
                pulls=[one.pull for one in windows.values()],
                differing=self._differing(place),
            )
            for place, windows in self._reported.items()
            if self._of_dag is None or place in self._of_dag
        ]

    def rows_of(self, address: str, scan: landings.LandingScan) -> list[Row]:
        """The rows from the manifests of a landing.

        :param address: the landing's address.
        :param scan: what its manifests say.
        """
        since = self.question.range(self.now).start
        made = []
        for series, states in scan.states.items():
            if self._of_dag is not None and (address, series) not in self._of_dag:
                continue
            first = scan.first[series]
            made.append(
                row_of(
                    address,
                    series,
                    states,
                    scale=self.scale,
                    now=self.now,
                    differing=self._differing((address, series)),
                    start=since if first is None or first < since else None,
                )
            )
        return made

    def facts(self, row: Row, cell: Cell) -> Facts:
        """What there is to say of a cell.

        :param row: its row.
        :param cell: the cell.
        """
        place = (row.landing, row.series)
        return facts_of(row, cell, self._reported.get(place, {}), self._differing(place), self.now)

    def _differing(self, place: Place) -> dict[Window, Recounted]:
        """The windows whose count differs, and that have not been pulled again since."""
        series = place[1]
        pulled = self._reported.get(place, {})
        return {
            window: one
            for window, one in self._recounted.get((series.dataset, series.account_id), {}).items()
            if window not in pulled or pulled[window].by.at < one.at
        }
