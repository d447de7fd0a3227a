"""Net Handle Time: how much work a skill's conversations were, in intervals.

LivePerson page: `net-handle-time-api-methods-get-net-handle-time-by-skill.html`, version 2, which has pages of skills.
LivePerson switches it on for accounts that ask. Numbers may change for 8 hours after they first appear; -1 is no
data. The last five numbers are computed by the hour, and repeated in shorter intervals. No unit is documented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from airflow_provider_liveperson.datasets.le_data_reporting import API_KEY_ONLY, FOLDER, SERVICE
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Text, Texts
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.intervals import END, START, instant
from airflow_provider_liveperson.datasets.readers.nested_pages import NestedPages, NestedRecord
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import INTEGER, NUMBER, TEXT, TIMESTAMP
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.records.values import identifier
from airflow_provider_liveperson.window import stamp

MAX_PAGE_SIZE = 10
SKILL = "_skill_id"

_BLANK = b" \t\r\n"


class _Skill(msgspec.Struct):
    metricsByIntervals: list[msgspec.Raw] | None
    skillId: str | int | float | None = None


class _Interval(msgspec.Struct):
    epochTimestamp: Any = None
    timestamp: Any = None


_SKILL = msgspec.json.Decoder(_Skill)
_INTERVAL = msgspec.json.Decoder(_Interval)


@dataclass(frozen=True, kw_only=True)
class SkillPages(NestedPages):
    """Reads pages of skills: a row for each interval of each skill.

    LivePerson answers with the interval that begins at the end of the range, too: it belongs to the next window.
    """

    def asked(self, query: Query, slice_: Slice) -> dict[str, Any]:
        asked = super().asked(query, slice_)
        assert self.range is not None
        whole = self.range.in_whole(self._length(query))
        return {**asked, **whole.arguments(slice_.bounds[query.cursor])}

    def rows(self, line: Line, query: Query, slice_: Slice) -> Iterator[NestedRecord]:
        window, length = slice_.bounds[query.cursor], self._length(query)
        try:
            page = raw.read(_SKILL, bytes(line))
            intervals = [(_INTERVAL.decode(one), one) for one in page.content.metricsByIntervals or []]
        except msgspec.DecodeError as error:
            raise InvalidResponseError(f"the answer is not what LivePerson documents ({error})") from error
        skill = identifier(page.content.skillId)
        if skill is None:
            raise InvalidResponseError("a skill has no skillId")
        for named, one in intervals:
            start = instant(named.epochTimestamp) or instant(named.timestamp)
            if start is None:
                raise InvalidResponseError("an interval has no readable epochTimestamp")
            inside = bytes(one).strip(_BLANK)[1:].lstrip(_BLANK)
            placed = {SKILL: skill, START: stamp(start), END: stamp(start + length)}
            row = b"%b,%b" % (msgspec.json.encode(placed)[:-1], inside)
            yield NestedRecord(start, page.copy(msgspec.Raw(row)), window.start <= start < window.end)

    def _length(self, query: Query) -> timedelta:
        return timedelta(minutes=int(query.filters.get("interval", self.arguments["interval"])))


NET_HANDLE_TIME = Dataset(
    name="net_handle_time",
    title="Net handle time of skills, in intervals of 15 minutes",
    page="net-handle-time-api-methods-get-net-handle-time-by-skill.html",
    request=RequestTemplate(service=SERVICE, path=f"{FOLDER}/nht", params={"v": "2"}),
    access=API_KEY_ONLY,
    reader=SkillPages(
        records="skillInfo",
        id="skillId",
        count=("_metadata.count",),
        page_size=MAX_PAGE_SIZE,
        range=TimeRange(start="fromMillis", end="toMillis"),
        arguments={"interval": 15},
    ),
    cursors=(
        Cursor("interval", "Each interval once, in the window in which it begins.", field="epochTimestamp"),
    ),
    primary_key=(SKILL, START, END),
    limits=Limits(
        max_range=timedelta(days=7), retention=timedelta(weeks=9), lag=timedelta(hours=8), refuses_older=True
    ),
    columns={
        SKILL: TEXT,
        START: TIMESTAMP,
        END: TIMESTAMP,
        # Without a zone; UTC.
        "timestamp": TEXT,
        "epochTimestamp": TIMESTAMP,
        "arrivals": INTEGER,
        "avgTimeInQueue": NUMBER,
        "totalAgentSegmentDuration": NUMBER,
        "avgAgentSegmentDuration": NUMBER,
        "avgAvailableLoad": NUMBER,
        "messagesSent": INTEGER,
        "handledSegments": INTEGER,
        "avgSegmentWorkTime": NUMBER,
        "netHandleTime": NUMBER,
    },
    filters={
        "interval": Text(
            description="Length of an interval in minutes. Default: 15.", choices=("15", "30", "60")
        ),
        "skillIds": Texts(description="Only these skills."),
    },
)

DATASETS = (NET_HANDLE_TIME,)
