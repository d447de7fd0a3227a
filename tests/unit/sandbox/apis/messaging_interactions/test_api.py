from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.sections import (
    DEFAULT_SECTIONS,
    SECTIONS,
)

UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
EVERYTHING = list(SECTIONS[1:])
SETTINGS = SandboxSettings(
    seed=7, audit_rows=0, status_changes=0, days=5, until=UNTIL.date(), conversations=250,
    messages_per_conversation=4, messaging_partial_share=0,
)  # fmt: skip


class Brand(SandboxServer):
    """A sandbox with the requests that these tests make of it."""

    def bearer(self) -> str:
        return (self.logins.lasting or [self.logins.open()])[0].bearer

    def post(self, method: str, body: Any, **parameters: Any) -> requests.Response:
        return requests.post(
            f"{self.url}/messaging_history/api/account/{self.settings.account_id}/conversations/{method}",
            params={"source": "Tests", **parameters},
            json=body,
            headers={"Authorization": f"Bearer {self.bearer()}"},
            timeout=10,
        )

    def refusal(self, body: Any, **parameters: Any) -> str:
        answer = self.post("search", body, **parameters)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["message"])

    def page(self, method: str, body: Any, **parameters: Any) -> dict[str, Any]:
        answer = self.post(method, body, **parameters)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def search(self, **filters: Any) -> list[dict[str, Any]]:
        """Everything that fits and started in the three months before the end, page by page, the oldest first."""
        body = {"start": span(UNTIL - 90 * DAY, UNTIL), **filters}
        records: list[dict[str, Any]] = []
        while True:
            page = self.page("search", body, offset=len(records), limit=100, sort="start:asc", v=2)
            records += page["conversationHistoryRecords"]
            assert page["_metadata"]["count"] >= len(records)
            if "next" not in page["_metadata"]:
                assert page["_metadata"]["count"] == len(records)
                return records

    def infos(self, **filters: Any) -> list[dict[str, Any]]:
        return [record["info"] for record in self.search(contentToRetrieve=[], **filters)]


@pytest.fixture(scope="module")
def running() -> Iterator[Brand]:
    with Brand(SETTINGS) as server:
        yield server


@pytest.fixture
def brand(running: Brand) -> Brand:
    running.reset()
    return running


@pytest.fixture
def start() -> Iterator[Callable[..., Brand]]:
    servers = []

    def started(**settings: Any) -> Brand:
        servers.append(Brand(SandboxSettings(**{**SETTINGS.public(), **settings})))
        servers[-1].start()
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def span(start: datetime, end: datetime) -> dict[str, int]:
    return {"from": ms(start), "to": ms(end)}


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record.get("info", record)["conversationId"] for record in records]


def test_pages_put_together_are_the_truth(brand: Brand) -> None:
    read = brand.search(contentToRetrieve=EVERYTHING)
    truth = brand.conversations.truth(UNTIL - 90 * DAY, UNTIL, "start")
    assert len(truth) > 230
    assert read == truth
    assert len(brand.conversations) == 250
    assert brand.conversations.ids[-len(truth) :] == ids(truth)


def test_some_started_months_before_the_first_day(brand: Brand) -> None:
    closed = brand.truth("messaging_interactions", UNTIL - 5 * DAY, UNTIL)
    months = [
        (UNTIL - datetime.fromtimestamp(record["info"]["startTimeL"] / 1000, UTC)).days // 30
        for record in closed
    ]
    assert 0 in months
    assert 6 <= max(months) <= 13


def test_cursors_of_the_truth(brand: Brand) -> None:
    start, end = UNTIL - 3 * DAY, UNTIL - 2 * DAY
    for cursor, field in (
        ("end", "conversationEndTimeL"),
        ("full_dialog_end", "fullDialogEndTimeL"),
        ("start", "startTimeL"),
    ):
        moments = [record["info"][field] for record in brand.conversations.truth(start, end, cursor)]
        assert moments == sorted(moments)
        assert len(moments) > 20
        assert ms(start) <= moments[0] < moments[-1] < ms(end)
    updated = brand.conversations.truth(start, end, "updated")
    since = {name for name in brand.conversations.ids if brand.conversations.update_time(name) >= start}
    assert set(ids(updated)) < since
    later = brand.conversations.truth(end, UNTIL, "start")
    assert since == set(ids(updated)) | set(ids(later))
    with pytest.raises(ValueError, match="cursor must be one of end, full_dialog_end, start, updated"):
        brand.conversations.truth(start, end, "close")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="aware"):
        brand.conversations.truth(datetime(2026, 1, 1), end)


