"""The audit trail's GraphQL: what is asked, and what is made of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import graphql
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.audit_trail.arguments import arguments, instant_of
from airflow_provider_liveperson.datasets.audit_trail.graphql import AUDIT_TRAIL, FIELDS, AuditTrailPager
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    InvalidResponseError,
    RequestRejectedError,
)
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records.line import one_line
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


def reader(window: Window = DAY, **filters) -> AuditTrailPager:
    query = AUDIT_TRAIL.query(window, filters=filters)
    (slice_,) = AUDIT_TRAIL.plan(query)
    return AuditTrailPager(AUDIT_TRAIL, query, slice_)


def asked(window: Window = DAY, **filters) -> tuple[dict, list[str]]:
    """The arguments and fields of the first request, as GraphQL's own parser reads them."""
    body = json.loads(json.dumps(reader(window, **filters).next_request().json))
    assert list(body) == ["query"]
    document = graphql.parse(body["query"])
    (operation,) = document.definitions
    (field,) = operation.selection_set.selections
    assert (operation.operation.value, field.name.value) == ("query", "auditData")
    values = {one.name.value: graphql.value_from_ast_untyped(one.value) for one in field.arguments}
    assert len(values) == len(field.arguments)
    return values, [one.name.value for one in field.selection_set.selections]


def test_what_is_asked():
    values, fields = asked()
    assert values == {
        "fromDate": "2026-01-29",
        "toDate": "2026-02-01",
        "language": "en-US",
        "timezone": "UTC",
        "lpa": True,
        "automaticUpdates": True,
        "orderBy": ["changeTimestamp"],
        "orderDirection": ["ASC"],
        "first": 1000,
        "offset": 0,
    }
    assert fields == list(FIELDS)


def test_it_is_a_post_without_a_query_string():
    request = reader().next_request()
    assert (request.method, request.service, request.params) == ("POST", "accountConfigReadOnly", {})
    assert request.path == "/api/account/{account_id}/configuration/metadata/audit"


def test_filters_have_liveperson_names():
    values, _ = asked(
        users=["sam", "pat"], component_types=["ACUserObject"], lpa=False, automatic_updates=False
    )
    assert values["users"] == ["sam", "pat"]
    assert values["componentTypes"] == ["ACUserObject"]
    assert (values["lpa"], values["automaticUpdates"]) == (False, False)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4))
@example(['x"],first:1){accountId}} #', "b"])
@example(['"]) { __schema { types { name } } } }'])
@example(['"""block"""', '\\" \\\\" \\', "line\nline\r\n", "tab\t\b\f\x00\x1f\x7f"])
@example(["日本語", "👍🏽", "\u2028\u2029", "\ufeff", "${x}", "{{ ds }}", "$variable"])
def test_no_value_of_a_filter_breaks_out_of_it(users):
    values, fields = asked(users=users)
    assert values["users"] == users
    assert values["first"] == 1000
    assert fields == list(FIELDS)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))


@given(instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=40)), st.sampled_from([-12, 0, 14]))
def test_the_days_asked_for_cover_the_window_however_they_are_cut(start, length, zone):
    """Days may be cut in any zone, and the last may be outside."""
    window = Window(start, start + length)
    values = arguments(window, {})
    offset = timedelta(hours=zone)
    first = datetime.fromisoformat(values["fromDate"]).replace(tzinfo=UTC) - offset
    last = datetime.fromisoformat(values["toDate"]).replace(tzinfo=UTC) - offset
    assert first <= window.start
    assert window.end <= last
    assert last - first <= window.end - window.start + timedelta(days=5)


# -- instants --------------------------------------------------------------------------------------


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda it: it.replace(microsecond=0)))
def test_both_ways_to_write_an_instant(moment):
    expected = int(moment.replace(tzinfo=UTC).timestamp()) * 1000
    assert instant_of(moment.isoformat(" ") + ".0") == expected
    assert instant_of(moment.isoformat("T")) == expected


