from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 30, tzinfo=UTC)
END = datetime(2026, 1, 31, tzinfo=UTC)
PATH = "personal-data-deletion"


def ask(server: Any, path: str = PATH, **parameters: Any) -> requests.Response:
    return requests.get(server.path(path), params=parameters, auth=server.oauth(), timeout=10)


@pytest.mark.parametrize(
    ("parameters", "cause"),
    [
        ({"status": "OPEN"}, "status: must be one of"),
        ({"fromDate": "01-30-2026"}, "fromDate: must be a date"),
        ({"fromDate": "2026-01-30", "toDate": "2026-01-29"}, "fromDate: must not be after"),
    ],
)
def test_what_is_wrong_is_refused(sandbox: Any, parameters: dict[str, Any], cause: str) -> None:
    answer = ask(sandbox(), **parameters)
    assert answer.status_code == 400
    assert cause in answer.text


def test_requests_are_found_by_day_by_state_and_by_id(sandbox: Any) -> None:
    server = sandbox(deletion_requests=30)
    day = server.truth("personal_data_deletion_requests", START, END)
    both = server.truth("personal_data_deletion_requests", START, END + timedelta(days=1))
    asked = {"fromDate": "2026-01-30", "toDate": "2026-01-31"}
    assert len(day) == 6
    assert ask(server, **asked).json() == both
    done = [row for row in both if row["status"] == "DONE"]
    assert ask(server, status="DONE", **asked).json() == done
    assert ask(server, f"{PATH}/nobody").status_code == 404
    assert ask(server, f"{PATH}/{day[0]['request_id']}").json() == day[:1]
    server.configure(deletion_to="exclusive")
    assert ask(server, **asked).json() == day
    name = server.change("personal_data_deletion_requests", END - timedelta(seconds=1))
    now = server.truth("personal_data_deletion_requests", START, END)
    assert [row["request_id"] for row in now if row not in day] == [name]
    server.insert("personal_data_deletion_requests", 3, START)
    assert len(server.truth("personal_data_deletion_requests", START, END)) == 9
