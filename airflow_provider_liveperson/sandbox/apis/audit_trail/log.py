"""The audit trail's records, in order of time, and the ways they are read."""

from __future__ import annotations

import random
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from operator import attrgetter
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Insertion
from airflow_provider_liveperson.sandbox.apis.audit_trail.data import AuditRecord, records_of_day
from airflow_provider_liveperson.sandbox.world import World

ATTRIBUTES = {
    "objectType": "object_type",
    "objectName": "object_name",
    "actionType": "action_type",
    "element": "element",
    "oldValue": "old_value",
    "newValue": "new_value",
    "originator": "originator",
    "originatorLoginName": "originator_login_name",
    "originatorUserId": "originator_user_id",
    "originatorUserAgent": "originator_user_agent",
    "originatorAuthType": "originator_auth_type",
    "originatorIsLpa": "originator_is_lpa",
}
"""GraphQL field to attribute of :class:`AuditRecord`, where a record holds the value as it is shown."""

FIELDS = (
    "accountId",
    "objectType",
    "objectName",
    "actionType",
    "element",
    "oldValue",
    "newValue",
    "changeDate",
    "originator",
    "originatorLoginName",
    "originatorUserId",
    "originatorUserAgent",
    "originatorAuthType",
    "originatorIsLpa",
)
"""The fourteen fields that GraphQL can select, in the documented order."""

EXPORT_COLUMNS = (
    "Object type",
    "Object ID",
    "Object name",
    "Action type",
    "Element",
    "Old value",
    "New value",
    "Date and time",
    "Originator",
    "Originator Employee ID",
    "Originator Profiles",
)

_by_moment = attrgetter("moment")


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditQuery:
    """What a request searches for.

    :param start: first epoch second that matches; None for the beginning of time.
    :param end: first epoch second that no longer matches; None for the end of time.
    :param lpa: whether changes by LivePerson's staff match.
    :param automatic: whether automatic updates match.
    :param users: login names or user ids; empty for all.
    :param components: internal object kinds; empty for all.
    :param descending: whether the newest come first.
    """

    start: float | None = None
    end: float | None = None
    lpa: bool = False
    automatic: bool = False
    users: frozenset[str] = frozenset()
    components: frozenset[str] = frozenset()
    descending: bool = True