@pytest.mark.parametrize(
    ("text", "ms"),
    [(".0", 0), (".5", 500), (".05", 50), (".123", 123), (".123456", 123), (".9999", 999), ("", 0)],
)
def test_fractions(text, ms):
    assert instant_of(f"1970-01-01 00:00:01{text}") == 1000 + ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-14",
        "2026-01-14T16:02",
        "2026-01-14 16:02:11.",
        "2026-01-14 16:02:11.x",
        "2026-02-30 00:00:00.0",
        "2026-01-14 25:00:00.0",
        "Jan 14, 2026 4:02:11 PM",
        "２０２６-01-14 16:02:11.0",
    ],
)
def test_another_text_is_no_instant(text):
    assert instant_of(text) is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-14T16:02:11Z",
        "2026-01-14T18:02:11+02:00",
        "2026-01-14 16:02:11.0+00:00",
        "1768406531000",
        1768406531000,
    ],
)
def test_an_instant_that_says_its_zone_is_that_instant(value):
    assert instant_of(value) == 1768406531000


# -- answers ---------------------------------------------------------------------------------------


def answer(body: object, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=200, headers={name.replace("_", "-"): it for name, it in headers.items()}, body=data)


def test_a_record_stays_as_it_was_sent():
    raw = b'{ "changeDate":"2026-01-30 10:00:00.0",  "newValue":"\\u00fc \xc3\xbc \\n","extra":[1, 2.50] }'
    parsed = reader().parse(answer(b'{"data": {"auditData": [' + raw + b"]}}"))
    assert [row.raw for row in parsed.rows] == [raw]


def test_a_record_over_several_lines_becomes_one_line_of_the_same_json():
    raw = b'{\n  "changeDate": "2026-01-30 10:00:00.0",\r\n  "newValue": "a\\nb"\n}'
    parsed = reader().parse(answer(b'{"data": {"auditData": [\n' + raw + b"\n]}}"))
    (row,) = parsed.rows
    assert b"\n" not in row.raw
    assert b"\r" not in row.raw
    assert json.loads(row.raw) == json.loads(raw)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
        ),
        max_leaves=10,
    ),
    st.sampled_from([None, 1, "\t"]),
)
def test_one_line_means_the_same(value, indent):
    line = one_line(json.dumps(value, indent=indent).encode())
    assert b"\n" not in line
    assert json.loads(line) == value


