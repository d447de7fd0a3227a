"""Agent Activity: agents' logins, logouts and changes of status.

LivePerson page: `agent-activity-api-methods-get-status-changes.html`, version 2. Its pages have no count, but
name the next one. Ranges are given to the minute, and are asked for a minute wider than the slice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.columns import INTEGER, TEXT
from airflow_provider_liveperson.datasets.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.filters import Filter, Text, milliseconds
from airflow_provider_liveperson.datasets.pages import Contents, LinkedPages, Record, one_record
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.lines import one_line
from airflow_provider_liveperson.window import Window

LARGEST_PAGE = 5000
MINUTE = timedelta(minutes=1)

FILTERS: dict[str, Filter] = {
    "agentId": Text(description="Only this agent. Not with empId or groupId."),
    "empId": Text(description="Only the agent with this employee ID. Not with agentId or groupId."),
    "groupId": Text(description="Only this agent group. Not with agentId or empId."),
}


class _Link(msgspec.Struct):
    rel: str = ""


class _Metadata(msgspec.Struct):
    references: list[_Link] | None = None


class _Page(msgspec.Struct):
    stateChanges: list[msgspec.Raw]
    metadata: _Metadata | None = msgspec.field(name="_metadata", default=None)


class _Change(msgspec.Struct):
    time: datetime


_PAGE = msgspec.json.Decoder(_Page)
_CHANGE = msgspec.json.Decoder(_Change)


def status_change_reader(dataset: Dataset, query: Query, piece: Slice) -> LinkedPages:
    """The reader of one slice of status changes."""
    window = piece.bounds[query.cursor]
    params = _params(window, query)

    def ask(offset: int, limit: int) -> ApiRequest:
        return ApiRequest(
            method=dataset.method,
            service=dataset.service,
            path=dataset.path,
            params={**params, "offset": str(offset), "limit": str(limit), "source": SOURCE},
        )

    def cut(answer: Answer) -> Contents:
        page = _PAGE.decode(answer.body)
        references = page.metadata.references if page.metadata else None
        records = []
        for raw in page.stateChanges:
            at = _CHANGE.decode(raw).time
            if at.tzinfo is None:
                raise InvalidResponseError(f"the time {at.isoformat()!r} of a status change has no offset")
            line = one_line(bytes(raw))
            records.append(
                Record(line=line, key=line, belongs=window.start_ms <= milliseconds(at) < window.end_ms)
            )
        has_next = None if references is None else any(link.rel == "next" for link in references)
        return Contents(records, has_next=has_next)

    return LinkedPages(ask=ask, cut=cut, limit=LARGEST_PAGE)


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
    key_fields=("agentId", "time", "statusType", "statusSubType", "sequenceNumber"),
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
    longest_slice=timedelta(days=7),
    retention=timedelta(days=180),
    lag=timedelta(hours=1),
)
