from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from airflow_provider_liveperson.sandbox.apis.agent_activity.data import changes_of_day
from airflow_provider_liveperson.sandbox.world import World, WorldSettings

START = datetime(2026, 1, 27, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
WHOLE = {"source": "Tests", "from": "2026-01-27T00:00Z", "to": "2026-02-01T00:00Z"}


def ask(server: Any, auth: Any = None, **parameters: Any) -> requests.Response:
    given = {name: value for name, value in {**WHOLE, **parameters}.items() if value is not None}
    url = f"{server.url}/api/v2/account/{server.settings.account_id}/status-changes"
    return requests.get(url, params=given, auth=auth or server.oauth(), timeout=10)


def page(server: Any, **parameters: Any) -> dict[str, Any]:
    answer = ask(server, **parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def rows(server: Any, **parameters: Any) -> list[dict[str, Any]]:
    return list(page(server, limit=5000, **parameters)["stateChanges"])


def links(server: Any, **parameters: Any) -> dict[str, dict[str, str]]:
    references = page(server, **parameters)["_metadata"]["references"]
    shown = {}
    for reference in references:
        parts = urlsplit(reference["href"])
        assert "127.0.0.1" not in parts.netloc
        shown[reference["rel"]] = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return shown


def test_the_read_is_the_truth_whatever_the_order_and_the_pages(sandbox: Any) -> None:
    server = sandbox(status_changes=200)
    truth = server.truth("agent_status_changes", START, END)
    assert len(truth) == len(server.activity) == 200
    assert [row["time"] for row in truth] == sorted(row["time"] for row in truth)
    assert rows(server) == truth[::-1]
    server.configure(activity_order="oldest")
    read: list[Any] = []
    parameters: dict[str, Any] = {}
    while parameters is not None:
        answer = page(server, limit=70, **parameters)
        read += answer["stateChanges"]
        assert "count" not in answer["_metadata"]
        further = [link for link in answer["_metadata"]["references"] if link["rel"] == "next"]
        parameters = {"offset": len(read)} if further else None  # type: ignore[assignment]
    assert read == truth


def test_the_rows_are_as_documented(sandbox: Any) -> None:
    server = sandbox(status_changes=200)
    truth = server.activity.truth(START, END)
    assert set(truth[0]) == {
        "agentId", "employeeId", "agentLoginName", "agentUserName", "agentGroupId", "time", "sessionId",
        "sequenceNumber", "statusType", "statusSubType", "statusReasonId", "statusReasonText",
        "prevStatusChangeTime",
    }  # fmt: skip
    for row in truth:
        first_two = row["sequenceNumber"] in (-1, 1)
        assert (row["sessionId"] == -1) is first_two
        assert (row["prevStatusChangeTime"] is None) is first_two
        assert (row["statusType"] == 3) is (row["sequenceNumber"] == -1)
        assert (row["statusSubType"] == 0) is (row["statusType"] != 1)
        assert row["statusReasonId"] == 0 or row["statusSubType"] == 4
    assert {(row["statusType"], row["statusSubType"]) for row in truth} == {
        (1, 1), (1, 2), (1, 3), (1, 4), (3, 0), (4, 0),
    }  # fmt: skip
    assert any(row["statusReasonText"] for row in truth)
    assert truth[0]["time"] == "2026-01-27T00:00:00.000Z"
    assert truth[-1]["time"] == "2026-01-31T23:59:59.999Z"
    users = {int(user["id"]): user["loginName"] for user in server.config.truth("users")}
    assert all(users[row["agentId"]] == row["agentLoginName"] for row in truth)


def test_the_data_depends_on_seed_and_day_alone() -> None:
    agents = World(WorldSettings(seed=3, agents=4)).people
    day = date(2026, 1, 5)
    many = changes_of_day(3, day, 900, agents)
    assert many == changes_of_day(3, day, 900, agents) != changes_of_day(4, day, 900, agents)
    assert set(changes_of_day(3, day, 31, agents)) < set(many)
    keys = [(row.agent_id, row.moment, row.status, row.sub_status, row.sequence) for row in many]
    assert len(set(keys)) == 900
    assert {datetime.fromtimestamp(row.moment / 1000, UTC).date() for row in many} == {day}
    # Several agents log in at one time, after the day's first moment too.
    logins = Counter(row.moment for row in many if row.status == 3)
    assert sum(times > 1 for times in logins.values()) > 10


@pytest.mark.parametrize(("switch", "more"), [("inclusive", True), ("exclusive", False)])
def test_the_last_moment_of_the_window(sandbox: Any, switch: str, more: bool) -> None:
    server = sandbox(activity_to=switch, activity_order="oldest")
    middle = datetime(2026, 1, 29, tzinfo=UTC)
    read = rows(server, **{"from": "2026-01-28T01:00:00.000+01:00", "to": "2026-01-29T00:00:00Z"})
    truth = server.activity.truth(middle - timedelta(days=1), middle)
    beyond = server.activity.truth(middle, middle + timedelta(milliseconds=1)) if more else []
    assert read == truth + beyond
    assert len(beyond) == 2 * more


def test_the_last_day_is_the_default_and_times_are_repeated_as_text(sandbox: Any) -> None:
    server = sandbox(until=datetime.now(UTC).date() + timedelta(days=1), status_changes=100)
    answer = page(server, **{"from": None, "to": None})
    frame = answer["timeframe"]
    start, end = (int(frame[name]) for name in ("startTimeL", "endTimeL"))
    assert isinstance(frame["startTimeL"], str)
    assert end - start == 86_400_000
    assert abs(end / 1000 - server.now()) < 5
    assert datetime.strptime(frame["endTime"], "%Y-%m-%d %H:%M:%S.%f%z").timestamp() * 1000 == end
    assert answer["stateChanges"][0]["time"] < f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.999Z}"


BAD: dict[str, dict[str, Any]] = {
    "no source": {"source": None},
    "long source": {"source": "x" * 21},
    "odd source": {"source": "a-b"},
    "only from": {"to": None},
    "only to": {"from": None},
    "backward": {"from": "2026-02-02T00:00Z"},
    "more than a month": {"from": "2025-12-31T23:59Z"},
    "no zone": {"from": "2026-01-27T00:00"},
    "only a date": {"from": "2026-01-27"},
    "no such day": {"from": "2026-01-32T00:00Z"},
    "limit too large": {"limit": 5001},
    "limit zero": {"limit": 0},
    "limit a word": {"limit": "all"},
    "negative offset": {"offset": -1},
    "two filters": {"agentId": 1, "groupId": 2},
}


def test_bad_parameters_are_a_400_with_causes(sandbox: Any) -> None:
    server = sandbox()
    for name, parameters in BAD.items():
        answer = ask(server, **parameters)
        assert answer.status_code == 400, name
        assert set(answer.json()) == {"causes", "message"}, name
        assert [cause.partition(":")[0] for cause in answer.json()["causes"]] != [], name
    assert ask(server, **{"from": "2026-01-01T00:00Z"}).status_code == 200
    assert len(ask(server, source=None, limit=0).json()["causes"]) == 2


def test_lenience(sandbox: Any) -> None:
    server = sandbox(source_rule="lenient", activity_over_limit="clamp", activity_limit_max=20)
    answer = page(server, source=None, limit=9999)
    assert len(answer["stateChanges"]) == 20
    assert "next" in {link["rel"] for link in answer["_metadata"]["references"]}


def test_filters(sandbox: Any) -> None:
    server = sandbox()
    truth = server.activity.truth(START, END)[::-1]
    some = next(row for row in truth if row["employeeId"])
    for parameter, field in (("agentId", "agentId"), ("empId", "employeeId"), ("groupId", "agentGroupId")):
        read = rows(server, **{parameter: some[field]})
        assert read == [row for row in truth if row[field] == some[field]]
        assert 0 < len(read) < len(truth)
    assert rows(server, agentId="1") == []


def test_links(sandbox: Any) -> None:
    server = sandbox(status_changes=100)
    first = links(server, limit=40)
    assert set(first) == {"self", "first", "next", "last"}
    assert first["next"] == {**WHOLE, "limit": "40", "offset": "40"}
    assert first["last"]["offset"] == "80"
    last = links(server, limit=40, offset=80)
    assert set(last) == {"self", "first", "previous", "last"}
    assert last["previous"]["offset"] == "40"
    assert "next" not in links(server, limit=50, offset=50)
    server.configure(activity_links="next_on_full_page")
    assert "next" in links(server, limit=50, offset=50)
    assert "next" not in links(server, limit=40, offset=80)
    assert rows(server, offset=100) == []
    server.configure(activity_links="absent")
    assert page(server)["_metadata"] == {}


def test_spellings(sandbox: Any) -> None:
    server = sandbox(activity_ids="strings", activity_no_reason="table")
    read = rows(server)
    assert read == server.activity.truth(START, END)[::-1]
    assert {type(row[name]) for row in read for name in ("agentId", "agentGroupId", "sessionId")} == {str}
    assert (-1, None) in {(row["statusReasonId"], row["statusReasonText"]) for row in read}


def test_late_rows(sandbox: Any) -> None:
    server = sandbox()
    before = server.activity.truth(START, END)
    when = datetime(2026, 1, 30, 12, tzinfo=UTC)
    new = server.activity.insert(3, when)
    assert [row["time"] for row in new] == ["2026-01-30T12:00:00.000Z"] * 3
    assert len({row["sequenceNumber"] for row in new}) == 3
    after = server.truth("agent_status_changes", START, END)
    assert len(after) == len(before) + 3
    assert [row for row in after if row not in before] == new
    assert rows(server) == after[::-1]
    server.faults.add(kind="insert_rows", match="status-changes", rows=2, when="late")
    assert len(rows(server, offset=100)) == len(after) + 2 - 100
    with pytest.raises(ValueError, match="aware"):
        server.activity.insert(1, datetime(2026, 1, 30))
    server.reset()
    assert server.activity.truth(START, END) == before


def test_who_may_read(sandbox: Any) -> None:
    server = sandbox()

    class Bearer(requests.auth.AuthBase):
        def __init__(self, token: str) -> None:
            self.token = token

        def __call__(self, request: Any) -> Any:
            request.headers["Authorization"] = f"Bearer {self.token}"
            return request

    v2 = Bearer(server.token("v2"))
    assert ask(server, v2).status_code == 200
    assert ask(server, Bearer(server.token("v1"))).status_code == 401
    wrong = ask(server, server.oauth(client_secret="wrong"))
    assert wrong.status_code == 401
    assert wrong.json()["reason"].startswith("oauth_problem=")
    server.configure(missing_permission="oauth1")
    assert ask(server).status_code == 403
    assert ask(server, v2).status_code == 200
    server.configure(activity_auth="oauth1")
    assert ask(server, v2).status_code == 401