def test_every_day_closes_on_its_edges(brand: Brand) -> None:
    for day in (UNTIL - 2 * DAY, UNTIL - DAY):
        closed = [item["info"]["conversationEndTimeL"] for item in brand.conversations.truth(day, day + DAY)]
        assert closed[0] == ms(day)
        assert closed[-1] == ms(day + DAY) - 1
        assert {ms(day + 5 * 60 * MINUTE), ms(day + 5 * 60 * MINUTE) - 1} <= set(closed)


def test_shapes_of_open_and_closed_ones(brand: Brand) -> None:
    infos = brand.infos()
    for info in infos:
        assert type(info["latestAgentId"]) is str
        assert type(info["latestSkillId"]) is int
        if info["status"] == "OPEN":
            assert (info["endTime"], info["endTimeL"]) == ("undefined", -1)
            assert not {"closeReason", "conversationEndTimeL", "fullDialogEndTimeL"} & set(info)
        else:
            assert (
                info["endTimeL"]
                == info["fullDialogEndTimeL"]
                >= info["conversationEndTimeL"]
                > info["startTimeL"]
            )
            moment = datetime.fromtimestamp(info["endTimeL"] / 1000, UTC)
            assert info["endTime"] == f"{moment:%Y-%m-%d %H:%M:%S}.{info['endTimeL'] % 1000:03}+0000"
    closed = [info for info in infos if info["status"] == "CLOSE"]
    surveyed = [info for info in closed if info["endTimeL"] > info["conversationEndTimeL"]]
    assert 5 < len(infos) - len(closed) < 30
    assert len(closed) / 5 < len(surveyed) < len(closed) / 2
    assert any(
        info["endTimeL"] // 86_400_000 > info["conversationEndTimeL"] // 86_400_000 for info in surveyed
    )
    assert {info["latestQueueState"] for info in infos} == {"ACTIVE", "IN_QUEUE"}


def test_content_is_as_awkward_as_it_gets(brand: Brand) -> None:
    records = brand.search()
    raw = json.dumps(records, ensure_ascii=False)
    for text in ("ログインできません", "שלום", "👍🏽", "\\r\\n", '\\"B\\"', "C:\\\\suivi"):
        assert text in raw
    kinds = {message["type"] for record in records for message in record["messageRecords"]}
    assert {"TEXT_PLAIN", "RICH_CONTENT", "LINK", "HOSTED_FILE"} <= kinds
    contents = [
        message["messageData"]["richContent"]["content"]
        for record in records
        for message in record["messageRecords"]
        if message["type"] == "RICH_CONTENT"
    ]
    assert json.loads(contents[0])["type"] == "vertical"
    assert any(record["transfers"] for record in records)


def test_staff_is_the_accounts_configuration(brand: Brand) -> None:
    infos = brand.infos()
    skills = {entity["id"] for entity in brand.config.truth("skills")}
    users = {entity["id"] for entity in brand.config.truth("users")}
    groups = {entity["id"] for entity in brand.config.truth("agent_groups")}
    assert {info["latestSkillId"] for info in infos} - {-1} <= skills
    assert {info["latestAgentId"] for info in infos} - {"-1"} <= users
    assert {info["latestAgentGroupId"] for info in infos} - {-1} <= groups


def test_the_same_for_the_same_seed_and_day_however_many_days_there_are(start: Callable[..., Brand]) -> None:
    def truth(**settings: Any) -> list[Any]:
        server = start(**settings)
        return server.conversations.truth(UNTIL - 3 * DAY, UNTIL)

    first = truth()
    assert first == truth()
    assert first == truth(days=3, conversations=150)
    fewer = truth(conversations=100)
    assert len(fewer) < len(first)
    assert {json.dumps(record) for record in fewer} < {json.dumps(record) for record in first}
    assert not set(ids(first)) & set(ids(truth(seed=8)))


def test_size_follows_the_messages(start: Callable[..., Brand]) -> None:
    def size(messages: int) -> float:
        server = start(conversations=40, messages_per_conversation=messages)
        return server.conversations.render_all() / 40

    assert 5_000 < size(1) < size(20) / 2 < 15_000
    assert size(40) < 60_000


@pytest.mark.parametrize(
    ("start_of", "end_of", "from_of", "to_of"),
    [
        # What is asked, in minutes and milliseconds after a closing at five o'clock, and what is meant.
        ((0, 0), (0, 0), (0, 0), (0, 0)),
        ((9, 59_999), (10, 1), (0, 0), (20, 0)),
        ((-10, 1), (-1, 0), (-10, 0), (0, 0)),
    ],
)
def test_ranges_are_rounded_outward_to_ten_minutes_and_include_both_ends(
    brand: Brand, start_of: Any, end_of: Any, from_of: Any, to_of: Any
) -> None:
    five = UNTIL - DAY + 300 * MINUTE

    def at(offset: tuple[int, int]) -> datetime:
        return five + offset[0] * MINUTE + timedelta(milliseconds=offset[1])

    brand.configure(messaging_end_filter="conversation_end_time")
    found = ids(brand.infos(end=span(at(start_of), at(end_of))))
    last = timedelta(milliseconds=1)
    within = set(ids(brand.conversations.truth(at(from_of), at(to_of) + last)))
    assert set(found) == within & set(ids(brand.infos()))
    assert len(found) >= 1