def test_errors_in_a_200_after_a_page_was_taken_have_the_request_repeated(sandbox, connect, waits):
    """The request cannot be wrong then: it is a fault that passes."""
    errors = {"data": None, "errors": [{"message": "Exception while fetching data"}]}
    sandbox.configure(page_ceiling=20)
    sandbox.faults.add(kind="status", status=200, body=errors, match="/metadata/audit", skip=3, times=2)
    dataset = dataset_named("audit_trail")
    window = Window(datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    assert len(list(records(connect(), dataset, dataset.query(window)))) == 180


@pytest.mark.parametrize("data", [None, {"auditData": []}], ids=["no data", "some data"])
def test_errors_in_a_200_are_a_refusal_that_tells_them(data):
    body = {"data": data, "errors": [{"message": "Unknown argument 'users'", "path": ["auditData"]}]}
    with pytest.raises(RequestRejectedError, match=r"Unknown argument .*users") as caught:
        reader().parse(answer(body))
    assert caught.value.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"data": {"auditData": [',
        {},
        {"data": None},
        {"data": None, "errors": []},
        {"data": {}},
        {"data": {"auditData": None}},
        {"data": {"auditData": {}}},
        {"data": {"auditData": [5]}},
        [],
    ],
)
def test_an_answer_of_another_shape_is_unreadable(body):
    with pytest.raises(InvalidResponseError):
        reader().parse(answer(body))


@pytest.mark.parametrize(
    ("header", "total"),
    [
        ("7", 7),
        ("7.0", 7),
        ("1,200", 1200),
        ("9" * 5000, None),
        ("", None),
        ("many", None),
        ("-1", None),
        ("²", None),
    ],
)
def test_the_count_of_rows(header, total):
    assert reader().parse(answer({"data": {"auditData": []}}, X_Total_Count=header)).total == total


def rows_read(times: list[object]) -> tuple[AuditTrailPager, list[str]]:
    """What is made of rows with these times, and the numbers of those that are handed on."""
    made, found = reader(), []
    rows = [{"changeDate": time, "element": str(number)} for number, time in enumerate(times)]
    while (request := made.next_request()) is not None:
        offset = int(request.json["query"].partition("offset:")[2].partition(")")[0])
        found += map(bytes, made.accept(made.parse(answer({"data": {"auditData": rows[offset:]}}))))
    made.finish()
    return made, [json.loads(raw)["element"] for raw in found]


BEFORE, INSIDE, BEHIND = (f"2026-01-{day} 10:00:00.0" for day in ("29", "30", "31"))


@pytest.mark.parametrize("nothing", [None, "", "undefined", "NA", -1, "soon", [], {"a": 1}], ids=repr)
@pytest.mark.parametrize(
    ("times", "kept", "undated"),
    [
        ([BEFORE, "?", INSIDE, BEHIND], ["2"], 1),  # it may be in the window
        ([INSIDE, "?", INSIDE, "?"], ["0", "2"], 2),
        ([INSIDE, BEHIND, "?", BEHIND], ["0"], 0),  # it cannot be
        ([BEFORE, "?", "2026-01-29 11:00:00.0", INSIDE], ["3"], 0),
        (["?", INSIDE], ["1"], 1),
        (["?"], [], 1),
    ],
)
def test_a_row_without_a_time_is_counted_by_where_it_stands_and_left_out(nothing, times, kept, undated):
    made, found = rows_read([nothing if time == "?" else time for time in times])
    assert (found, made.undated) == (kept, undated)


# -- against a server ------------------------------------------------------------------------------


def read(client, window: Window = DAY, **filters) -> list[dict]:
    return [
        json.loads(raw) for raw in records(client, AUDIT_TRAIL, AUDIT_TRAIL.query(window, filters=filters))
    ]


def key(row: dict) -> str:
    return json.dumps(row, sort_keys=True)


@pytest.mark.parametrize("style", [{}, {"audit_error_silent": True}, {"audit_error_style": "200"}], ids=str)
@pytest.mark.parametrize("action_type", ["accepted", "unknown"])
@pytest.mark.parametrize(
    "ceiling",
    [
        {},
        {"page_ceiling": 700, "page_ceiling_mode": "reject"},
        {"page_ceiling": 7, "page_ceiling_mode": "reject"},
        {"page_ceiling": 7, "page_ceiling_mode": "clamp"},
    ],
    ids=str,
)
def test_whatever_the_server_refuses_is_given_up_and_nothing_else(
    sandbox, connect, style, action_type, ceiling
):
    sandbox.configure(audit_action_type=action_type, **style, **ceiling)
    window = Window(DAY.start, DAY.start + timedelta(hours=8))
    found = read(connect(), window)
    expected = sandbox.audit.truth(window.start, window.end)
    if action_type == "unknown":
        expected = [{name: it for name, it in row.items() if name != "actionType"} for row in expected]
    assert len(expected) > 7
    assert sorted(map(key, found)) == sorted(map(key, expected))


@pytest.mark.parametrize("style", [{}, {"audit_error_style": "200"}], ids=["400", "200"])
def test_a_query_that_is_wrong_itself_ends_in_the_servers_first_word(sandbox, connect, waits, style):
    sandbox.configure(audit_timezone_accepted={"US/Eastern"}, **style)
    with pytest.raises(RequestRejectedError, match=r"time zone .*UTC.* is not supported") as caught:
        read(connect())
    assert str(caught.value).startswith("POST accountConfigReadOnly /api/account/70000001/")
    assert sum("/metadata/audit" in one.path for one in sandbox.requests) == 4
    assert waits == []


@pytest.mark.parametrize("style", ["400", "200"])
def test_secrets_in_graphql_errors_are_scrubbed(sandbox, connect, style):
    secret = sandbox.settings.access_token_secret
    body = {"errors": [{"message": f"bad token {secret}"}]}
    sandbox.faults.add(kind="status", status=int(style), body=body, match="/metadata/audit", times=99)
    with pytest.raises(RequestRejectedError, match=r"bad token \*\*\*"):
        read(connect())


def test_filters_reach_the_server(sandbox, connect):
    everything = read(connect())
    login = everything[0]["originatorLoginName"]
    by_one = read(connect(), users=[login], lpa=True)
    assert by_one
    assert [row for row in everything if row["originatorLoginName"] == login] == by_one
    without = read(connect(), lpa=False)
    assert without == [row for row in everything if not row["originatorIsLpa"]]


def test_a_filter_that_is_a_string_is_refused_before_any_request(sandbox, connect):
    with pytest.raises(ConfigurationError, match="users must be a list"):
        read(connect(), users="sam")
    assert sandbox.requests == []