class AuditLog:
    """Records sorted by time; a page costs what it holds, not what the log holds.

    :param world: the account, and the days that hold data.
    :param rows: how many records there are.
    """

    def __init__(self, world: World, rows: int) -> None:
        self._account_id = world.account_id
        self._lock = threading.Lock()
        self._records: list[AuditRecord] = []
        self._views: dict[tuple[Any, ...], _View] = {}
        for day, count in world.spread(rows):
            self._records += records_of_day(world.seed, day, count)

    def __len__(self) -> int:
        return len(self._records)

    def insert(self, records: Iterable[AuditRecord]) -> None:
        """Add records where their time puts them, behind those of the same second.

        :param records: the records.
        """
        with self._lock:
            for record in records:
                insort(self._records, record, key=_by_moment)
            self._views.clear()

    def insert_late_or_new(self, query: AuditQuery, insertion: Insertion, *, offset: int, now: float) -> None:
        """Add records while they are being read.

        :param query: what is being read; the new records match its filters.
        :param insertion: how many, dated now or like a record that was already read.
        :param offset: how many rows were already read.
        :param now: the sandbox's clock, epoch seconds.
        """
        matching, low, high = self._matching(query)
        if low == high:
            return
        rank = min(offset // 2, high - low - 1)
        model = matching[high - 1 - rank if query.descending else low + rank]
        first = len(self)
        moment = model.moment if insertion.when == "late" else int(now)
        self.insert(
            model._replace(moment=moment, object_name=f"inserted while reading {first + number}")
            for number in range(insertion.rows)
        )

    def page(
        self, query: AuditQuery, *, offset: int, first: int, ties: random.Random | None = None
    ) -> tuple[list[AuditRecord], int]:
        """Read some of the matching records.

        :param query: what matches, and in which order.
        :param offset: how many to leave out at the front.
        :param first: how many to give at most.
        :param ties: source of chance that orders the records of one second anew; None to keep their order.
        :return: the records, and how many match in all.
        """
        matching, low, high = self._matching(query)
        begin, end = min(offset, high - low), min(offset + first, high - low)
        if query.descending:
            begin, end = high - end, high - begin
        else:
            begin, end = low + begin, low + end
        page = matching[begin:end]
        if ties is not None and page:
            page = _shuffled(matching, begin, end, low, high, ties)
        if query.descending:
            page.reverse()
        return page, high - low

    def truth(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """Return what a complete read in UTC, everything included, oldest first, must give.

        :param start: first moment of the half-open window, aware.
        :param end: first moment after the window, aware.
        """
        return self.as_graphql(self._window(start, end), dict(zip(FIELDS, FIELDS, strict=True)), UTC)

    def truth_export(self, start: datetime, end: datetime) -> list[dict[str, str]]:
        """Return what the CSV export must hold for a window, in UTC, everything included, oldest first.

        :param start: first moment of the half-open window, aware.
        :param end: first moment after the window, aware.
        """
        rows = self.as_export(self._window(start, end), UTC)
        return [dict(zip(EXPORT_COLUMNS, row, strict=True)) for row in rows]

    def as_graphql(
        self, records: Sequence[AuditRecord], selection: Mapping[str, str], zone: tzinfo
    ) -> list[dict[str, Any]]:
        """Render records as GraphQL answers them.

        :param records: the records.
        :param selection: name in the answer to selected field.
        :param zone: time zone of ``changeDate``.
        """
        stored = [name for name, field in selection.items() if field in ATTRIBUTES]
        dates = [name for name, field in selection.items() if field == "changeDate"]
        values_of = attrgetter("moment", *(ATTRIBUTES[selection[name]] for name in stored), "moment")
        same = {"accountId": self._account_id, "__typename": "AuditData"}
        # Copied for every row, so that names come in the order of the selection.
        template: dict[str, Any] = {name: same.get(field) for name, field in selection.items()}
        rows: list[dict[str, Any]] = []
        for record in records:
            row = template.copy()
            moment, *values = values_of(record)
            row.update(zip(stored, values, strict=False))
            for name in dates:
                row[name] = datetime.fromtimestamp(moment, zone).isoformat(" ")[:19] + ".0"
            rows.append(row)
        return rows

    def as_export(self, records: Iterable[AuditRecord], zone: tzinfo) -> Iterable[tuple[str, ...]]:
        """Render records as rows of the CSV export.

        :param records: the records.
        :param zone: time zone of ``Date and time``.
        """
        for record in records:
            yield (
                record.object_type,
                record.object_id,
                record.object_name,
                record.action_type,
                record.element,
                record.old_value,
                record.new_value,
                datetime.fromtimestamp(record.moment, zone).isoformat()[:19],
                record.originator,
                record.employee_id,
                record.profiles,
            )

    def _window(self, start: datetime, end: datetime) -> list[AuditRecord]:
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("A window's start and end must be aware datetimes")
        query = AuditQuery(
            start=start.timestamp(), end=end.timestamp(), lpa=True, automatic=True, descending=False
        )
        matching, low, high = self._matching(query)
        return matching[low:high]

    def _matching(self, query: AuditQuery) -> tuple[list[AuditRecord], int, int]:
        """Return a list of records and the part of it that lies in the query's window."""
        view = self._view(query)
        low = 0 if query.start is None else bisect_left(view.moments, query.start)
        high = len(view.moments) if query.end is None else bisect_left(view.moments, query.end)
        return view.records, low, max(low, high)

    def _view(self, query: AuditQuery) -> _View:
        key = (query.lpa, query.automatic, query.users, query.components)
        with self._lock:
            view = self._views.get(key)
            if view is None:
                # A handful is enough for every reader at once, and bounds what odd filters can take.
                if len(self._views) >= 16:
                    self._views.clear()
                records = [record for record in self._records if _fits(record, query)]
                view = self._views[key] = _View(records, [record.moment for record in records])
        return view


@dataclass(frozen=True, slots=True)
class _View:
    records: list[AuditRecord]
    moments: list[int]


def _fits(record: AuditRecord, query: AuditQuery) -> bool:
    return (
        (query.lpa or not record.originator_is_lpa)
        and (query.automatic or not record.automatic)
        and (
            not query.users
            or record.originator_login_name in query.users
            or record.originator_user_id in query.users
        )
        and (not query.components or record.component in query.components)
    )


def _shuffled(
    matching: list[AuditRecord], begin: int, end: int, low: int, high: int, ties: random.Random
) -> list[AuditRecord]:
    """Cut a page after shuffling every second that it touches, also where it reaches over the page's edge."""
    left = bisect_left(matching, matching[begin].moment, low, begin, key=_by_moment)
    right = bisect_right(matching, matching[end - 1].moment, end, high, key=_by_moment)
    shuffled: list[AuditRecord] = []
    for _, same_second in groupby(matching[left:right], key=_by_moment):
        group = list(same_second)
        ties.shuffle(group)
        shuffled += group
    return shuffled[begin - left : end - left]
