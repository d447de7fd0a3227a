"""Data Access API: lists of hourly files, and the files (LivePerson pages ``data-access-api-*``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Api, Call, Endpoint, json_answer
from airflow_provider_liveperson.sandbox.apis.shapes import FileListing, Parameters, StoredFile
from airflow_provider_liveperson.sandbox.apis.shapes.files import avro, gzipped, json_lines, one_or_many
from airflow_provider_liveperson.sandbox.encoding import to_json
from airflow_provider_liveperson.sandbox.http.odd_text import spoil
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch
from airflow_provider_liveperson.sandbox.world import midnight_ms, milliseconds

HOUR_MS = 3_600_000
# A file of an hour may come in several parts.
_ROWS_PER_PART = 3
_PACKAGE = "com.liveperson.dataaccess."
_PATH = "/data_access_le/account/{account}/le"
_LINKS = ("self", "agentActivity", "webSession", "engagement", "survey", "schema")
_QUESTIONS = (
    ("How satisfied are you?", ("1", "2", "3", "4", "5"), 0, 3.5),
    ("What can we do better?", ("Nichts, danke", "もっと早く", 'Less "hold"', "two\nlines", "🚀"), 1, -1.0),
    ("Was your question answered?", ("Yes", "No"), 2, -1.0),
)

Row = dict[str, Any]


class DataAccessSwitches(Switches):
    """What LivePerson's pages leave open about Data Access."""

    data_access_surveys: int = switch(
        300, "surveys in Data Access files in total, spread evenly over the days", minimum=0, fixed=True
    )
    data_access_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that Data Access accepts"
    )
    data_access_no_files: Literal["404", "400"] = switch(
        "404", "the status of the answer `No Available Files`, for a range without files"
    )
    data_access_single: Literal["object", "list"] = switch(
        "object", "a single file in a list: as itself, or as a list of one"
    )
    data_access_names: Literal["gz", "bare"] = switch("gz", "whether names and links end in `.gz`")
    data_access_files: Literal["gzip", "plain"] = switch("gzip", "whether files are compressed")
    data_access_layout: Literal["lines", "concatenated", "list"] = switch(
        "lines", "how the JSON objects of a file follow each other"
    )
    data_access_tags: Literal["real", "sample"] = switch(
        "real",
        "which values stand in an object that names their type, as Avro's JSON has it: all of them, or those of"
        " LivePerson's sample",
    )
    data_access_zone: Literal["+00:00", "-04:00"] = switch(
        "+00:00", "the offset in which a list writes the scope of a file"
    )
    data_access_edges: Literal["outside", "inside"] = switch(
        "outside", "whether a list also has the files that end at `startTime` or begin at `endTime`"
    )


