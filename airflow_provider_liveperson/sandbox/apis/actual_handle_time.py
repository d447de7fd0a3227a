"""Actual Handle Time API: segments of conversations, and files of what their times are made up of
(``actual-handle-time-api-*``)."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import (
    PAGE_FAULTS,
    FileListing,
    PagedSearch,
    Parameters,
    StoredFile,
)
from airflow_provider_liveperson.sandbox.apis.shapes.files import gzipped, json_lines
from airflow_provider_liveperson.sandbox.apis.shapes.pages import drifted, references
from airflow_provider_liveperson.sandbox.http.odd_text import spoil
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.instants import iso_text
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import World, midnight_ms, milliseconds

HOUR_MS = 3_600_000
_INTERNAL = "http://localhost:4080"
_SEGMENTS = "/api/account/{account}/agent-segments"
_FILE = re.compile(
    r"/year=\d{4}/month=\d{1,2}/day=\d{1,2}/hour=\d{1,2}/accountId=[a-zA-Z0-9]+/[a-zA-Z0-9_.-]+\.json\.gz",
    re.ASCII,
)
_SORTS = ("Date", "Conversation", "Agent", "Employee", "Skill", "Group")
_FILTERS = ("ConversationId", "AgentId", "EmployeeId", "SkillId", "GroupId")
_END_REASONS = (
    "closedByConsumer", "closedByAgent", "closedBySystem", "agentTransfer", "skillTransfer", "backToQueue", "other",
)  # fmt: skip

Row = dict[str, Any]


class ActualHandleTimeSwitches(Switches):
    """Switches of Actual Handle Time."""

    handle_time_segments: int = switch(
        300, "agents' segments of conversations in total, spread evenly over the days", minimum=0, fixed=True
    )
    handle_time_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that Actual Handle Time accepts"
    )
    handle_time_limit_max: int = switch(500, "the largest `limit` of segments", minimum=1)
    handle_time_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    handle_time_pagination: Literal["newest", "absent"] = switch(
        "newest", "whether an answer has `pagination`, with a count and links; an older version has none"
    )
    handle_time_to: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether a segment that ended at the very moment `to` is in the answer"
    )
    handle_time_epochs: Literal["milliseconds", "seconds"] = switch(
        "milliseconds", "the unit of `startTimeL` and `endTimeL`; an older sample has seconds"
    )
    handle_time_filters: Literal["capitals", "camel"] = switch(
        "capitals", "the names of filters: `AgentId`, or `agentId`"
    )
    handle_time_list_range: Literal["milliseconds", "text"] = switch(
        "milliseconds",
        "how the list of files takes `from` and `to`: epoch milliseconds, or text as in RFC 3339",
    )
    handle_time_list_gaps: Literal["206", "200"] = switch(
        "206", "the status of a list where some hours of the range have no files"
    )
    handle_time_no_files: Literal["404", "empty"] = switch(
        "404", "a range without any file: a 404 that says so, or an empty list"
    )
    handle_time_files: Literal["gzip", "plain"] = switch("gzip", "whether files are compressed")


@dataclass(frozen=True)
class Segment:
    """A segment, and what its time is made up of."""

    row: Row
    pieces: list[Row]

    @property
    def end(self) -> int:
        """When it ended, epoch milliseconds."""
        return int(self.row["endTimeL"])


class ActualHandleTimeApi(Api[ActualHandleTimeSwitches]):
    """How long agents worked on segments of conversations."""

    name, title, prefix = "actual_handle_time", "Actual Handle Time", "handle_time"
    switches_type = ActualHandleTimeSwitches
    services = ("agentActivityDomain",)
    datasets = ("actual_handle_time", "actual_handle_time_breakdown")
    faults = {"count_drift": PAGE_FAULTS["count_drift"]}
    data: list[Segment]

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        return [
            Endpoint(_SEGMENTS, self.segments, reads="agents' segments"),
            Endpoint(f"{_SEGMENTS}/breakdown", self.list_files, reads="the breakdown of segments"),
            Endpoint(f"{_SEGMENTS}/files", self.file, reads="the breakdown of segments"),
        ]

    def segments(self, call: Call) -> Answer:
        """``GET /api/account/{account}/agent-segments``: a page of segments.

        :param call: the request.
        """
        switches, parameters = self.switches, self._parameters(call)
        start, end = self._window(parameters, timedelta(days=7))
        bounds = PagedSearch(
            default_limit=100,
            max_limit=switches.handle_time_limit_max,
            over_limit=switches.handle_time_over_limit,
            offset_ignored=self.sandbox.settings.offset_ignored,
        ).bounds(parameters)
        parameters.choice("sort", _SORTS, "Date")
        wanted = {name: parameters.words(self._filter_name(name)) for name in _FILTERS}
        parameters.check()
        found = [
            segment.row
            for segment in reversed(self.data)
            if start <= segment.end < end + (switches.handle_time_to == "inclusive")
            and all(
                words is None or str(segment.row[name[0].lower() + name[1:]]) in words
                for name, words in wanted.items()
            )
        ]
        answer: Row = {
            "timeframe": {
                "startTime": iso_text(start), "startTimeL": start, "endTime": iso_text(end), "endTimeL": end
            },
            "segments": [self._as_answered(row) for row in bounds.cut(found)],
        }  # fmt: skip
        if switches.handle_time_pagination == "newest":
            answer["pagination"] = {
                "count": drifted(len(found), call.fault),
                "references": references(_INTERNAL, call, bounds, len(found)),
            }
        return json_answer(answer)

    def list_files(self, call: Call) -> Answer:
        """``GET /api/account/{account}/agent-segments/breakdown``: the files of the hours of a range.

        :param call: the request.
        """
        switches, parameters = self.switches, self._parameters(call)
        is_text = switches.handle_time_list_range == "text"
        present = int(self.present * 1000)
        start, end = parameters.window(
            "from",
            "to",
            max_range=timedelta(days=7 if is_text else 1),
            read="instant" if is_text else "milliseconds",
            default=(present - 24 * HOUR_MS, present),
        )
        self._check_reach(parameters, start)
        parameters.check()
        files = self._files.overlapping(start, end)
        if not files and switches.handle_time_no_files == "404":
            raise Refusal(404, {"message": "no paths were found in hdfs for the given timeframe"})
        hours = range(start // HOUR_MS * HOUR_MS, end, HOUR_MS)
        has_gaps = len({file.start for file in files}) < len(hours)
        return json_answer(
            {
                "timeframe": {"startTime": iso_text(start), "endTime": iso_text(end)},
                "files": [file.name for file in files],
            },
            status=206 if has_gaps and switches.handle_time_list_gaps == "206" else 200,
        )

    def file(self, call: Call) -> Answer:
        """``GET /api/account/{account}/agent-segments/files``: a file.

        :param call: the request.
        """
        parameters = self._parameters(call)
        parameters.require("path")
        path = call.parameters.get("path", "")
        if "path" in parameters and not _FILE.fullmatch(path):
            parameters.wrong("path", f"must match ^{_FILE.pattern}$")
        parameters.check()
        try:
            content = spoil(self._files.find(path).content(), self.sandbox.settings.odd_text)
        except KeyError:
            raise Refusal(404, {"message": "no such path"}) from None
        if self.switches.handle_time_files == "plain":
            return Answer(body=content, media_type="application/json")
        return Answer(body=gzipped(content), media_type="application/gzip")

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the segments that ended in the window, or the lines of the files of the hours that begin in it."""
        first, last = milliseconds(start), milliseconds(end)
        if dataset == "actual_handle_time":
            return [
                self._as_answered(segment.row)
                for segment in reversed(self.data)
                if first <= segment.end < last
            ]
        return [row for file in self._files.beginning(first, last) for row in self._lines[file.name]]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add segments that ended at one moment, with a file of their breakdown.

        :param dataset: either one.
        :param count: how many.
        :param when: when they ended; default: the present.
        """
        moment = int(self.present * 1000) if when is None else milliseconds(when)
        with self._lock:
            self._inserted += 1
            made = [
                _segment(self.world, f"inserted/{self._inserted}/{number}", moment) for number in range(count)
            ]
            self.data = sorted(
                [*self.data, *made], key=lambda segment: (segment.end, segment.row["segmentId"])
            )
            self._files.add([self._file(moment // HOUR_MS * HOUR_MS, 90 + self._inserted, made)])
        return [self._as_answered(segment.row) for segment in made]

    def reset(self) -> None:
        """Make the first segments and files."""
        self._lock = threading.Lock()
        self._inserted = 0
        self._lines: dict[str, list[Row]] = {}
        made = [
            _segment(self.world, f"{day}/{number}", _end(self.world, day, number))
            for day, count in self.world.spread(self.switches.handle_time_segments)
            for number in range(count)
        ]
        self.data = sorted(made, key=lambda segment: (segment.end, segment.row["segmentId"]))
        hours: dict[int, list[Segment]] = {}
        for segment in self.data:
            hours.setdefault(segment.end // HOUR_MS * HOUR_MS, []).append(segment)
        self._files = FileListing(
            self._file(hour, part, segments[part::2])
            for hour, segments in hours.items()
            for part in range(min(2, len(segments)))
        )

    def sizes(self) -> dict[str, int]:
        """Return how many segments there are."""
        return {"handle_time_segments": len(self.data)}

    def summary(self) -> str:
        """Say how many segments there are."""
        return f"{len(self.data)} agents' segments"

    def _parameters(self, call: Call) -> Parameters:
        parameters = Parameters(call.parameters)
        if source := call.source_error(self.sandbox.settings.source_rule):
            parameters.causes.append(source)
        return parameters

    def _window(self, parameters: Parameters, longest: timedelta) -> tuple[int, int]:
        """Read ``from`` and ``to``, or ``fromMillis`` and ``toMillis``; without either, the last 24 hours."""
        for text, number in (("from", "fromMillis"), ("to", "toMillis")):
            if text in parameters and number in parameters:
                parameters.wrong(text, f"must not be given together with {number}")
        present = int(self.present * 1000)
        if "fromMillis" in parameters or "toMillis" in parameters:
            start, end = parameters.window("fromMillis", "toMillis", max_range=longest)
        else:
            start, end = parameters.window(
                "from",
                "to",
                max_range=longest,
                read="instant",
                default=(present - 24 * HOUR_MS, present),
            )
        self._check_reach(parameters, start)
        return start, end

    def _check_reach(self, parameters: Parameters, start: int) -> None:
        if start and start < self.present * 1000 - timedelta(days=31) / timedelta(milliseconds=1):
            parameters.wrong("from", "must be no more than 1 month in the past")

    def _filter_name(self, name: str) -> str:
        return name if self.switches.handle_time_filters == "capitals" else name[0].lower() + name[1:]

    def _as_answered(self, row: Row) -> Row:
        if self.switches.handle_time_epochs == "milliseconds":
            return row
        return {**row, "startTimeL": row["startTimeL"] // 1000, "endTimeL": row["endTimeL"] // 1000}

    def _file(self, hour: int, part: int, segments: list[Segment]) -> StoredFile:
        at = datetime.fromtimestamp(hour / 1000, UTC)
        stamp = at + timedelta(hours=20)
        name = (
            f"/year={at.year}/month={at.month}/day={at.day}/hour={at.hour}/accountId={self.world.account_id}"
            f"/sequences.{hour + 20 * HOUR_MS}.{stamp:%Y%m%d%H%M%S}.{part:05d}.json.gz"
        )
        self._lines[name] = [row for segment in segments for row in segment.pieces]
        return StoredFile(
            name=name, start=hour, end=hour + HOUR_MS, content=lambda: json_lines(self._lines[name])
        )


def _end(world: World, day: date, number: int) -> int:
    """When a segment of a day ends: in shifts, so that some hours have none."""
    chance = world.source(f"handle time/{day}/{number}/time")
    return midnight_ms(day) + (23 + 5 * (number % 6)) % 24 * HOUR_MS + chance.randrange(HOUR_MS)


def _segment(world: World, label: str, end: int) -> Segment:
    chance = world.source(f"handle time/{label}")
    agent, skill = chance.choice(world.people), chance.choice(world.skills)
    begun = end - chance.randrange(60_000, 6 * HOUR_MS)
    conversation = f"{chance.getrandbits(128):032x}"
    group = agent["memberOf"]["agentGroupId"]
    tail = f"{chance.getrandbits(64):016x}"
    segment_id = f"{chance.randrange(10**6)}:{agent['id']}:{conversation}:{tail}"
    moments = sorted(chance.randrange(begun, end) for _ in range(2 * chance.randint(1, 3)))
    pieces: list[Row] = [
        {
            "segmentId": segment_id,
            "sequence": place // 2,
            "startReason": chance.choice(("consumerMessage", "agentFocus")),
            "endReason": chance.choice(("agentResponse", "idleTimeout", "segmentEnd")),
            "startTimestamp": moments[place],
            "endTimestamp": moments[place + 1],
            "handleTimeMillis": moments[place + 1] - moments[place],
            "insertTimestamp": end + 20 * HOUR_MS,
        }
        for place in range(0, len(moments), 2)
    ]
    row = {
        "segmentId": segment_id,
        "startTime": iso_text(begun),
        "startTimeL": begun,
        "endTime": iso_text(end),
        "endTimeL": end,
        "conversationId": conversation,
        "agentId": agent["id"],
        "employeeId": agent["employeeId"],
        "skillId": -1 if chance.random() < 0.1 else skill["id"],
        "groupId": group,
        "endReason": chance.choice(_END_REASONS),
        "totalHandleTimeMillis": sum(piece["handleTimeMillis"] for piece in pieces),
    }
    return Segment(row, pieces)
