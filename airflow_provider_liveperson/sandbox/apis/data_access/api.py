"""Data Access API: lists of hourly files, and the files (LivePerson pages ``data-access-api-*``)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.data_access.bodies import PACKAGE, Body, Typed, tagged
from airflow_provider_liveperson.sandbox.apis.data_access.kinds import KINDS, FileKind
from airflow_provider_liveperson.sandbox.apis.data_access.switches import DataAccessSwitches
from airflow_provider_liveperson.sandbox.apis.shapes import FileListing, Parameters, StoredFile
from airflow_provider_liveperson.sandbox.apis.shapes.files import gzipped, json_lines, one_or_many
from airflow_provider_liveperson.sandbox.encoding import to_json
from airflow_provider_liveperson.sandbox.http.odd_text import spoil
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.world import midnight_ms, milliseconds

HOUR_MS = 3_600_000
# Between the start of a file's scope, which is an hour, and the moment at which the file is made.
_MADE_AFTER_MS = HOUR_MS + 300_000
# A file of an hour may come in several parts.
_LINES_PER_PART = 3
_PATH = "/data_access_le/account/{account}/le"
_LINKS = ("self", "agentActivity", "webSession", "engagement", "survey", "schema")

Line = list[Body]


class DataAccessApi(Api[DataAccessSwitches]):
    """Files that are made every hour, of what has come in since."""

    name, title, prefix = "data_access", "Data Access", "data_access"
    switches_type = DataAccessSwitches
    hosts = ("dataAccess",)
    datasets = tuple(kind.dataset for kind in KINDS)

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        made = [Endpoint(_PATH, self.base, reads="Data Access")]
        for kind in KINDS:
            reads = f"Data Access {kind.noun}s"
            made += [
                Endpoint(f"{_PATH}/{kind.path}", partial(self.list_files, kind), reads=reads),
                Endpoint(f"{_PATH}/{kind.path}/{{file}}", partial(self.file, kind), reads=reads),
            ]
        return made

    def base(self, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le``: what else there is.

        :param call: the request.
        """
        links = [
            {"@href": _href(call.path if rel == "self" else f"{call.path}/{rel}"), "@rel": rel}
            for rel in _LINKS
        ]
        return json_answer({"le": {"@accountId": self.world.account_id, "link": links}})

    def list_files(self, kind: FileKind, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le/survey`` and the like: the files whose scope overlaps a range.

        :param kind: of which kind.
        :param call: the request.
        """
        parameters = Parameters(call.parameters)
        parameters.require("startTime", "endTime")
        start, end = parameters.milliseconds("startTime"), parameters.milliseconds("endTime")
        if start is not None and end is not None and start > end:
            parameters.wrong("startTime", "must not be after endTime")
        parameters.check()
        assert start is not None
        assert end is not None
        listing = self._files(kind)
        if self.switches.data_access_range == "made":
            files = listing.beginning(start - _MADE_AFTER_MS, end - _MADE_AFTER_MS)
        else:
            edge = self.switches.data_access_edges == "inside"
            files = listing.overlapping(start - edge, end + edge)
        if not files:
            raise Refusal(int(self.switches.data_access_no_files), {"message": "No Available Files"})
        return json_answer(
            {
                "dataAccessFiles": {
                    "@id": self.world.account_id,
                    "link": {"@href": _href(call.path), "@rel": "self"},
                    "file": one_or_many(
                        [self._listed(call, file) for file in files],
                        single_as_object=self.switches.data_access_single == "object",
                    ),
                }
            }
        )

    def file(self, kind: FileKind, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le/survey/{file}`` and the like: a file.

        :param kind: of which kind.
        :param call: the request.
        """
        try:
            file = self._files(kind).find(call.places["file"].removesuffix(".gz"))
        except KeyError:
            raise Refusal(404, {"message": "No such file"}) from None
        content = spoil(file.content(), self.sandbox.settings.odd_text)
        if self.switches.data_access_files == "plain":
            return Answer(body=content, media_type="application/octet-stream")
        return Answer(body=gzipped(content), media_type="application/gzip")

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the rows in the files whose scope begins in the window, each with its header and class."""
        return [
            row
            for file in self._files(_kind(dataset)).beginning(milliseconds(start), milliseconds(end))
            for line in self._lines[file.name]
            for body in line
            for row in body.read()
        ]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Let one file more appear for an hour that has been listed before.

        :param dataset: which one.
        :param count: how many lines it holds.
        :param when: an instant of the hour; default: the present.
        """
        kind = _kind(dataset)
        moment = int(self.sandbox.now() * 1000) if when is None else milliseconds(when)
        files = self._files(kind)
        self._inserted += 1
        lines = [
            self._invent(kind, f"inserted/{self._inserted}/{number}", moment - HOUR_MS)
            for number in range(count)
        ]
        files.add([self._file(kind, moment // HOUR_MS * HOUR_MS, 900 + self._inserted, lines)])
        return [row for line in lines for body in line for row in body.read()]

    def reset(self) -> None:
        """Forget all files; they are made when a kind of them is asked for."""
        self._lock = threading.RLock()
        self._inserted = 0
        self._listings: dict[str, FileListing] = {}
        self._lines: dict[str, list[Line]] = {}

    def sizes(self) -> dict[str, int]:
        """Return how many lines there are in all files of a kind."""
        return {kind.size: getattr(self.switches, kind.size) for kind in KINDS}

    def summary(self) -> str:
        """Say what the files hold."""
        parts = [f"{count} {kind.noun}s" for kind, count in zip(KINDS, self.sizes().values(), strict=True)]
        return f"Data Access files of {', '.join(parts)}"

    def _files(self, kind: FileKind) -> FileListing:
        with self._lock:
            if kind.dataset not in self._listings:
                self._listings[kind.dataset] = self._make(kind)
            return self._listings[kind.dataset]

    def _make(self, kind: FileKind) -> FileListing:
        """Make the first files of a kind."""
        hours: dict[int, list[Line]] = {}
        for day, count in self.world.spread(getattr(self.switches, kind.size)):
            for number in range(count):
                label = f"{day}/{number}"
                chance = self.world.source(f"data access {kind.noun}/{label}/time")
                made_at = midnight_ms(day) + kind.hour(number) * HOUR_MS + chance.randrange(HOUR_MS)
                # Up to six hours after the session was closed.
                lines = hours.setdefault(made_at // HOUR_MS * HOUR_MS, [])
                lines.append(self._invent(kind, label, made_at - chance.randrange(6 * HOUR_MS)))
        return FileListing(
            self._file(kind, hour, part, lines[first : first + _LINES_PER_PART])
            for hour, lines in sorted(hours.items())
            for part, first in enumerate(range(0, len(lines), _LINES_PER_PART))
        )

    def _invent(self, kind: FileKind, label: str, seen_at: int) -> Line:
        return kind.invent(self.world, self.world.source(f"data access {kind.noun}/{label}"), seen_at)

    def _file(self, kind: FileKind, hour: int, part: int, lines: list[Line]) -> StoredFile:
        end = hour + HOUR_MS
        name = f"{kind.prefix}.{hour}.{end}.part-{part:05d}-0"
        self._lines[name] = lines
        return StoredFile(
            name=name, start=hour, end=end, content=lambda: self._content(kind, hour, end, lines)
        )

    def _listed(self, call: Call, file: StoredFile) -> dict[str, str]:
        names = self.switches.data_access_names
        name = file.name + (".gz" if names == "gz" else "")
        linked = file.name + ("" if names == "bare" else ".gz")
        sign = -1 if self.switches.data_access_zone.startswith("-") else 1
        zone = timezone(sign * timedelta(hours=int(self.switches.data_access_zone[1:3])))
        return {
            "@name": name,
            "@scopeStartDate": _text(file.start, zone),
            "@scopeEndDate": _text(file.end, zone),
            "@href": _href(f"{call.path}/{linked}"),
        }

    def _content(self, kind: FileKind, start: int, end: int, lines: Sequence[Line]) -> bytes:
        """A file: an object for each line, with all that stands around it."""
        objects = [self._written(kind, start, end, line) for line in lines]
        layout = self.switches.data_access_layout
        if layout == "list":
            return to_json(objects)
        return json_lines(objects, separator=b"\n" if layout == "lines" else b"")

    def _written(self, kind: FileKind, start: int, end: int, line: Line) -> dict[str, Any]:
        is_real = self.switches.data_access_tags == "real"
        shape = self.switches.data_access_bodies
        about = {
            "accountId": self.world.account_id,
            "schemaVersion": "1.0.0.22",
            "startTime": start,
            "endTime": end,
        }
        records = [body.written(is_real=is_real, shape=shape) for body in line]
        return {
            "dataType": {PACKAGE + "DataTypeEnum": kind.data_type},
            "metaData": tagged(Typed("MetaData", about), is_real),
            "recordCollection": {"array": records} if is_real else records,
        }


def _kind(dataset: str) -> FileKind:
    (kind,) = (kind for kind in KINDS if kind.dataset == dataset)
    return kind


def _text(moment: int, zone: timezone) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone).isoformat()


def _href(path: str) -> str:
    # Links lead to a host that is not the one of LivePerson's pages.
    return f"https://va-a.da.liveperson.net{path}"
