from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 30, tzinfo=UTC)
END = datetime(2026, 1, 31, tzinfo=UTC)
PATH = "app/prmsg/handoffs/list"


def ask(server: Any, path: str = PATH, **parameters: Any) -> requests.Response:
    return requests.get(server.path(path), params=parameters, auth=server.oauth(), timeout=10)


@pytest.mark.parametrize(
    ("path", "parameters", "status", "cause"),
    [
        (PATH, {}, 400, "v: must be 1"),
        (PATH, {"v": 1, "limit": 101}, 400, "limit: must be less than or equal to 100"),
        (f"{PATH}/channel/fax", {"v": 1}, 404, "no channel"),
        ("app/c2m/handoffs/list", {"v": 1}, 404, ""),
    ],
)
def test_what_is_wrong_is_refused(
    sandbox: Any, path: str, parameters: dict[str, Any], status: int, cause: str
) -> None:
    answer = ask(sandbox(), path, **parameters)
    assert answer.status_code == status
    assert cause in answer.text


def test_handoffs_come_in_pages_of_thirty_and_by_channel(sandbox: Any) -> None:
    server = sandbox()
    everything = server.truth("outbound_handoffs", START, END)
    assert len(everything) == 40
    assert ask(server, v=1).json() == everything[:30]
    assert ask(server, v=1, offset=30).json() == everything[30:]
    in_app = [row for row in everything if any(one["type"] == "inapp" for one in row["channels"])]
    assert ask(server, f"{PATH}/channel/inapp", v=1).json() == in_app
    server.configure(handoff_single="object")
    assert ask(server, v=1, limit=1).json() == everything[0]
    server.insert("outbound_handoffs", 2)
    changed = server.change("outbound_handoffs")
    now = server.truth("outbound_handoffs", START, END)
    assert (len(now), [row for row in now[:40] if row not in everything]) == (42, [changed])
