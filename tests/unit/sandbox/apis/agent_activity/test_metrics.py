from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

START = datetime(2026, 1, 27, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
WHOLE = {
    "v": "1", "source": "Tests", "from": "2026-01-27T00:00Z", "to": "2026-02-01T00:00Z", "pageSize": "500",
    "metrics": "handleTime,arrivals,handledConversations",
}  # fmt: skip


def ask(server: Any, **parameters: Any) -> requests.Response:
    given = {name: value for name, value in {**WHOLE, **parameters}.items() if value is not None}
    url = f"{server.url}/api/account/{server.settings.account_id}/interval-metrics"
    return requests.get(url, params=given, auth=server.oauth(), timeout=10)


def pages(server: Any, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    key = None
    while True:
        answer = ask(server, pageKey=key, **parameters)
        assert answer.status_code in (200, 202), answer.text
        found.append(answer.json())
        key = found[-1]["metadata"]["paging"].get("nextPageKey")
        if key is None:
            return found


def rows(server: Any, **parameters: Any) -> list[dict[str, Any]]:
    return [row for page in pages(server, **parameters) for row in page["intervals"]]


def test_the_read_is_the_truth_through_empty_pages(sandbox: Any) -> None:
    server = sandbox(interval_metrics=100)
    truth = server.truth("interval_metrics", START, END)
    assert len(truth) == 100
    every = ",".join(truth[0]["metrics"])
    found = pages(server, pageSize=30, metrics=every)
    assert [len(page["intervals"]) for page in found] == [0, 30, 0, 30, 0, 30, 0, 10]
    starts = [{"_interval_start": row["timeframe"]["from"].replace(".000", "")} for row in truth]
    answered = rows(server, metrics=every)
    assert [{**row, **start} for row, start in zip(answered, starts, strict=True)] == truth
    assert len({(str(row["timeframe"]), row["skillId"], row["agentId"]) for row in truth}) == 100


def test_numbers_are_added_up_as_they_are_grouped(sandbox: Any) -> None:
    server = sandbox(interval_metrics=100)
    sums = set()
    for grouping in ("skill,agent", "skill", "agent", "agentGroup"):
        for minutes in ("15", "60", "1440"):
            found = rows(server, grouping=grouping, intervalDuration=minutes)
            sums.add(sum(row["metrics"]["handleTime"] for row in found))
            assert all(("skillId" in row) is ("skill" in grouping) for row in found)
            length = {row["timeframe"]["toL"] - row["timeframe"]["fromL"] for row in found}
            assert length == {int(minutes) * 60_000}
    assert len(sums) == 1


def test_an_interval_is_in_progress_until_it_settles(sandbox: Any) -> None:
    server = sandbox(interval_metrics=2000)
    assert {row["status"] for row in rows(server)} == {"Done", "In Progress"}
    late = {"from": "2026-01-31T23:30Z"}
    assert ask(server, **late, pageKey=None).status_code == 200  # the first page is empty
    server.configure(interval_metrics_empty_pages=False)
    assert ask(server, **late).status_code == 202
    server.configure(interval_metrics_status="200")
    assert ask(server, **late).status_code == 200
    server.configure(data_clock_offset_seconds=1800)
    assert {row["status"] for row in rows(server)} == {"Done"}


def test_a_change_is_of_one_row(sandbox: Any) -> None:
    server = sandbox(interval_metrics=50)
    before = server.truth("interval_metrics", START, END)
    server.change("interval_metrics", START + timedelta(days=2))
    after = server.truth("interval_metrics", START, END)
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    with pytest.raises(ValueError, match="do not change"):
        server.change("agent_status_changes")
    with pytest.raises(ValueError, match="cannot be added"):
        server.insert("interval_metrics", 1)


def test_filters(sandbox: Any) -> None:
    server = sandbox(interval_metrics=100)
    one = server.truth("interval_metrics", START, END)[0]
    for name in ("skillId", "agentId", "agentGroupId"):
        assert {row[name] for row in rows(server, **{name: one[name]})} == {one[name]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": None}, {"v": None}, {"metrics": None}, {"metrics": "speed"}, {"from": None}, {"from": "noon"},
        {"from": "2026-01-24T00:00Z"}, {"grouping": "color"}, {"intervalDuration": "20"}, {"pageSize": "501"},
        {"pageKey": "x"}, {"fromL": "5"}, {"v": "2"},
    ],
)  # fmt: skip
def test_wrong_parameters_are_a_400(sandbox: Any, wrong: dict[str, Any]) -> None:
    assert ask(sandbox(), **wrong).status_code == 400


def test_the_metrics_of_the_page_only(sandbox: Any) -> None:
    server = sandbox(interval_metrics_known="documented")
    assert ask(server).status_code == 400
    assert ask(server, metrics="handleTime").status_code in (200, 202)