def test_the_start_range_is_rounded_too(brand: Brand) -> None:
    noon = UNTIL - DAY + 720 * MINUTE
    narrow = span(noon + timedelta(seconds=1), noon + timedelta(seconds=2))
    found = brand.page("search", {"start": narrow, "contentToRetrieve": []})["conversationHistoryRecords"]
    truth = brand.conversations.truth(noon, noon + 10 * MINUTE, "start")
    assert set(ids(found)) == set(ids(truth))
    assert [item["info"]["startTimeL"] for item in found].count(ms(noon)) == 2
    assert brand.page("search", {"start": span(noon, noon)})["_metadata"]["count"] == 2


def test_updates_are_found_from_a_rounded_moment_on(brand: Brand) -> None:
    since = UNTIL - DAY + 3 * MINUTE
    brand.conversations.insert(1, UNTIL - DAY + MINUTE)
    found = ids(brand.infos(latestUpdateTime={"from": ms(since)}))
    expected = {
        name for name in brand.conversations.ids if brand.conversations.update_time(name) >= UNTIL - DAY
    }
    assert set(found) == expected & set(ids(brand.infos()))
    closed_before = [
        item for item in brand.conversations.truth(UNTIL - 30 * DAY, UNTIL - DAY) if ids([item])[0] in found
    ]
    assert len(closed_before) >= 2


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "start is required"),
        ({"start": {"from": 1}}, "start.from and start.to are required"),
        ({"start": [1, 2]}, "start must be an object"),
        ({"start": {"from": "soon", "to": 2}}, "start.from must be epoch milliseconds"),
        ({"start": {"from": True, "to": 2}}, "start.from must be epoch milliseconds"),
        ({"start": {"from": 2, "to": 1}}, "start.from must not be before 1970 or after start.to"),
        ({"start": {"from": 2, "to": 10**17}}, "start is out of range"),
        ({"start": span(UNTIL - 93 * DAY, UNTIL)}, "The range of start must be at most 3 months"),
        ({"start": {"from": 1_700_000_000_000, "to": -1}}, "The range of start must be at most 3 months"),
        ({"start": span(UNTIL, UNTIL), "end": span(UNTIL - 93 * DAY, UNTIL)}, "The range of end"),
        ({"start": span(UNTIL, UNTIL), "fullDialogEndTime": {}}, "fullDialogEndTime.from and"),
        ({"start": span(UNTIL, UNTIL), "latestUpdateTime": {}}, "latestUpdateTime.from is required"),
        ({"start": span(UNTIL, UNTIL), "status": ["CLOSED"]}, "status must be a list of OPEN and CLOSE"),
        ({"start": span(UNTIL, UNTIL), "mcs": {"from": "high"}}, "mcs must have numbers"),
        ({"start": span(UNTIL, UNTIL), "skillIds": {"a": 1}}, "skillIds must be a list"),
        ({"start": span(UNTIL, UNTIL), "keyword": 4}, "keyword must be a string"),
        ({"start": span(UNTIL, UNTIL), "contentToRetrieve": "info"}, "contentToRetrieve must be a list"),
        ([], "The body must be a JSON object"),
    ],
)
def test_what_is_not_well_formed_is_refused(brand: Brand, body: Any, complaint: str) -> None:
    assert complaint in brand.refusal(body)


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"limit": 0}, "limit: must be a whole number of at least 1"),
        ({"offset": -1}, "offset: must be a whole number of at least 0"),
        ({"limit": "ten"}, "limit: must be"),
        ({"sort": "duration:asc"}, "sort must be start or end"),
        ({"sort": "start:up"}, "sort must be start or end"),
        ({"v": 3}, "v must be 1 or 2"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(brand: Brand, parameters: Any, complaint: str) -> None:
    assert complaint in brand.refusal({"start": span(UNTIL, UNTIL)}, **parameters)


def test_three_calendar_months_are_not_too_long_and_digits_may_be_text(brand: Brand) -> None:
    body = {"start": {"from": str(ms(UNTIL - 92 * DAY)), "to": str(ms(UNTIL))}}
    assert brand.page("search", body)["_metadata"]["count"] > 200
    open_end = {"start": {"from": ms(datetime.now(UTC) - DAY), "to": -1}}
    assert brand.page("search", open_end)["_metadata"]["count"] == 0
    brand.conversations.insert(3)
    assert brand.page("search", open_end)["_metadata"]["count"] == 3


@pytest.mark.parametrize("source", [None, "", "a" * 21, "two words", "ä"])
def test_the_source_is_demanded_or_not(brand: Brand, source: str | None) -> None:
    body = {"start": span(UNTIL, UNTIL)}
    assert "source" in brand.refusal(body, source=source)
    brand.configure(messaging_source="lenient")
    assert brand.page("search", body, source=source)


def test_the_account_and_the_credential_are_checked(brand: Brand) -> None:
    url = brand.url + "/messaging_history/api/account/{}/conversations/search?source=Tests"
    assert requests.post(url.format("70000001"), json={}, timeout=10).status_code == 401
    assert brand.post("search", {}).status_code == 400
    for method in ("search", "conversation/search", "consumer/search"):
        brand.configure(messaging_auth=["oauth1"])
        assert brand.post(method, {}).status_code == 401
        brand.configure(messaging_auth=["bearer"], missing_permission=["bearer"])
        refused = brand.post(method, {})
        assert refused.status_code == 403
        assert "conversation history" in refused.text
        brand.reset()


def test_links_lead_to_the_other_pages_of_an_inner_host(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL), "status": ["CLOSE", "OPEN"]}
    count = brand.page("search", body)["_metadata"]["count"]
    metadata = brand.page("search", body, limit=20, offset=20)["_metadata"]
    offsets = {"self": 20, "next": 40, "prev": 0, "last": (count - 1) // 20 * 20}
    for rel, offset in offsets.items():
        assert metadata[rel]["rel"] == rel
        assert metadata[rel]["href"] == (
            "http://localhost:4080/messaging_history/api/account/70000001/conversations/search"
            f"?source=Tests&limit=20&offset={offset}"
        )
    assert list(metadata) == ["count", "self", "next", "prev", "last", "shardsStatusResult"]
    assert metadata["shardsStatusResult"] == {"partialResult": False}
    last = brand.page("search", body, limit=20, offset=offsets["last"])
    assert "next" not in last["_metadata"]
    assert len(last["conversationHistoryRecords"]) == count - offsets["last"]
    beyond = brand.page("search", body, offset=count)
    assert (beyond["_metadata"]["count"], beyond["conversationHistoryRecords"]) == (count, [])


def test_a_page_has_fifty_and_at_most_a_hundred(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL)}
    assert len(brand.page("search", body)["conversationHistoryRecords"]) == 50
    assert len(brand.page("search", body, limit=101)["conversationHistoryRecords"]) == 100
    brand.configure(messaging_limit_over="reject")
    assert "less than or equal to 100" in brand.refusal(body, limit=101)
    assert len(brand.page("search", body, limit=100)["conversationHistoryRecords"]) == 100


