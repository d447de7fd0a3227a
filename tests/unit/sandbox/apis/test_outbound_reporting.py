from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 30, tzinfo=UTC)
END = datetime(2026, 1, 31, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


# The end is inside.
WHOLE = {"attemptedStartTime": milliseconds(START), "attemptedEndTime": milliseconds(END) - 1, "v": "2.0"}


def ask(server: Any, product: str = "prmsg", body: Any = None, **parameters: Any) -> requests.Response:
    given = {name: value for name, value in {**WHOLE, **parameters}.items() if value is not None}
    return requests.post(
        server.path(f"app/{product}/transactions/"),
        params=given,
        json={} if body is None else body,
        auth=server.oauth(),
        timeout=10,
    )


def rows(server: Any, product: str = "prmsg", body: Any = None, **parameters: Any) -> list[dict[str, Any]]:
    answer = ask(server, product, body, **parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["transactions"])


def truth(server: Any, product: str = "prmsg") -> list[dict[str, Any]]:
    found = server.truth("outbound_transactions", START, END)
    return [
        {name: value for name, value in row.items() if name != "_product"}
        for row in found
        if row["_product"] == product
    ]


@pytest.fixture
def server(sandbox: Any) -> Any:
    return sandbox(outbound_per_second=None)


def test_pages_are_the_truth_of_each_product(server: Any) -> None:
    assert len(truth(server, "prmsg")) + len(truth(server, "c2m")) == 120
    for product in ("prmsg", "c2m"):
        expected = truth(server, product)
        read: list[Any] = []
        while page := rows(server, product, {"offset": len(read), "limit": 7}):
            read += page
        assert read == expected
    answer = ask(server, body={"offset": 3, "limit": 5, "filters": {"channels": ["sms"]}}).json()
    assert answer["page"]["offset"] == 3
    assert answer["page"]["limit"] == 5
    assert answer["page"]["count"] == sum(row["channel"] == "sms" for row in truth(server))
    assert answer["requestMetadata"]["app"] == "prmsg"


def test_messages_are_as_documented(server: Any) -> None:
    both = truth(server, "prmsg") + truth(server, "c2m")
    assert len({row["transactionId"] for row in both}) == len(both)
    assert {row["messageStatus"] for row in both} == {
        *("FAILED", "SKIPPED", "SENT", "DELIVERED", "READ", "RESPONDED"),
    }
    for row in both:
        assert len(row) == 27
        assert START <= datetime.fromisoformat(row["attemptedTime"]) < END
        assert (row["errorCode"] is None) is (row["messageStatus"] != "FAILED")
        assert row["errorCode"] is None or isinstance(row["errorCode"], str)
        if row["messageStatus"] == "FAILED":  # as in LivePerson's sample
            assert row["deliveredTime"]


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"channels": ["wa", "inapp"]}, "channel"),
        ({"messagestatus": ["READ"]}, "messageStatus"),
        ({"skills": ["VIP", "Billing"]}, "skill"),
    ],
)
def test_filters(server: Any, filters: dict[str, list[str]], field: str) -> None:
    (wanted,) = filters.values()
    expected = [row for row in truth(server) if row[field] in wanted]
    assert rows(server, body={"filters": filters}) == expected
    one = truth(server)[5]
    assert rows(server, body={"filters": {"transactionids": [one["transactionId"]]}}) == [one]


@pytest.mark.parametrize(
    ("product", "body", "parameters", "status", "cause"),
    [
        ("email", {}, {}, 404, "no app"),
        ("c2m", {}, {"v": None}, 400, "v: must be 2.0"),
        ("c2m", {}, {"attemptedEndTime": None}, 400, "attemptedEndTime: the parameter is required"),
        ("c2m", {}, {"attemptedEndTime": milliseconds(END) + 1}, 400, "the range must be at most 24 hours"),
        ("c2m", {"limit": 5001}, {}, 400, "limit: must be less than or equal to 5000"),
        ("c2m", {"offset": "x"}, {}, 400, "offset: must be a whole number"),
        ("c2m", {"filters": []}, {}, 200, ""),
        ("c2m", {"filters": ["x"]}, {}, 400, "filters: must be an object"),
        ("c2m", {"filters": {"channels": ["fax"]}}, {}, 400, "channels: must be of"),
        ("c2m", [], {}, 400, "must be a JSON object"),
    ],
)
def test_what_is_wrong_is_refused(
    server: Any, product: str, body: Any, parameters: dict[str, Any], status: int, cause: str
) -> None:
    answer = ask(server, product, body, **parameters)
    assert answer.status_code == status
    assert cause in answer.text