class DataAccessApi(Api[DataAccessSwitches]):
    """Files that are made every hour, of what has come in since."""

    name, title, prefix = "data_access", "Data Access", "data_access"
    switches_type = DataAccessSwitches
    hosts = ("dataAccess",)
    datasets = ("data_access_survey",)
    data: FileListing

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves."""
        return [
            Endpoint(_PATH, self.base, reads="Data Access"),
            Endpoint(f"{_PATH}/survey", self.list_surveys, reads="Data Access surveys"),
            Endpoint(f"{_PATH}/survey/{{file}}", self.survey_file, reads="Data Access surveys"),
        ]

    def base(self, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le``: what else there is.

        :param call: the request.
        """
        links = [
            {"@href": _href(call.path if rel == "self" else f"{call.path}/{rel}"), "@rel": rel}
            for rel in _LINKS
        ]
        return json_answer({"le": {"@accountId": self.world.account_id, "link": links}})

    def list_surveys(self, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le/survey``: the files whose scope overlaps a range.

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
        edge = self.switches.data_access_edges == "inside"
        files = self.data.overlapping(start - edge, end + edge)
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

    def survey_file(self, call: Call) -> Answer:
        """``GET /data_access_le/account/{account}/le/survey/{file}``: a file.

        :param call: the request.
        """
        try:
            file = self.data.find(call.places["file"].removesuffix(".gz"))
        except KeyError:
            raise Refusal(404, {"message": "No such file"}) from None
        content = spoil(file.content(), self.sandbox.settings.odd_text)
        if self.switches.data_access_files == "plain":
            return Answer(body=content, media_type="application/octet-stream")
        return Answer(body=gzipped(content), media_type="application/gzip")

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return the surveys in the files whose scope begins in the window, each with its header and class."""
        return [
            {**row, "_header": header, "_type": "SurveyData"}
            for file in self.data.beginning(milliseconds(start), milliseconds(end))
            for header, row in self._surveys[file.name]
        ]

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Let one file more appear for an hour that has been listed before.

        :param dataset: the only one.
        :param count: how many surveys it holds.
        :param when: an instant of the hour; default: the present.
        """
        moment = int(self.sandbox.now() * 1000) if when is None else milliseconds(when)
        self._inserted += 1
        rows = [
            self._invent(f"inserted/{self._inserted}/{number}", moment - HOUR_MS) for number in range(count)
        ]
        self.data.add([self._file(moment // HOUR_MS * HOUR_MS, 900 + self._inserted, rows)])
        return [row for _, row in rows]

    def reset(self) -> None:
        """Make the first files."""
        self._inserted = 0
        self._surveys: dict[str, list[tuple[Row, Row]]] = {}
        hours: dict[int, list[tuple[Row, Row]]] = {}
        for day, count in self.world.spread(self.switches.data_access_surveys):
            for number in range(count):
                label = f"{day}/{number}"
                chance = self.world.source(f"data access survey/{label}/time")
                made_at = midnight_ms(day) + number % 24 * HOUR_MS + chance.randrange(HOUR_MS)
                # Up to six hours after the session was closed.
                rows = hours.setdefault(made_at // HOUR_MS * HOUR_MS, [])
                rows.append(self._invent(label, made_at - chance.randrange(6 * HOUR_MS)))
        self.data = FileListing(
            self._file(hour, part, rows[first : first + _ROWS_PER_PART])
            for hour, rows in sorted(hours.items())
            for part, first in enumerate(range(0, len(rows), _ROWS_PER_PART))
        )

    def sizes(self) -> dict[str, int]:
        """Return how many surveys there are."""
        return {"data_access_surveys": sum(map(len, self._surveys.values()))}

    def summary(self) -> str:
        """Say how many files there are."""
        return f"{len(self.data)} Data Access files"

    def _file(self, hour: int, part: int, rows: list[tuple[Row, Row]]) -> StoredFile:
        end = hour + HOUR_MS
        name = f"Survey.{hour}.{end}.part-{part:05d}-0"
        self._surveys[name] = rows
        return StoredFile(name=name, start=hour, end=end, content=lambda: self._content(hour, end, rows))

    def _listed(self, call: Call, file: StoredFile) -> dict[str, str]:
        name = file.name + (".gz" if self.switches.data_access_names == "gz" else "")
        sign = -1 if self.switches.data_access_zone.startswith("-") else 1
        zone = timezone(sign * timedelta(hours=int(self.switches.data_access_zone[1:3])))
        return {
            "@name": name,
            "@scopeStartDate": _text(file.start, zone),
            "@scopeEndDate": _text(file.end, zone),
            "@href": _href(f"{call.path}/{name}"),
        }

    def _content(self, start: int, end: int, rows: Iterable[tuple[Row, Row]]) -> bytes:
        """A file: an object for each survey, with all that stands around it."""
        objects = [self._written(start, end, header, row) for header, row in rows]
        layout = self.switches.data_access_layout
        if layout == "list":
            return to_json(objects)
        return json_lines(objects, separator=b"\n" if layout == "lines" else b"")

    def _written(self, start: int, end: int, header: Row, row: Row) -> Row:
        is_real = self.switches.data_access_tags == "real"

        def of_class(name: str, value: Mapping[str, Any]) -> Any:
            return {_PACKAGE + name: value} if is_real else value

        contents = [of_class("SurveyContent", _tagged(item)) for item in row["contents"]]
        survey = {**_tagged({key: value for key, value in row.items() if key != "contents"})}
        survey["contents"] = {"array": contents}
        body = {
            "header": of_class("VisitorHeader", _tagged(header)),
            "surveys": {"array": [of_class("Survey", survey)]},
        }
        records = [{"body": {_PACKAGE + "SurveyData": body}}]
        about = {
            "accountId": self.world.account_id,
            "schemaVersion": "1.0.0.22",
            "startTime": start,
            "endTime": end,
        }
        return {
            "dataType": {_PACKAGE + "DataTypeEnum": "Survey"},
            "metaData": of_class("MetaData", _tagged(about)),
            "recordCollection": {"array": records} if is_real else records,
        }

    def _invent(self, label: str, seen_at: int) -> tuple[Row, Row]:
        """Invent the header and the fields of a survey."""
        chance = self.world.source(f"data access survey/{label}")
        visit = "" if chance.random() < 0.1 else f"{chance.getrandbits(48):012x}"
        contents: list[Row] = []
        for question, answers, answer_type, threshold in _QUESTIONS[: chance.randint(1, 3)]:
            contents.append(
                {
                    "question": question,
                    "answer": chance.choice(answers),
                    "answerSubmitTime": seen_at + 1000 * (1 + len(contents)),
                    "surveyName": "Après-chat",
                    "answerType": answer_type,
                    "csatThreshold": threshold,
                }
            )
        header = {
            "visitId": visit,
            "visitorId": "" if not visit else f"{chance.getrandbits(64):016x}",
            "contextId": None if chance.random() < 0.3 else "1",
        }
        survey = {
            "id": 3200 + chance.randrange(4),
            "type": chance.choice((1, 2, 3, 4)),
            "viewTime": seen_at,
            "conversationId": f"{chance.getrandbits(128):032x}",
            "contents": contents,
        }
        return header, survey


def _tagged(values: Mapping[str, Any]) -> Row:
    return {name: avro(value) for name, value in values.items()}


def _text(moment: int, zone: timezone) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone).isoformat()


def _href(path: str) -> str:
    # Links lead to a host that is not the one of LivePerson's pages.
    return f"https://va-a.da.liveperson.net{path}"
