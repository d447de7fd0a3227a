from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

START = datetime(2026, 1, 27, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def post_raw(server: Any, body: bytes) -> requests.Response:
    return requests.post(
        server.audit_url,
        data=body,
        headers={"Content-Type": "application/json"},
        auth=server.oauth(),
        timeout=10,
    )


def test_a_complete_read_is_the_truth(sandbox: Any) -> None:
    server = sandbox()
    rows = server.rows(**server.everything())
    assert len(rows) == 200
    assert rows == server.audit.truth(START, END)
    assert {type(row["originatorIsLpa"]) for row in rows} == {bool}


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("size", [1, 7, 64, 200, 300])
def test_pages_put_together_are_the_truth(sandbox: Any, direction: str, size: int) -> None:
    server = sandbox()
    rows: list[Any] = []
    page: list[Any] = [None]
    while page:
        page = server.rows(**server.everything(orderDirection=direction, first=size, offset=len(rows)))
        rows += page
    truth = server.audit.truth(START, END)
    assert rows == (truth if direction == "ASC" else truth[::-1])


def test_defaults_are_fifty_rows_newest_first_in_eastern_time_without_lpa_and_automatic(sandbox: Any) -> None:
    server = sandbox()
    rows = server.rows()
    truth = [
        row
        for row in server.audit.truth(START, END)
        if not row["originatorIsLpa"] and row["originator"] != "System"
    ][:-51:-1]
    eastern = ZoneInfo("US/Eastern")
    for row in truth:
        moment = datetime.fromisoformat(row["changeDate"]).replace(tzinfo=UTC)
        row["changeDate"] = f"{moment.astimezone(eastern):%Y-%m-%d %H:%M:%S}.0"
    assert len(rows) == 50
    assert rows == truth


def test_lpa_and_automatic_rows_come_when_asked_for(sandbox: Any) -> None:
    server = sandbox()
    wanted: dict[str, Any] = {"first": 1000, "fields": "originator originatorIsLpa"}
    both = server.rows(lpa=True, automaticUpdates=True, **wanted)
    lpa = server.rows(lpa=True, **wanted)
    automatic = server.rows(automaticUpdates=True, **wanted)
    assert len(both) == 200
    assert {row["originatorIsLpa"] for row in lpa} == {True, False}
    assert "System" not in {row["originator"] for row in lpa}
    assert {row["originatorIsLpa"] for row in automatic} == {False}
    assert "System" in {row["originator"] for row in automatic}


@pytest.mark.parametrize(("switch", "end"), [("inclusive", at(2026, 1, 30)), ("exclusive", at(2026, 1, 29))])
def test_the_day_of_to_date(sandbox: Any, switch: str, end: datetime) -> None:
    server = sandbox(audit_to_date=switch)
    rows = server.rows(**server.everything(fromDate="2026-01-28", toDate="2026-01-29"))
    assert rows == server.audit.truth(at(2026, 1, 28), end)
    assert rows[0]["changeDate"] == "2026-01-28 00:00:00.0"
    assert rows[-1]["changeDate"] == (end - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S.0")


def test_dates_may_be_left_open(sandbox: Any) -> None:
    server = sandbox()
    assert server.rows(**server.everything(fromDate="2026-01-30")) == server.audit.truth(at(2026, 1, 30), END)
    assert server.rows(**server.everything(toDate="2026-01-28")) == server.audit.truth(START, at(2026, 1, 29))
    assert server.rows(**server.everything(fromDate="2026-01-30", toDate="2026-01-28")) == []
    assert server.rows(**server.everything(toDate="9998-12-31")) == server.audit.truth(START, END)


@pytest.mark.parametrize(
    ("switch", "start"),
    [
        ("requested", at(2026, 1, 27, 15)),
        ("UTC", at(2026, 1, 28)),
        ("US/Eastern", at(2026, 1, 28, 5)),
    ],
)
def test_the_zone_in_which_days_are_cut(sandbox: Any, switch: str, start: datetime) -> None:
    server = sandbox(audit_day_zone=switch)
    arguments = server.everything(timezone="Asia/Tokyo", fromDate="2026-01-28", toDate="2026-01-28")
    rows = server.rows("objectName changeDate", **arguments)
    truth = server.audit.truth(start, start + timedelta(days=1))
    assert [row["objectName"] for row in rows] == [row["objectName"] for row in truth]
    tokyo = datetime.fromisoformat(truth[0]["changeDate"]) + timedelta(hours=9)
    assert rows[0]["changeDate"] == tokyo.strftime("%Y-%m-%d %H:%M:%S.0")


def test_zones_may_be_limited(sandbox: Any) -> None:
    server = sandbox(audit_timezone_accepted="US/Eastern,Europe/London")
    assert server.rows(timezone="Europe/London")
    assert "UTC" in server.ask('{auditData(timezone:"UTC"){element}}').json()["errors"][0]["message"]


def test_users_and_component_types_filter(sandbox: Any) -> None:
    server = sandbox()
    wanted = server.everything()
    by_login = server.rows(users="sam@acme.test", **wanted)
    assert {row["originator"] for row in by_login} == {"Sam Lee"}
    assert server.rows(users=["1017"], **wanted) == by_login
    assert len(server.rows(users=["1017", "zoë@acme.test"], **wanted)) > len(by_login)
    skills = server.rows(componentTypes=":ACSkillObject", **wanted)
    assert {row["objectType"] for row in skills} == {"Skills"}
    both = server.rows(componentTypes=["ACSkillObject", ":ACUserObject"], **wanted)
    assert {row["objectType"] for row in both} == {"Skills", "Users"}
    # The name that is shown is not the name that filters.
    assert server.rows(componentTypes="Skills", **wanted) == []


@pytest.mark.parametrize("column", ["changeTimestamp", ":changeTimestamp", ["changeTimestamp"]])
@pytest.mark.parametrize("direction", ["ASC", ":ASC", ["ASC"], [":ASC"]])
def test_order_takes_strings_enum_words_and_lists(sandbox: Any, column: Any, direction: Any) -> None:
    server = sandbox(audit_rows=20)
    rows = server.rows(**server.everything(orderBy=column, orderDirection=direction))
    assert rows == server.audit.truth(START, END)


def test_selection_aliases_fragments_variables_and_directives(sandbox: Any) -> None:
    server = sandbox(audit_rows=20)
    document = """
      query Q($from: String, $n: Int = 5, $no: Boolean!) {
        rows: auditData(fromDate: $from, first: $n, timezone: "UTC", orderDirection: ASC) {
          when: changeDate ...What element @skip(if: $no) oldValue @include(if: $no)
        }
      }
      fragment What on AuditData { objectType ... on AuditData { accountId } __typename }
    """
    answer = server.ask(document, variables={"from": "2026-01-29", "no": True}, operationName="Q")
    assert answer.status_code == 200, answer.text
    rows = answer.json()["data"]["rows"]
    assert len(rows) in range(1, 6)
    assert list(rows[0]) == ["when", "objectType", "accountId", "__typename", "oldValue"]
    assert rows[0]["when"] >= "2026-01-29"
    assert (rows[0]["accountId"], rows[0]["__typename"]) == ("70000001", "AuditData")


BAD = {
    "unknown field": "{auditData{objectId}}",
    "field that only sorts": "{auditData{changeTimestamp}}",
    "nothing selected": "{auditData}",
    "unknown argument": "{auditData(limit:5){element}}",
    "unknown root": "{audit{element}}",
    "wrong type": '{auditData(first:"ten"){element}}',
    "too large": "{auditData(first:99999999999){element}}",
    "negative": "{auditData(offset:-1){element}}",
    "date with time": '{auditData(fromDate:"2026-01-01T00:00:00"){element}}',
    "date without dashes": '{auditData(fromDate:"20260101"){element}}',
    "no such date": '{auditData(fromDate:"2026-02-30"){element}}',
    "unknown zone": '{auditData(timezone:"Mars/Olympus"){element}}',
    "zone that is a folder": '{auditData(timezone:"Europe"){element}}',
    "zone that climbs": '{auditData(timezone:"../etc"){element}}',
    "unknown column": '{auditData(orderBy:"changeDate"){element}}',
    "unknown direction": "{auditData(orderDirection:UP){element}}",
    "list of numbers": "{auditData(users:[1,2]){element}}",
    "not GraphQL": "{auditData{",
    "mutation": "mutation{auditData{element}}",
    "introspection": "{__schema{types{name}}}",
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
def test_a_bad_query_is_a_400_with_errors(sandbox: Any, document: str) -> None:
    answer = sandbox().ask(document)
    assert answer.status_code == 400
    assert list(answer.json()) == ["errors"]
    assert answer.json()["errors"][0]["message"]


def test_a_bad_query_stays_bad_when_only_its_page_changes(sandbox: Any) -> None:
    server = sandbox()
    for offset in (0, 50):
        answer = server.ask(f"{{auditData(offset:{offset}){{nope}}}}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["locations"][0]["column"] == 21 + len(str(offset))


def test_errors_can_come_with_a_200(sandbox: Any) -> None:
    server = sandbox(audit_error_style="200")
    for document in (BAD["unknown field"], BAD["unknown zone"]):
        answer = server.ask(document)
        assert answer.status_code == 200
        assert answer.json()["data"] is None
        assert answer.json()["errors"][0]["message"]


def test_errors_can_be_silent(sandbox: Any) -> None:
    answer = sandbox(audit_error_silent=True).ask(BAD["unknown field"])
    assert (answer.status_code, answer.content) == (400, b"")


def test_action_type_can_be_unknown(sandbox: Any) -> None:
    server = sandbox()
    assert "actionType" in server.rows("actionType")[0]
    server.configure(audit_action_type="unknown")
    assert "actionType" in server.ask("{auditData{actionType}}").json()["errors"][0]["message"]
    assert server.rows("element")


def test_raw_line_breaks_inside_the_json_string_are_refused_unless_lenient(sandbox: Any) -> None:
    server = sandbox()
    raw = b'{"query":"{auditData(first:1)\n{element}}"}'
    assert post_raw(server, raw).status_code == 400
    server.configure(audit_strict_json=False)
    assert post_raw(server, raw).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"query", b"[]", b'{"query":1}', b"{}", b'{"query":"\xff"}', b'{"query":"{a}","variables":[]}'],
)
def test_a_body_that_is_no_graphql_request_is_refused(sandbox: Any, body: bytes) -> None:
    answer = post_raw(sandbox(), body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("switch", "count"), [("all", "200"), ("page", "30"), ("absent", None)])
def test_total_count(sandbox: Any, switch: str, count: str | None) -> None:
    answer = sandbox(audit_total_count=switch).ask(
        "{auditData(first:30,lpa:true,automaticUpdates:true){element}}"
    )
    assert answer.headers.get("X-Total-Count") == count


def test_the_page_ceiling_clamps_or_rejects(sandbox: Any) -> None:
    server = sandbox(page_ceiling=20)
    assert len(server.rows()) == 20
    assert len(server.rows(first=10)) == 10
    server.configure(page_ceiling_mode="reject")
    assert "at most 20" in server.ask("{auditData(first:21){element}}").json()["errors"][0]["message"]
    assert len(server.rows(first=20)) == 20


def test_shuffled_ties_reorder_within_a_second_only(sandbox: Any) -> None:
    server = sandbox(audit_rows=3000)
    stable = [server.rows(**server.everything()) for _ in range(2)]
    assert stable[0] == stable[1]
    server.configure(audit_ties="shuffled")
    first, second = (server.rows(**server.everything()) for _ in range(2))
    assert first != second
    assert [row["changeDate"] for row in first] == [row["changeDate"] for row in second]

    def as_multiset(rows: list[dict[str, Any]]) -> list[str]:
        return sorted(str(row) for row in rows)

    assert as_multiset(first) == as_multiset(second) == as_multiset(stable[0])


def test_shuffled_ties_reach_over_the_edges_of_pages(sandbox: Any) -> None:
    server = sandbox(audit_rows=3000, audit_ties="shuffled")
    truth = [str(row) for row in server.audit.truth(START, END)]
    read = []
    for offset in range(0, 3000, 20):
        read += server.rows(**server.everything(first=20, offset=offset))
    assert len(read) == 3000
    # Each page is sound by itself; together they miss some rows and repeat others.
    assert sorted(map(str, read)) != sorted(truth)
    assert set(map(str, read)) < set(truth)


def read_by_pages(server: Any, direction: str) -> list[str]:
    rows: list[Any] = []
    for _ in range(30):
        page = server.rows(**server.everything(orderDirection=direction, first=50, offset=len(rows)))
        rows += page
        if len(page) < 50:
            break
    return [str(row) for row in rows]


def test_rows_dated_now_that_appear_between_pages(sandbox: Any) -> None:
    server = sandbox(audit_insert_rows=4, audit_insert_times=3)
    before = [str(row) for row in server.audit.truth(START, END)]
    read = read_by_pages(server, "DESC")
    assert len(server.audit) == 200 + 12
    # Newest first, twelve new rows in front push as many rows over an edge, where they are read twice.
    assert len(read) == 200 + 12
    assert set(read) == set(before)
    server.reset()
    ascending = read_by_pages(server, "ASC")
    assert ascending[:200] == before
    assert len(ascending) == 200 + 12


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_rows_dated_earlier_that_appear_between_pages(sandbox: Any, direction: str) -> None:
    server = sandbox(audit_insert_rows=2, audit_insert_when="late", audit_insert_times=2)
    before = [str(row) for row in server.audit.truth(START, END)]
    read = read_by_pages(server, direction)
    after = [str(row) for row in server.audit.truth(START, END)]
    new = set(after) - set(before)
    assert len(new) == 4
    assert not new & set(read)
    assert len(read) == 204
    assert set(read) == set(before)
    # They are there for whoever comes back.
    assert set(read_by_pages(server, direction)) == set(after)


def test_the_date_header_is_the_sandboxs_clock(sandbox: Any) -> None:
    server = sandbox(clock_offset_seconds=86_400)
    answer = requests.post(server.audit_url, timeout=10)
    date = datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(date.timestamp() - server.now()) < 5
    assert len([name for name in answer.raw.headers if name.lower() == "date"]) == 1