def test_the_search_engine_does_not_page_deep(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL)}
    assert brand.post("search", body, offset=9_951).status_code == 500
    assert brand.post("search", body, offset=9_950).status_code == 200
    brand.configure(messaging_deep_limit=150)
    deep = brand.post("search", body, offset=101)
    assert (deep.status_code, deep.json()["internalCode"]) == (500, "0007")
    assert brand.page("search", body, offset=100)["_metadata"]["count"] > 150
    brand.configure(messaging_deep_error="400", messaging_count="capped")
    assert "together" in brand.refusal(body, offset=101)
    metadata = brand.page("search", body, offset=100)["_metadata"]
    assert metadata["count"] == 150
    assert "next" not in metadata
    brand.configure(messaging_deep_limit=None)
    assert brand.page("search", body, offset=101)["_metadata"]["count"] > 150


def test_nothing_found_is_an_empty_page_or_no_content(brand: Brand) -> None:
    body = {"start": span(UNTIL + DAY, UNTIL + DAY)}
    empty = brand.page("search", body)
    assert (empty["_metadata"]["count"], empty["conversationHistoryRecords"]) == (0, [])
    assert "last" not in empty["_metadata"]
    brand.configure(messaging_empty="204")
    for method, asked in (
        ("search", body),
        ("conversation/search", {"conversationId": "unknown"}),
        ("consumer/search", {"consumer": "unknown", "status": ["OPEN"]}),
    ):
        answer = brand.post(method, asked)
        assert (answer.status_code, answer.content) == (204, b"")
    assert brand.post("search", {"start": span(UNTIL - DAY, UNTIL)}).status_code == 200


