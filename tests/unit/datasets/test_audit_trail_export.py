"""The audit trail's CSV export: three blocks in one file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.audit_trail.export import (
    AUDIT_TRAIL_EXPORT,
    AuditTrailExportPager,
    field_name,
)
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
    RequestRejectedError,
)
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records.raw import RepairedLine
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
COLUMNS = ["Object type", "Object ID", "New value", "Date and time", "Originator Employee ID"]
FIELDS = ["objectType", "objectId", "newValue", "dateAndTime", "originatorEmployeeId"]


def reader(**filters) -> AuditTrailExportPager:
    query = AUDIT_TRAIL_EXPORT.query(DAY, filters=filters)
    (slice_,) = AUDIT_TRAIL_EXPORT.plan(query)
    return AuditTrailExportPager(AUDIT_TRAIL_EXPORT, query, slice_)


def file(rows: list[list[str]], *, total: object = None, end: str = "\r\n", bom: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(["Search Criteria"])
    writer.writerow(["Account ID", "Start(UTC)", "Object types"])
    writer.writerow(["70000001", "2026-01-30", "Results\nTotal Items"])
    writer.writerow(["Total Items"])
    writer.writerow([len(rows) if total is None else total])
    writer.writerow(["Results"])
    writer.writerow(COLUMNS)
    # A bare carriage return is left unquoted by older Pythons.
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode()


def read(data: bytes, kind: str | None = None) -> tuple[AuditTrailExportPager, list[dict]]:
    made = reader()
    headers = {} if kind is None else {"Content-Type": kind}
    parsed = made.parse(Answer(status=200, headers=headers, file=io.BytesIO(data)))
    rows = list(made.accept(parsed))
    made.is_repaired = [isinstance(row, RepairedLine) for row in rows]
    return made, [json.loads(row) for row in rows]


def accepted(data: bytes) -> list[dict]:
    return read(data)[1]


def row(value: str = "x", time: str = "2026-01-30T10:00:00") -> list[str]:
    return ["Users", "4411", value, time, "E-17"]


def test_what_is_asked():
    request = reader(users=["sam", "pat lee"], lpa=False).next_request()
    assert (request.method, request.to_disk) == ("GET", True)
    assert request.path == "/api/account/{account_id}/configuration/metadata/audit/export"
    assert request.params == {
        "fromDate": "2026-01-29",
        "toDate": "2026-02-01",
        "language": "en-US",
        "timezone": "UTC",
        "lpa": "false",
        "automaticUpdates": "true",
        "users": "sam,pat lee",
        "limit": "1000000",
    }


def test_it_is_asked_once():
    made = reader()
    assert made.next_request() is not None
    assert made.next_request() is None


def test_a_comma_in_a_filter_would_be_read_as_two_values_and_is_refused():
    with pytest.raises(ConfigurationError, match="audit_trail instead") as caught:
        reader(users=["Lee, Sam"]).next_request()
    assert caught.value.field == "filters"


values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(st.lists(values, max_size=15), st.sampled_from(["\r\n", "\n"]), st.booleans())
@example(
    ["Line one\nLine two", "a\r\nb", 'say ""hi""', ",,,", '"', "Results", "Total Items", ""], "\r\n", True
)
@example(["\ufeff", "=SUM(A1)", "  kept  ", "null", "日本 👍"], "\n", False)
def test_any_value_comes_through_whatever_the_line_ends(texts, end, bom):
    found = accepted(file([row(text) for text in texts], end=end, bom=bom))
    assert sorted(one["newValue"] for one in found) == sorted(texts)
    assert all(list(one) == FIELDS for one in found)


def test_equal_rows_stay_as_many_as_they_are():
    assert len(accepted(file([row()] * 3))) == 3


def test_rows_of_one_instant_come_in_one_order():
    one = accepted(file([row("b"), row("a"), row("c")]))
    assert one == accepted(file([row("c"), row("b"), row("a")]))


def test_no_rows_are_no_error():
    assert accepted(file([])) == []


@pytest.mark.parametrize("total", ["unknown", "", "2 of 2", "-1", "1.5", "9" * 5000])
def test_a_total_that_cannot_be_read_is_refused(total):
    """Nobody could tell whether all rows came."""
    with pytest.raises(InvalidResponseError, match=r"Total Items is .* not a number"):
        accepted(file([row()], total=total))


def test_a_file_that_ends_before_its_total_is_read_again():
    data = file([row()])
    with pytest.raises(ContradictionError, match="before the number of its items"):
        accepted(data[: data.rindex(b"Total Items") + 13])


@pytest.mark.parametrize(
    "total",
    [
        "1,200",
        "1 200",
        "1.200",
        "1200.0",
        "1\u00a0200",
        "1\u202f200",
        "1'200",
        "1,200.00",
        "１２００",
        '"1,200"',
        "1.2e3",
    ],
)
def test_a_total_in_the_usual_spellings_is_read_exactly(total):
    rows = [row(str(number)) for number in range(1200)]
    assert len(accepted(file(rows, total=total))) == 1200
    with pytest.raises(ContradictionError, match="says 1200 items and holds 1199"):
        accepted(file(rows[1:], total=total))


def test_a_total_whose_separator_is_not_quoted_is_read():
    data = file([row(str(number)) for number in range(1200)], total=1200)
    assert len(accepted(data.replace(b"Total Items\r\n1200", b"Total Items\r\n\r\n1,200,,"))) == 1200


@pytest.mark.parametrize("total", [0, 1, 3, 1000])
def test_a_wrong_total_has_the_file_read_again(total):
    with pytest.raises(PagesMovedError, match=f"says {total} items and holds 2"):
        accepted(file([row(), row()], total=total))


WHOLE = file([row("Line one\nLine two"), row('a "quoted" text, with commas')])


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 2, 3))
def test_a_file_cut_anywhere_is_noticed(length):
    with pytest.raises((PagesMovedError, InvalidResponseError)):
        accepted(WHOLE[:length])


@pytest.mark.parametrize(
    "data",
    [
        file([row()]).replace(b'"E-17"', b'"E-17","more"'),
        file([row()]).replace(b',"E-17"', b""),
        file([row()]).replace(b'"E-17"', b'"unfinished'),
        file([row()]).replace(b"Results\r\nObject", b"Something\r\nObject"),
        file([row()]).replace(b"Total Items\r\n1", b"Total\r\n1"),
        b"",
        b"\r\n\r\n",
    ],
    ids=["column more", "column less", "quote", "no results", "no total", "empty", "blank"],
)
def test_a_broken_file_has_it_read_again(data):
    with pytest.raises(PagesMovedError):
        accepted(data)


@pytest.mark.parametrize(
    "data", [b'{"message": "x"}', b"[]", b"\xef\xbb\xbf{}", b"<!doctype html>", b"\r\n  <html>", b"\n{"]
)
def test_another_kind_of_answer_is_unreadable(data):
    with pytest.raises(InvalidResponseError):
        accepted(data)


def test_a_maintenance_page_is_waited_out_and_then_named(sandbox, connect, waits):
    sandbox.faults.add(kind="not_json", match="/audit/export", times=99)
    with pytest.raises(InvalidResponseError, match="GET accountConfigReadOnly"):
        list(records(connect(), AUDIT_TRAIL_EXPORT, AUDIT_TRAIL_EXPORT.query(DAY)))
    assert waits == [5, 10, 15]


@pytest.mark.parametrize("time", ["soon", "", "undefined", "NA", "-1", "2026-02-30T00:00:00"])
def test_a_row_without_a_readable_time_is_counted_and_left_out(time):
    made, found = read(file([row("a"), row("b", time=time), row("c")]))
    assert [one["newValue"] for one in found] == ["a", "c"]
    assert (made.received, made.undated) == (3, 1)


def test_a_time_that_says_its_zone_is_that_instant():
    made, found = read(
        file([row("a", time="2026-01-31T01:00:00+02:00"), row("b", time="2026-01-31T01:00:00Z")])
    )
    assert [one["newValue"] for one in found] == ["a"]
    assert made.undated == 0


# -- encodings -------------------------------------------------------------------------------------

TEXT = "Küche “ß” 日本"


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-8", "text/csv"),
        ("utf-8", 'text/csv; charset="UTF-8"'),
        ("utf-8-sig", "text/csv; charset=ISO-8859-1"),  # what is in the file goes before what is said of it
        ("utf-16", None),
        ("utf-16", "text/csv; charset=utf-16"),
        ("utf-16-be", "text/csv; charset=UTF-16BE"),
        ("utf-32", None),
        ("shift_jis", "text/csv; charset=Shift_JIS"),
        ("iso-8859-1", "text/csv;charset=ISO-8859-1"),
        ("cp1252", "text/csv; header=present; charset=windows-1252"),
    ],
)
def test_a_charset_is_honored(encoding, kind):
    text = {"shift_jis": "日本", "iso-8859-1": "Küche ß", "cp1252": "Küche “ß”"}.get(encoding, TEXT)
    made, found = read(file([row(text)]).decode().encode(encoding), kind)
    assert [one["newValue"] for one in found] == [text]
    assert not any(made.is_repaired)


@pytest.mark.parametrize(
    "charset",
    [
        "klingon",
        "base64",
        "x" * 500,
        "utf-8\0",
        "idna",
        "undefined",
        "unicode_escape",
        "hex",
        "zlib",
        "rot13",
    ],
)
def test_a_charset_that_nobody_knows_is_named(charset):
    with pytest.raises(InvalidResponseError, match="charset"):
        read(file([row()]), f"text/csv; charset={charset}")


@pytest.mark.parametrize(
    ("kind", "value", "replaced"),
    [
        (None, b"K\xfcche", "K\ufffdche"),
        (None, b"cut \xe2\x82", "cut \ufffd"),
        (None, b"\xed\xa0\xbd\xed\xb8\x80", "\ufffd" * 6),
        ("text/csv; charset=ascii", b"K\xfcche", "K\ufffdche"),
        ("text/csv; charset=shift_jis", b"\xff", "\ufffd"),
    ],
)
def test_bytes_that_are_no_text_are_replaced_and_the_record_counted(kind, value, replaced):
    data = file([row("a"), row("b"), row("c")]).replace(b'"b"', b'"' + value + b'"')
    made, found = read(data, kind)
    assert {one["newValue"] for one in found} == {"a", replaced, "c"}
    assert sorted(made.is_repaired) == [False, False, True]


def test_bytes_that_are_no_text_in_the_criteria_are_no_matter():
    made, found = read(file([row()]).replace(b"70000001", b"K\xfcche"))
    assert (len(found), made.is_repaired) == (1, [False])


def test_json_is_noticed_in_any_charset():
    with pytest.raises(InvalidResponseError, match="JSON"):
        read('{"message": "x"}'.encode("utf-16"))


# -- other answers ---------------------------------------------------------------------------------


def test_no_content_is_no_export():
    with pytest.raises(InvalidResponseError, match="204"):
        reader().parse(Answer(status=204, headers={}, file=io.BytesIO()))


def test_what_fails_the_same_way_each_time_is_called_so(sandbox, connect):
    broken = file([row(), row()], total=7).decode()
    sandbox.faults.add(kind="status", status=200, body=broken, match="/audit/export", times=99)
    with pytest.raises(IncompletePullError, match="same way: the export says 7 items and holds 2") as caught:
        list(records(connect(), AUDIT_TRAIL_EXPORT, AUDIT_TRAIL_EXPORT.query(DAY)))
    assert "fewer changes" not in str(caught.value)
    assert sum("/audit/export" in one.path for one in sandbox.requests) == 3


def test_results_without_a_time_are_named():
    with pytest.raises(InvalidResponseError, match="Date and time"):
        accepted(file([row()]).replace(b"Date and time", b"When"))


def test_a_full_export_is_not_taken_for_a_whole_one(monkeypatch):
    monkeypatch.setattr("airflow_provider_liveperson.datasets.audit_trail.export.MAX_ROWS", 3)
    with pytest.raises(IncompletePullError, match="shorter window"):
        accepted(file([row()] * 3))


def test_a_very_long_value():
    (one,) = accepted(file([row("x" * 500_000)]))
    assert len(one["newValue"]) == 500_000


def test_errors_are_json_and_are_told(sandbox, connect):
    sandbox.configure(audit_timezone_accepted={"US/Eastern"})
    with pytest.raises(RequestRejectedError, match=r"time zone .*UTC.* is not supported"):
        list(records(connect(), AUDIT_TRAIL_EXPORT, AUDIT_TRAIL_EXPORT.query(DAY)))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Object type", "objectType"),
        ("Object ID", "objectId"),
        ("Originator Employee ID", "originatorEmployeeId"),
        ("Start(Europe/London)", "startEuropeLondon"),
        ("Élan", "lan"),
        ("日本", "日本"),
    ],
)
def test_titles_become_names(title, name):
    assert field_name(title) == name


def test_times_of_another_zone_than_was_asked_for_are_refused():
    data = file([row()])
    assert b"Start(UTC)" in data
    with pytest.raises(InvalidResponseError, match="US/Eastern"):
        accepted(data.replace(b"Start(UTC)", b"Start(US/Eastern)"))
