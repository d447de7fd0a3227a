from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 27, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
HOUR_MS = 3_600_000


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def ask(server: Any, **parameters: Any) -> requests.Response:
    whole = {
        "from": milliseconds(START),
        "to": milliseconds(END),
        "agentId": "all",
        "api": "msg_search",
        "v": 2,
    }
    given = {name: value for name, value in {**whole, **parameters}.items() if value is not None}
    url = f"{server.url}/lp-auditlogapi/{server.settings.account_id}"
    return requests.get(url, params=given, auth=server.oauth(), timeout=10)


def rows(server: Any, **parameters: Any) -> list[dict[str, Any]]:
    answer = ask(server, **parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["recordslist"])


def truth(server: Any, api: str = "msg_search") -> list[dict[str, Any]]:
    found = server.truth("data_usage_audit", START, END)
    return [
        {name: value for name, value in row.items() if name != "_api"} for row in found if row["_api"] == api
    ]


def test_pages_of_ten_are_the_truth(sandbox: Any) -> None:
    server = sandbox()
    expected = truth(server)
    assert len(server.truth("data_usage_audit", START, END)) == 600
    assert rows(server) == rows(server, limit=10, offset=0) == expected[:10]
    read: list[Any] = []
    while page := rows(server, offset=len(read)):
        read += page
    assert read == expected
    assert rows(server, v=1, offset=5) == expected


def test_a_record_sums_up_the_hour_of_one_consumer(sandbox: Any) -> None:
    server = sandbox()
    expected = truth(server)
    assert set(expected[0]) == {"accountId", "apiConsumerid", "apiType", "time", "interactions"}
    assert {row["apiType"] for row in expected} == {"MSG_SEARCH"}
    assert all(isinstance(row["time"], str) and int(row["time"]) % HOUR_MS == 0 for row in expected)
    assert all(row["interactions"] for row in expected)
    keys = [(row["apiConsumerid"], row["time"]) for row in expected]
    assert len(keys) == len(set(keys))


def test_agents_are_found_by_id_and_by_login_name(sandbox: Any) -> None:
    server = sandbox()
    agents = {str(user["id"]): user["loginName"] for user in server.api("data_usage_audit").world.people}
    one = next(row for row in truth(server) if row["apiConsumerid"] in agents)
    mine = [row for row in truth(server) if row["apiConsumerid"] == one["apiConsumerid"]]
    name = agents[one["apiConsumerid"]]
    assert rows(server, agentId=one["apiConsumerid"]) == rows(server, agentName=name) == mine
    assert rows(server, agentName=name.upper()) == []


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ({"agentId": None}, "agentId: the parameter is required"),
        ({"api": None}, "api: the parameter is required"),
        ({"api": "export"}, "api: must be one of"),
        ({"from": None}, "from: the parameter is required"),
        ({"from": milliseconds(START - timedelta(days=26))}, "the range must be at most 30 days"),
        ({"limit": 11}, "limit: must be less than or equal to 10"),
        ({"offset": -1}, "offset: must be a whole number"),
        ({"v": 3}, "v: must be one of"),
    ],
)
def test_what_is_wrong_is_refused(sandbox: Any, wrong: dict[str, Any], cause: str) -> None:
    answer = ask(sandbox(), **wrong)
    assert answer.status_code == 400
    assert cause in answer.json()["message"]


def test_hours_may_be_summed_up_in_part(sandbox: Any) -> None:
    server = sandbox()
    whole = truth(server)
    row = max(whole, key=lambda one: len(one["interactions"]))
    hour = int(row["time"])
    half = {"from": hour, "to": hour + HOUR_MS // 2, "agentId": row["apiConsumerid"]}
    assert rows(server, **half) == [row]
    server.configure(usage_range="reads")
    parts = [
        reads
        for start in (hour, hour + HOUR_MS // 2)
        for found in rows(server, **{**half, "from": start, "to": start + HOUR_MS // 2})
        for reads in found["interactions"]
    ]
    assert parts == row["interactions"]


def test_switches_change_the_end_the_order_the_total_and_the_limit(sandbox: Any) -> None:
    server = sandbox()
    hour = int(truth(server)[0]["time"])
    assert rows(server, to=hour) == []
    assert "total" not in ask(server).json()
    server.configure(usage_to="inclusive", usage_order="newest", usage_total="stated")
    assert {int(row["time"]) for row in rows(server, to=hour)} == {hour}
    answer = ask(server).json()
    assert answer["total"] == len(truth(server))
    assert answer["recordslist"] == truth(server)[::-1][:10]
    server.configure(usage_limit_max=3, usage_over_limit="clamp", usage_unknown_parameters="reject")
    assert len(rows(server, limit=10)) == 3
    assert ask(server, source="Tests").status_code == 400


def test_reads_can_be_added_and_records_change(sandbox: Any) -> None:
    server = sandbox()
    before = server.truth("data_usage_audit", START, END)
    noon = START + timedelta(hours=12)
    made = server.insert("data_usage_audit", 4, noon)
    after = server.truth("data_usage_audit", START, END)
    assert len(after) == len(before) + 4
    assert {row["time"] for row in made} == {str(milliseconds(noon))}
    changed = server.change("data_usage_audit", noon)
    now = server.truth("data_usage_audit", START, END)
    assert len(now) == len(after)
    assert [row for row in now if row not in after] == [{**changed, "_api": changed["apiType"].lower()}]
    with pytest.raises(ValueError, match="Nothing was read"):
        server.change("data_usage_audit", START - timedelta(days=400))
    server.reset()
    assert server.truth("data_usage_audit", START, END) == before


@pytest.mark.parametrize("when", ["late", "newest"])
def test_records_may_appear_while_somebody_reads(sandbox: Any, when: str) -> None:
    server = sandbox()
    server.faults.add(kind="insert_rows", match="/lp-auditlogapi/", rows=2, when=when)
    before = len(truth(server))
    rows(server)
    assert len(truth(server)) == before + 2 * (when == "late")