def test_order(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL), "contentToRetrieve": []}

    def order(**parameters: Any) -> list[tuple[int, ...]]:
        found = brand.page("search", body, limit=100, **parameters)["conversationHistoryRecords"]
        return [(item["info"]["startTimeL"], item["info"]["endTimeL"]) for item in found]

    whole = sorted((item["startTimeL"], item["endTimeL"]) for item in brand.infos())
    starts = [start for start, _ in whole]
    assert [start for start, _ in order(sort="start:asc")] == starts[:100]
    assert [start for start, _ in order(sort="start:desc")] == starts[::-1][:100]
    ends = sorted(end for _, end in whole if end != -1)
    assert [end for _, end in order(sort="end")] == ends[:100]
    last = [end for _, end in order(sort="end:desc")]
    open_ones = last.count(-1)
    assert last == [-1] * open_ones + ends[::-1][: 100 - open_ones]
    assert order() == order(sort="start:desc")
    brand.configure(messaging_default_sort="end:asc")
    assert order() == order(sort="end:asc")


def test_only_the_sections_that_are_named_come(brand: Brand) -> None:
    def sections(version: int = 2, **body: Any) -> set[str]:
        found = brand.page("search", {"start": span(UNTIL - 60 * DAY, UNTIL), **body}, v=version, limit=100)
        return {name for record in found["conversationHistoryRecords"] for name in record}

    assert sections() == {"info", *DEFAULT_SECTIONS}
    assert sections(contentToRetrieve=EVERYTHING) == set(SECTIONS)
    assert sections(1, contentToRetrieve=EVERYTHING) == set(SECTIONS) - {"unAuthSdes"}
    assert sections(contentToRetrieve=["dialogs", "summary", "color"]) == {"info", "dialogs", "summary"}
    assert sections(contentToRetrieve=[]) == {"info"}
    brand.configure(messaging_unknown_filter="reject")
    body = {"start": span(UNTIL, UNTIL), "contentToRetrieve": ["dialogs", "color"]}
    assert brand.refusal(body) == "contentToRetrieve does not know color"
    assert len(DEFAULT_SECTIONS) == 14
    assert len(EVERYTHING) == 23


def values(records: list[dict[str, Any]], section: str, name: str) -> list[Any]:
    return [item[name] for record in records for item in record.get(section, [])]


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"status": ["OPEN"]}, lambda record: record["info"]["status"] == "OPEN"),
        ({"latestSkillIds": [440100, "440107"]}, lambda r: r["info"]["latestSkillId"] in (440100, 440107)),
        ({"skillIds": ["440114"]}, lambda r: "440114" in values([r], "skillChanges", "skillId")),
        ({"source": ["APP"]}, lambda r: r["info"]["source"] == "APP"),
        ({"device": ["DESKTOP", "NA"]}, lambda r: r["info"]["device"] in ("DESKTOP", "NA")),
        ({"mcs": {"from": 40, "to": "60"}}, lambda r: 40 <= r["info"]["mcs"] <= 60),
        ({"mcs": {"to": 9.5}}, lambda r: r["info"]["mcs"] <= 9),
        ({"alertedMcsValues": [-1]}, lambda r: r["info"]["alertedMCS"] == -1),
        ({"csat": {"from": 4}}, lambda r: r["info"].get("csatRate", 0) >= 4),
        ({"nps": {"from": 0}}, lambda r: "nps" in answers(r)),
        ({"fcr": ["yes"]}, lambda r: answers(r).get("fcr") == "yes"),
        ({"answerText": ["3"]}, lambda r: "3" in answers(r).values()),
        ({"duration": {"from": 600, "to": 7200}}, lambda r: 600_000 <= r["info"]["duration"] <= 7_200_000),
        ({"latestConversationQueueState": "IN_QUEUE"}, lambda r: r["info"]["latestQueueState"] == "IN_QUEUE"),
        ({"messageContentTypes": ["LINK"]}, lambda r: "LINK" in values([r], "messageRecords", "type")),
        ({"summary": "edited"}, lambda r: "Edited" in r.get("summary", {}).get("text", "")),
        ({"keyword": "PARCEL is"}, lambda r: "Where is my parcel?" in texts(r)),
        ({"keyword": '"is my par"'}, lambda r: "Where is my parcel?" in texts(r)),
        ({"sdeSearch": {"purchase": "EUR", "personalInfo": "nobody"}}, lambda r: "PURCHASE" in str(r["sdes"])),
        ({"conversationsWithStepUpOnly": True}, lambda r: r["info"]["wasStepUp"]),
        ({"responseTime": {"from": 1}}, lambda r: r["responseTime"]["latestEffectiveResponseDueTime"] > 0),
        ({"skillIds": [], "keyword": "", "color": "red"}, lambda r: True),
    ],
)  # fmt: skip
def test_filters(brand: Brand, filters: Any, fits: Callable[[Any], bool]) -> None:
    everything = brand.conversations.truth(UNTIL - 90 * DAY, UNTIL, "start")
    expected = [name for record in everything for name in ids([record]) if fits(record)]
    assert ids(brand.infos(**filters)) == expected
    assert expected
    if "color" not in filters:
        assert len(expected) < len(everything)
    brand.configure(messaging_unknown_filter="reject")
    body = {"start": span(UNTIL - 90 * DAY, UNTIL), **filters}
    assert brand.post("search", body).status_code == (400 if "color" in filters else 200)


