from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 27, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
ALL = {"timezone": "UTC", "lpa": "true", "automaticUpdates": "true"}


def blocks(answer: requests.Response) -> tuple[dict[str, str], int, list[dict[str, str]]]:
    """Take the three blocks apart, as a reader that trusts the csv module and the word Results would."""
    assert answer.status_code == 200, answer.text
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert lines[0] == ["Search Criteria"]
    assert lines[3] == ["Total Items"]
    assert lines[5] == ["Results"]
    rows = [dict(zip(lines[6], line, strict=True)) for line in lines[7:]]
    return dict(zip(lines[1], lines[2], strict=True)), int(lines[4][0]), rows


def test_the_export_is_the_truth_newest_first(sandbox: Any) -> None:
    server = sandbox(audit_rows=2000)
    answer = server.export(**ALL)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "X-Total-Count" not in answer.headers
    criteria, total, rows = blocks(answer)
    assert total == len(rows) == 2000
    assert rows == server.audit.truth_export(START, END)[::-1]
    assert any("\n" in row["New value"] for row in rows)
    assert any('"' in row["Originator"] for row in rows)
    assert list(criteria) == [
        "Account ID",
        "Start(UTC)",
        "End(UTC)",
        "Object types",
        "Originators",
        "Include Automatic Updates",
        "Include LPA Users",
    ]


def test_the_criteria_repeat_what_was_asked(sandbox: Any) -> None:
    server = sandbox()
    criteria, _, rows = blocks(
        server.export(
            fromDate="2026-01-28",
            toDate="2026-01-28",
            timezone="Europe/London",
            componentTypes="ACUserObject,ACSkillObject",
            users="sam@acme.test,1018",
        )
    )
    assert criteria == {
        "Account ID": "70000001",
        "Start(Europe/London)": "2026-01-28",
        "End(Europe/London)": "2026-01-28",
        "Object types": "ACUserObject,ACSkillObject",
        "Originators": "sam@acme.test,1018",
        "Include Automatic Updates": "false",
        "Include LPA Users": "false",
    }
    assert {row["Object type"] for row in rows} <= {"Users", "Skills"}
    assert {row["Originator"] for row in rows} <= {"Sam Lee", "Zoë Müller"}


def test_dates_lines_and_flags_agree_with_graphql(sandbox: Any) -> None:
    server = sandbox()
    arguments: dict[str, Any] = {
        "fromDate": "2026-01-28",
        "toDate": "2026-01-29",
        "timezone": "Europe/London",
    }
    _, _, exported = blocks(server.export(**arguments))
    rows = server.rows(first=1000, **arguments)
    assert [row["Date and time"] for row in exported] == [
        row["changeDate"].replace(" ", "T").removesuffix(".0") for row in rows
    ]
    assert [row["New value"] for row in exported] == [row["newValue"] for row in rows]


def test_defaults_and_limit(sandbox: Any) -> None:
    server = sandbox()
    criteria, total, rows = blocks(server.export())
    assert "Start(US/Eastern)" in criteria
    assert (criteria["Object types"], criteria["Originators"]) == ("All", "All")
    assert total == len(rows) == len(server.rows(first=1000))
    assert blocks(server.export(limit=7))[2] == rows[:7]


def test_switches_of_the_file(sandbox: Any) -> None:
    server = sandbox()
    plain = server.export(**ALL)
    assert plain.content.startswith(b"Search Criteria\r\n")
    server.configure(
        export_order="ascending", export_bom=True, export_line_end="lf", audit_to_date="exclusive"
    )
    changed = server.export(toDate="2026-01-30", **ALL)
    assert changed.content.startswith(b"\xef\xbb\xbfSearch Criteria\n")
    rows = blocks(changed)[2]
    assert rows == server.audit.truth_export(START, datetime(2026, 1, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": "many"},
        {"limit": "-1"},
        {"lpa": "perhaps"},
        {"fromDate": "1/2/2026"},
        {"timezone": "Mars/Olympus"},
    ],
)
def test_errors_are_json(sandbox: Any, wrong: dict[str, str]) -> None:
    answer = sandbox().export(**wrong)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["message"]


def test_a_refusal_is_json(sandbox: Any) -> None:
    answer = requests.get(sandbox().audit_url + "/export", timeout=10)
    assert answer.status_code == 401
    assert answer.json()["message"] == "Not Authenticated"
