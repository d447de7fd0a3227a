"""Agent Activity: agents' logins, logouts and changes of status.

LivePerson page: `agent-activity-api-methods-get-status-changes.html`, version 2. Its pages have no count, but
name the next one. Ranges are given to the minute, and are asked for a minute wider than the slice. Changes that are
equal to the byte are one where they have all fields of the key.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.model.filters import Filter, Text, milliseconds
from airflow_provider_liveperson.datasets.readers.offset_pages import (
    Contents,
    LinkedPages,
    Record,
    one_record,
)
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import INTEGER, TEXT
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import epoch_ms
from airflow_provider_liveperson.window import Window

MAX_PAGE_SIZE = 5000
MINUTE = timedelta(minutes=1)

FILTERS: dict[str, Filter] = {
    "agentId": Text(description="Only this agent. Not with empId or groupId."),
    "empId": Text(description="Only the agent with this employee ID. Not with agentId or groupId."),
    "groupId": Text(description="Only this agent group. Not with agentId or empId."),
}


class _Link(msgspec.Struct):
    rel: str = ""
    href: str = ""


class _Metadata(msgspec.Struct):
    references: list[_Link] | None = None


class _Page(msgspec.Struct):
    stateChanges: list[msgspec.Raw] | None
    metadata: _Metadata | None = msgspec.field(name="_metadata", default=None)


class _LoosePage(msgspec.Struct):
    stateChanges: list[msgspec.Raw] | None
    metadata: Any = msgspec.field(name="_metadata", default=None)


class _Change(msgspec.Struct):
    time: datetime


class _LooseChange(msgspec.Struct):
    time: Any = None


class _Key(msgspec.Struct):
    agentId: Any = None
    time: Any = None
    statusType: Any = None
    statusSubType: Any = None
    sequenceNumber: Any = None


_PAGE = msgspec.json.Decoder(_Page)
_LOOSE_PAGE = msgspec.json.Decoder(_LoosePage)
_CHANGE = msgspec.json.Decoder(_Change)
_OFFSET = re.compile(r"[?&]offset=(\d{1,18})(?:[&#]|$)", re.ASCII)


def status_change_reader(dataset: Dataset, query: Query, slice_: Slice) -> LinkedPages:
    """The reader of one slice of status changes."""
    window = slice_.bounds[query.cursor]
    params = _params(window, query)

    def ask(offset: int, limit: int) -> ApiRequest:
        return ApiRequest(
            method=dataset.method,
            service=dataset.service,
            path=dataset.path,
            params={**params, "offset": str(offset), "limit": str(limit), "source": SOURCE},
        )

    def cut(answer: Answer) -> Contents:
        page, links = _page(answer)
        records, undated = [], set()
        for change in page.content.stateChanges or ():
            at = _time(change)
            line = page.copy(change)
            if at is None:
                undated.add(line)
            belongs = at is not None and window.start_ms <= at < window.end_ms
            records.append(Record(line=line, key=line, belongs=belongs))
        following = [link for link in links or () if link.rel == "next"]
        offset = _OFFSET.search(following[0].href) if following else None
        return Contents(
            records,
            has_next=None if links is None else bool(following),
            next_offset=int(offset[1]) if offset else None,
            undated=frozenset(undated),
        )

    return LinkedPages(ask=ask, cut=cut, limit=MAX_PAGE_SIZE, has_key=_has_key)


def _page(answer: Answer) -> tuple[raw.Page[_Page] | raw.Page[_LoosePage], list[_Link] | None]:
    """A page, and its links to others, or None where it has none."""
    try:
        page = raw.read(_PAGE, answer.body, answer.content_type)
    except msgspec.ValidationError:
        loose = raw.read(_LOOSE_PAGE, answer.body, answer.content_type)
        metadata = loose.content.metadata
        references = metadata.get("references") if isinstance(metadata, dict) else None
        if not isinstance(references, list):
            return loose, None
        links = [link for link in references if isinstance(link, dict)]
        return loose, [_Link(rel=str(link.get("rel")), href=str(link.get("href"))) for link in links]
    return page, page.content.metadata.references if page.content.metadata else None


def _time(change: msgspec.Raw) -> int | None:
    """When a change was made, in epoch milliseconds; None where it has no time, or one without an offset."""
    try:
        at = _CHANGE.decode(change).time
    except msgspec.ValidationError:
        return epoch_ms(raw.convert(_LooseChange, change).time)
    return None if at.tzinfo is None else milliseconds(at)


def _has_key(line: Line) -> bool:
    """Whether a change has all fields that tell it from others."""
    return not any(value is None or value == "" for value in msgspec.structs.astuple(raw.convert(_Key, line)))


def _params(window: Window, query: Query) -> dict[str, str]:
    # Whether the ends are inside is not documented.
    end = window.end if window.end == _minute(window.end) else window.end + MINUTE
    return {
        "from": f"{_minute(window.start):%Y-%m-%dT%H:%M}Z",
        "to": f"{_minute(end):%Y-%m-%dT%H:%M}Z",
        **query.filters,
    }


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _one_of(query: Query) -> None:
    if len(query.filters) > 1:
        raise ConfigurationError(
            f"filters: {' and '.join(query.filters)} exclude each other; give one of them", field="filters"
        )


def _describe(dataset: Dataset, query: Query) -> dict[str, Any]:
    return dict(_params(query.window, query))


AGENT_STATUS_CHANGES = Dataset(
    name="agent_status_changes",
    title="Agents' logins, logouts and status changes",
    documentation="agent-activity-api-methods-get-status-changes.html",
    service="agentActivityDomain",
    method="GET",
    path="/api/v2/account/{account_id}/status-changes",
    shape="pages without a count",
    cursors={"time": "Each change once, in the window in which it was made."},
    key="agentId, time, statusType, statusSubType, sequenceNumber",
    primary_key=("agentId", "time", "statusType", "statusSubType", "sequenceNumber"),
    credentials=("API key", "App-JWT V2"),
    permission="Data → Workforce Management → Agent Status Changes (in older keys: Agent Activity API)",
    probe=one_record,
    read=status_change_reader,
    describe=_describe,
    check=_one_of,
    columns={
        "agentId": TEXT,
        "employeeId": TEXT,
        "agentLoginName": TEXT,
        "agentUserName": TEXT,
        "agentGroupId": TEXT,
        "time": TEXT,
        "sessionId": TEXT,
        "sequenceNumber": INTEGER,
        "statusType": INTEGER,
        "statusSubType": INTEGER,
        "statusReasonId": TEXT,
        "statusReasonText": TEXT,
        "prevStatusChangeTime": TEXT,
    },
    filters=FILTERS,
    max_range=timedelta(days=7),
    retention=timedelta(days=180),
    lag=timedelta(hours=1),
)