def texts(record: dict[str, Any]) -> list[str]:
    return [
        item["messageData"]["msg"]["text"]
        for item in record["messageRecords"]
        if item["type"] == "TEXT_PLAIN"
    ]


def answers(record: dict[str, Any]) -> dict[str, str]:
    surveys = record["conversationSurveys"]
    return {answer["questionType"]: answer["answer"] for survey in surveys for answer in survey["surveyData"]}


def test_agents_are_found_by_their_part(brand: Brand) -> None:
    everything = brand.conversations.truth(UNTIL - 90 * DAY, UNTIL, "start")
    reader = next(
        item["agentId"]
        for record in everything
        for item in record["agentParticipants"]
        if item["permission"] == "READER"
    )

    def expected(*permissions: str) -> list[str]:
        return [
            name
            for record in everything
            for name in ids([record])
            if any(
                item["agentId"] == reader and item["permission"] in permissions
                for item in record["agentParticipants"]
            )
        ]

    assert ids(brand.infos(agentIds=[int(reader)])) == expected("ASSIGNED_AGENT")
    assert ids(brand.infos(agentIds=[reader], userPermissions=["READER"])) == expected("READER")
    both = ["ASSIGNED_AGENT", "READER"]
    assert ids(brand.infos(agentIds=[reader], userPermissions=both)) == expected(*both)
    latest = [info["conversationId"] for info in brand.infos() if info["latestAgentId"] == reader]
    assert ids(brand.infos(latestAgentIds=[reader])) == latest
    group = brand.infos()[0]["latestAgentGroupId"]
    in_group = [
        name
        for record in everything
        for name in ids([record])
        if group
        in [item["agentGroupId"] for item in record["agentParticipants"] if item["permission"] != "READER"]
    ]
    assert ids(brand.infos(agentGroupIds=[group])) == in_group


def test_the_end_that_end_filters_by(brand: Brand) -> None:
    day = span(UNTIL - DAY, UNTIL)
    by_end = brand.infos(end=day)
    assert all(day["from"] <= info["endTimeL"] <= day["to"] for info in by_end)
    assert any(info["conversationEndTimeL"] < day["from"] for info in by_end)
    assert ids(brand.infos(fullDialogEndTime=day)) == ids(by_end)
    brand.configure(messaging_end_filter="conversation_end_time")
    by_close = brand.infos(end=day)
    assert all(day["from"] <= info["conversationEndTimeL"] <= day["to"] for info in by_close)
    assert any(info["endTimeL"] > day["to"] for info in by_close)
    assert ids(brand.infos(fullDialogEndTime=day)) == ids(by_end)
    brand.configure(messaging_full_dialog_filter="ignored")
    assert ids(brand.infos(fullDialogEndTime=day)) == ids(brand.infos())
    brand.configure(messaging_unknown_filter="reject")
    body = {"start": span(UNTIL - DAY, UNTIL), "fullDialogEndTime": day}
    assert brand.refusal(body) == "Unknown filters: fullDialogEndTime"


def test_the_statuses_that_are_meant_where_none_is_named(brand: Brand) -> None:
    assert {info["status"] for info in brand.infos()} == {"OPEN", "CLOSE"}
    brand.configure(messaging_default_status="CLOSE")
    assert {info["status"] for info in brand.infos()} == {"CLOSE"}
    assert {info["status"] for info in brand.infos(status=["OPEN", "CLOSE"])} == {"OPEN", "CLOSE"}


