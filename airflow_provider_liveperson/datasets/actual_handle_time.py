"""Actual Handle Time: for how long agents worked on the segments of conversations, and of what that time is made up.

LivePerson pages: `actual-handle-time-api-methods-get-agent-segments.html`,
`actual-handle-time-api-methods-get-agent-segments-breakdown-files-list.html` and
`actual-handle-time-api-methods-get-agent-segments-breakdown-file.html`. LivePerson switches each of them on for
accounts that ask. What is written about a segment is complete up to 24 hours after its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter, Text, milliseconds
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.months import Months
from airflow_provider_liveperson.datasets.model.ranges import ISO_MS, TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.counted import CountedPages
from airflow_provider_liveperson.datasets.readers.files import Files, ListedFile
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPages
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import INTEGER, TEXT, TIMESTAMP
from airflow_provider_liveperson.records.line import Line

SERVICE = "agentActivityDomain"
MAX_PAGE_SIZE = 500
ACCESS = Access(
    kinds=(CredentialKind.API_KEY,),
    permission="Data → Workforce Management → Agent Status Changes (in older keys: Agent Activity API); opt-in",
)
KEPT = Months(1)
LAG = timedelta(hours=24)

_PATH = re.compile(
    r"/year=(\d{4})/month=(\d{1,2})/day=(\d{1,2})/hour=(\d{1,2})/accountId=[a-zA-Z0-9]+/[a-zA-Z0-9_.-]+\.json\.gz",
    re.ASCII,
)
_WHOLE = msgspec.json.Decoder(msgspec.Raw)

FILTERS: dict[str, Filter] = {
    "ConversationId": Text(description="Only this conversation."),
    "AgentId": Text(description="Only this agent."),
    "EmployeeId": Text(description="Only the agent with this employee ID."),
    "SkillId": Text(description="Only this skill."),
    "GroupId": Text(description="Only this agent group."),
}


class Segments(CountedPages, LinkedPages):
    """Segments, whose filters are sent in both spellings: LivePerson's page has them with blanks in between."""

    def filters(self, query: Query) -> dict[str, Any]:
        given = super().filters(query)
        return {**given, **{name[0].lower() + name[1:]: value for name, value in given.items()}}


ACTUAL_HANDLE_TIME = Dataset(
    name="actual_handle_time",
    title="How long agents worked on each segment of a conversation",
    page="actual-handle-time-api-methods-get-agent-segments.html",
    request=RequestTemplate(service=SERVICE, path="/api/account/{account_id}/agent-segments"),
    access=ACCESS,
    reader=Segments(
        records="segments",
        next="pagination.references",
        count=("pagination.count",),
        page_size=MAX_PAGE_SIZE,
        # Whether the ends are inside is not documented.
        range=TimeRange(start="from", end="to", clock=ISO_MS),
    ),
    cursors=(Cursor("endTime", "Each segment once, in the window in which it ended."),),
    primary_key=("segmentId",),
    limits=Limits(max_range=timedelta(days=7), retention=KEPT, lag=LAG, refuses_older=True),
    columns={
        "segmentId": TEXT,
        "startTime": TIMESTAMP,
        # Milliseconds, or seconds in older answers; the texts beside them are exact.
        "startTimeL": INTEGER,
        "endTime": TIMESTAMP,
        "endTimeL": INTEGER,
        "conversationId": TEXT,
        "agentId": TEXT,
        "employeeId": TEXT,
        "skillId": TEXT,
        "groupId": TEXT,
        "endReason": TEXT,
        "totalHandleTimeMillis": INTEGER,
    },
    filters=FILTERS,
)


@dataclass(frozen=True, kw_only=True)
class BreakdownFiles(Files):
    """Reads files of the breakdown: a record is a line.

    :param path: the path of a file; its name is an argument.
    """

    path: str

    def listed(self, dataset: Dataset, answer: Answer) -> Iterator[ListedFile]:
        content = raw.values(answer.body, answer.content_type)
        names = content.get("files") if isinstance(content, dict) else None
        if not isinstance(names, list):
            raise InvalidResponseError("the answer is not what LivePerson documents: it has no list of files")
        for name in names:
            found = _PATH.fullmatch(name) if isinstance(name, str) else None
            if found is None:
                raise InvalidResponseError("the list of files holds something that is not the path of a file")
            yield ListedFile(_hour(found), self.file_request(dataset, name))

    def file_request(self, dataset: Dataset, name: str) -> ApiRequest:
        """The request for a file.

        :param dataset: the declaration.
        :param name: the file's path, as the list has it.
        """
        template = RequestTemplate(service=dataset.request.service, path=self.path)
        return template.make(params={"path": name, "source": SOURCE}, to_disk=True)

    def rows(self, content: bytes) -> Iterator[Line]:
        page = raw.read(_WHOLE, content)
        yield page.copy(page.content)


def _hour(path: re.Match[str]) -> int:
    """The hour in a file's path, epoch milliseconds."""
    year, month, day, hour = map(int, path.groups())
    try:
        return milliseconds(datetime(year, month, day, hour, tzinfo=UTC))
    except ValueError:
        raise InvalidResponseError("the list of files holds a path whose hour does not exist") from None


ACTUAL_HANDLE_TIME_BREAKDOWN = Dataset(
    name="actual_handle_time_breakdown",
    title="The pieces that handle times are made up of",
    page="actual-handle-time-api-methods-get-agent-segments-breakdown-files-list.html",
    request=RequestTemplate(service=SERVICE, path="/api/account/{account_id}/agent-segments/breakdown"),
    access=ACCESS,
    reader=BreakdownFiles(
        path="/api/account/{account_id}/agent-segments/files",
        range=TimeRange(start="from", end="to"),
        # The newest page wants texts. A wrong one is refused by either, and not passed over.
        other_range=TimeRange(start="from", end="to", clock=ISO_MS),
        no_files="no paths were found",
        may_lack_files=True,
        sends_source=True,
    ),
    cursors=(
        Cursor(
            "hour",
            "Each file once, in the window that holds the beginning of its hour: the hour in which the segments ended.",
        ),
    ),
    primary_key=("segmentId", "sequence"),
    limits=Limits(max_range=timedelta(days=1), retention=KEPT, lag=LAG, refuses_older=True),
    columns={
        "segmentId": TEXT,
        "sequence": INTEGER,
        "startReason": TEXT,
        "endReason": TEXT,
        "startTimestamp": TIMESTAMP,
        "endTimestamp": TIMESTAMP,
        "handleTimeMillis": INTEGER,
        "insertTimestamp": TIMESTAMP,
    },
)

DATASETS = (ACTUAL_HANDLE_TIME, ACTUAL_HANDLE_TIME_BREAKDOWN)