def test_analytics_sum_up_the_messages_of_each_day(server: Any) -> None:
    path = server.path("app/c2m/analytics/")
    whole = {"attemptedStartTime": milliseconds(START), "attemptedEndTime": milliseconds(END) - 1}

    def found(body: Any = None, **parameters: Any) -> requests.Response:
        send = requests.get if body is None else requests.post
        return send(path, params={**whole, **parameters}, json=body, auth=server.oauth(), timeout=10)

    days = [
        {name: value for name, value in row.items() if name != "_product"}
        for row in server.truth("outbound_analytics", START, END)
        if row["_product"] == "c2m"
    ]
    assert found().json()["analytics"] == days
    messages = truth(server, "c2m")
    assert sum(row["attempted"] for row in days) == len(messages)
    assert {row["transactionday"] for row in days} == {"01-30-2026"}
    assert {type(row["csat"]) for row in days} == {str, int}
    errors = {name for row in days for name in row["error_aggregation"]}
    assert errors <= {"twilio_30007", "outbound_wa_470", "outbound_408"}
    # The end is inside, so that the next midnight's messages are, too.
    server.insert("outbound_analytics", 2, END)
    assert "01-31-2026" in found(attemptedEndTime=milliseconds(END)).text
    handoff = messages[0]["handOffId"]
    (row,) = found({"handoffids": [handoff]}).json()["analytics"]
    assert (row["handoffid"], row["attempted"]) == (handoff, 1)
    assert found({"filters": {}}).status_code == 400
    assert found(attemptedStartTime=milliseconds(END - timedelta(days=61))).status_code == 400


def test_more_requests_in_a_second_than_allowed_are_refused(sandbox: Any) -> None:
    server = sandbox(outbound_per_second=10)
    moment = [100.0]
    server.api("outbound_reporting").rate._clock = lambda: moment[0]
    assert [ask(server).status_code for _ in range(11)] == [200] * 10 + [429]
    refused = ask(server)
    assert set(refused.json()) == {"code", "requestTraceId", "message"}
    moment[0] += 1
    assert ask(server).status_code == 200


def test_switches_change_the_end_the_order_and_the_fields(server: Any) -> None:
    first = truth(server)[0]
    at = milliseconds(datetime.fromisoformat(first["attemptedTime"]))
    exact = {"attemptedStartTime": at - 1, "attemptedEndTime": at}
    assert first in rows(server, **exact)
    server.configure(outbound_end="exclusive", outbound_order="newest")
    assert rows(server, **exact) == []
    assert rows(server, body={"limit": 200}) == truth(server)[::-1]
    server.configure(outbound_no_value="absent", outbound_seconds="whole", outbound_order="oldest")
    found = truth(server)
    assert all("ivrNumber" not in row for row in found)
    assert all("handOffId" in row for row in truth(server, "c2m"))
    assert found[0]["attemptedTime"] == first["attemptedTime"].replace(".000Z", "Z")
    server.configure(outbound_limit_max=3, outbound_over_limit="clamp")
    assert len(rows(server, body={"limit": 100})) == 3


def test_messages_can_be_added_and_change(server: Any) -> None:
    before = server.truth("outbound_transactions", START, END)
    noon = START + timedelta(hours=12)
    made = server.insert("outbound_transactions", 4, noon)
    after = server.truth("outbound_transactions", START, END)
    assert len(after) == len(before) + 4
    assert {row["attemptedTime"] for row in made} == {"2026-01-30T12:00:00.000Z"}
    for _ in range(2):
        earlier = server.truth("outbound_transactions", START, END)
        name = server.change("outbound_transactions", noon)
        now = server.truth("outbound_transactions", START, END)
        assert [row["transactionId"] for row in now if row not in earlier] == [name]
    with pytest.raises(ValueError, match="No message"):
        server.change("outbound_transactions", START - timedelta(days=400))
    server.reset()
    assert server.truth("outbound_transactions", START, END) == before


def test_counts_can_be_wrong(server: Any) -> None:
    count = len(truth(server))
    server.faults.add(kind="count_drift", rows=2, match="/transactions/")
    assert ask(server).json()["page"]["count"] == count + 2


@pytest.mark.parametrize("when", ["late", "newest"])
def test_messages_may_appear_while_somebody_reads(server: Any, when: str) -> None:
    server.faults.add(kind="insert_rows", match="/transactions/", rows=2, when=when)
    before = len(truth(server))
    rows(server)
    assert len(truth(server)) == before + 2 * (when == "late")