def test_partial_records_are_whole_by_id(brand: Brand) -> None:
    truth = brand.conversations.truth(UNTIL - 90 * DAY, UNTIL, "start")
    brand.configure(messaging_partial_share=0.2)
    found = brand.search(contentToRetrieve=EVERYTHING)
    partial = [record for record in found if record["info"]["isPartial"]]
    assert 25 < len(partial) < 75
    whole = {ids([record])[0]: record for record in truth}
    for record in found:
        full = whole[ids([record])[0]]
        if record["info"]["isPartial"]:
            count = len(full["messageRecords"])
            assert record["messageRecords"] == full["messageRecords"][: (count + 1) // 2]
            assert {**record, "info": 0, "messageRecords": 0} == {**full, "info": 0, "messageRecords": 0}
        else:
            assert record == full
    # As many as one request takes, in the order of the request.
    asked = ids(partial)[::-1] + ids(found)[: 100 - len(partial)]
    body = {"conversationIds": asked, "contentToRetrieve": EVERYTHING}
    again = brand.page("conversation/search", body, v=2)
    assert again["conversationHistoryRecords"] == [whole[name] for name in dict.fromkeys(asked)]
    assert again["_metadata"]["count"] == len(again["conversationHistoryRecords"])
    assert set(again["_metadata"]) == {"count", "self", "shardsStatusResult"}
    assert brand.conversations.truth(UNTIL - 90 * DAY, UNTIL, "start") == truth


def test_by_id_takes_one_or_a_hundred(brand: Brand) -> None:
    (name, *rest) = brand.conversations.ids
    single = brand.page("conversation/search", {"conversationId": name})["conversationHistoryRecords"]
    assert ids(single) == [name]
    assert set(single[0]) <= {"info", *DEFAULT_SECTIONS}
    some = brand.page("conversation/search", {"conversationIds": [rest[0], "unknown", name]})
    assert ids(some["conversationHistoryRecords"]) == [rest[0], name]
    for wrong in (
        {},
        {"conversationIds": []},
        {"conversationIds": rest[:101]},
        {"conversationId": name, "conversationIds": [name]},
    ):
        assert brand.post("conversation/search", wrong).status_code == 400


def test_by_consumer(brand: Brand) -> None:
    truth = brand.conversations.truth(datetime(2024, 1, 1, tzinfo=UTC), UNTIL, "start")
    owners = [record["consumerParticipants"][0]["participantId"] for record in truth]
    consumer = max(owners, key=owners.count)
    theirs = [record for record, owner in zip(truth, owners, strict=True) if owner == consumer]
    body = {"consumer": consumer, "status": ["OPEN", "CLOSE"], "contentToRetrieve": EVERYTHING}
    read = []
    for offset in range(0, len(theirs), 3):
        page = brand.page("consumer/search", body, offset=offset, limit=3, v=2, sort="start:asc")
        assert page["_metadata"]["count"] == len(theirs)
        read += page["conversationHistoryRecords"]
    assert read == theirs
    assert len(read) > 3
    closed = brand.page("consumer/search", {**body, "status": ["CLOSE"]})["_metadata"]["count"]
    assert closed == len([record for record in theirs if record["info"]["status"] == "CLOSE"])
    for wrong in ({"status": ["OPEN"]}, {"consumer": consumer}, {"consumer": consumer, "status": []}):
        assert brand.post("consumer/search", wrong).status_code == 400


def test_a_survey_that_comes_late_moves_the_end_only(brand: Brand) -> None:
    day = UNTIL - 2 * DAY
    name = ids(brand.conversations.truth(day, day + MINUTE))[0]
    (before,) = brand.page("conversation/search", {"conversationId": name})["conversationHistoryRecords"]
    assert before["conversationSurveys"] == []
    late = UNTIL + timedelta(hours=5)
    brand.conversations.submit_survey(name, late, csat=2)
    (after,) = brand.page("conversation/search", {"conversationId": name})["conversationHistoryRecords"]
    assert after["info"]["conversationEndTimeL"] == before["info"]["conversationEndTimeL"] == ms(day)
    assert after["info"]["endTimeL"] == after["info"]["fullDialogEndTimeL"] == ms(late)
    assert after["info"]["csatRate"] == 2
    assert after["conversationSurveys"][0]["surveyStatus"] == "FILLED"
    assert brand.conversations.update_time(name) == late
    assert ids(brand.infos(latestUpdateTime={"from": ms(late)})) == [name]
    assert name in ids(brand.conversations.truth(day, day + DAY))
    assert name not in ids(brand.conversations.truth(day, day + DAY, "full_dialog_end"))
    with pytest.raises(ValueError, match="was closed later"):
        brand.conversations.submit_survey(name, day - DAY)
    with pytest.raises(ValueError, match="is open"):
        brand.conversations.submit_survey(ids(brand.infos(status=["OPEN"]))[0])
    brand.reset()
    assert brand.page("conversation/search", {"conversationId": name})["conversationHistoryRecords"] == [
        before
    ]


def test_edits_and_new_ones(brand: Brand) -> None:
    name = brand.conversations.ids[0]
    brand.conversations.touch(name)
    assert abs(brand.conversations.update_time(name).timestamp() - brand.now()) < 5
    (record,) = brand.page("conversation/search", {"conversationId": name})["conversationHistoryRecords"]
    assert record["summary"]["text"].startswith("Edited")
    made = brand.conversations.insert(3, UNTIL - DAY)
    assert set(made) <= set(ids(brand.conversations.truth(UNTIL - DAY, UNTIL)))
    assert len(set(made)) == 3
    assert len(brand.conversations) == 253
    with pytest.raises(KeyError):
        brand.conversations.touch("unknown")
    with pytest.raises(ValueError, match="aware"):
        brand.conversations.insert(1, datetime(2026, 1, 1))


def test_changes_by_way_of_the_controls(brand: Brand) -> None:
    def change(**payload: Any) -> requests.Response:
        return requests.post(brand.url + "/_sandbox/conversations", json=payload, timeout=10)

    when = "2026-01-31T12:00:00Z"
    made = change(insert=2, when=when).json()
    assert made["conversations"] == 252
    assert change(submit_survey=made["ids"][0], when="2026-02-03T00:00:00+01:00").status_code == 200
    assert brand.conversations.update_time(made["ids"][0]) == datetime(2026, 2, 2, 23, tzinfo=UTC)
    assert change(touch=made["ids"][1], when="2026-03-01T00:00:00Z").status_code == 200
    assert brand.conversations.update_time(made["ids"][1]) == datetime(2026, 3, 1, tzinfo=UTC)
    assert change(touch="unknown").status_code == 404
    for wrong in ({}, {"insert": "many"}, {"insert": 1, "when": "soon"}):
        assert change(**wrong).status_code == 400
    window = {"start": "2026-01-31T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    url = brand.url + "/_sandbox/truth/messaging_interactions"
    rows = requests.get(url, params=window, timeout=10).json()["rows"]
    assert rows == brand.conversations.truth(UNTIL - DAY, UNTIL)


def test_a_partial_result_says_so(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL)}
    right = brand.page("search", body)
    for lowers, missing in ((True, 7), (False, 0)):
        brand.faults.add(kind="partial_result", match="/conversations/search", rows=7, lowers_count=lowers)
        page = brand.page("search", body)
        shards = page["_metadata"]["shardsStatusResult"]
        assert shards == {"partialResult": True, "failureShards": 1, "totalShards": 5}
        assert set(ids(page["conversationHistoryRecords"])) < set(ids(right["conversationHistoryRecords"]))
        assert len(page["conversationHistoryRecords"]) == 43
        assert page["_metadata"]["count"] == right["_metadata"]["count"] - missing
    assert brand.page("search", body) == right


def test_a_count_drifts(brand: Brand) -> None:
    body = {"start": span(UNTIL - 90 * DAY, UNTIL)}
    right = brand.page("search", body)
    for rows in (3, -3):
        brand.faults.add(kind="count_drift", rows=rows)
        page = brand.page("search", body)
        assert page["_metadata"]["count"] == right["_metadata"]["count"] + rows
        assert page["conversationHistoryRecords"] == right["conversationHistoryRecords"]
    assert brand.page("search", body) == right


@pytest.mark.parametrize("when", ["newest", "late"])
def test_conversations_appear_while_somebody_reads(brand: Brand, when: str) -> None:
    before = set(brand.conversations.ids)
    body = {"start": span(UNTIL - 90 * DAY, UNTIL), "contentToRetrieve": []}
    count = brand.page("search", body)["_metadata"]["count"]
    brand.faults.add(kind="insert_rows", rows=2, when=when, match="offset=100")
    page = brand.page("search", body, offset=100, sort="start:asc")
    assert len(set(brand.conversations.ids) - before) == 2
    assert page["_metadata"]["count"] == count + (2 if when == "late" else 0)
    if when == "late":
        read = ids(brand.page("search", body, limit=100, sort="start:asc")["conversationHistoryRecords"])
        assert len(set(read) - before) == 2


def test_other_faults_work_here_too(brand: Brand) -> None:
    body = {"start": span(UNTIL - DAY, UNTIL)}
    brand.faults.add(kind="status", status=500, body={"internalCode": "0008"}, match="/messaging_history/")
    failed = brand.post("search", body)
    assert (failed.status_code, failed.json()) == (500, {"internalCode": "0008"})
    whole = brand.post("search", body).content
    brand.faults.add(kind="cut_json")
    assert brand.post("search", body).content == whole[: len(whole) // 2]
    for wrong in ({"kind": "count_drift", "rows": "2"}, {"kind": "partial_result", "rows": 0}):
        with pytest.raises(ValueError, match="rows must be a number"):
            brand.faults.add(**wrong)
    with pytest.raises(ValueError, match="lowers_count must be true or false"):
        brand.faults.add(kind="partial_result", lowers_count="no")


def test_nobody_pays_for_conversations_that_they_do_not_ask_for(start: Callable[..., Brand]) -> None:
    server = start(conversations=10**9)
    assert requests.get(server.url + "/_sandbox/health", timeout=10).status_code == 200
    with pytest.raises(ValueError, match="conversations shapes the data"):
        server.configure(conversations=3)


def test_none_are_made_of_none(start: Callable[..., Brand]) -> None:
    server = start(conversations=0)
    assert server.infos() == []
    assert server.conversations.truth(UNTIL - DAY, UNTIL) == []
    assert server.settings.until == date(2026, 2, 1)
