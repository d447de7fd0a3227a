from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL

START = datetime(2026, 1, 30, tzinfo=UTC)
END = datetime(2026, 1, 31, tzinfo=UTC)
PATH = "shift-status"


def ask(server: Any, path: str = PATH, **parameters: Any) -> requests.Response:
    return requests.get(server.path(path), params=parameters, auth=server.oauth(), timeout=10)


def test_only_a_login_is_accepted(sandbox: Any) -> None:
    assert ask(sandbox()).status_code == 401


def test_a_skill_on_shift_says_when_it_ends_in_either_spelling(sandbox: Any) -> None:
    server = sandbox(shift_auth=EVERY_CREDENTIAL)
    rows = ask(server).json()
    assert rows == server.truth("shift_status", START, END)
    assert {row["onShift"] for row in rows} == {True, False}
    assert any(set(row) == {"skill", "onShift"} for row in rows)
    assert all(row["onShift"] for row in rows if "nextOff" in row)
    server.configure(shift_times="milliseconds")
    for row, other in zip(rows, ask(server).json(), strict=True):
        for name in ("nextOn", "nextOff"):
            if name in row:
                assert datetime.fromisoformat(row[name]).timestamp() * 1000 == other[name]
