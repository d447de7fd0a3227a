from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)
SETTINGS: dict[str, Any] = {"operations_rounded": True, "operations_wrapper": "none"}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def ask(server: Any, auth: Any = None, **parameters: Any) -> requests.Response:
    given = {"v": "1", "timeframe": "60", "interval": "5", "skillIds": "all", **parameters}
    url = f"{server.url}/operations/api/account/{server.settings.account_id}/msgqueuehealth"
    given = {name: value for name, value in given.items() if value is not None}
    headers = {} if auth is None else {"Authorization": f"Bearer {auth}"}
    return requests.get(
        url, params=given, auth=server.oauth() if auth is None else None, headers=headers, timeout=10
    )


def answer(server: Any, **parameters: Any) -> dict[str, Any]:
    response = ask(server, **parameters)
    assert response.status_code == 200, response.text
    return dict(response.json())


def flat(intervals: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    found = []
    for interval in intervals:
        numbers = interval.get("metricsData", interval)
        at = interval["timestamp"]
        if numbers["metricsTotal"]:
            found.append((at, "account", None, numbers["metricsTotal"]))
        found += [(at, "skill", skill, those) for skill, those in numbers["skillsMetrics"].items()]
    return found


def expected(server: Any, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    return [
        (
            ms(datetime.fromisoformat(row["_interval_start"])),
            row["_level"],
            row.get("_skill_id"),
            {name: value for name, value in row.items() if not name.startswith("_")},
        )
        for row in server.truth("messaging_queue_health", start, end)
    ]


def test_the_read_is_the_truth(sandbox: Any) -> None:
    server = sandbox(**SETTINGS, operations_order="oldest")
    read = flat(answer(server)["metricsByIntervals"])
    assert read == expected(server, PRESENT - timedelta(hours=1), PRESENT)
    assert {level for _, level, _, _ in read} == {"account", "skill"}
    assert "-1" in {skill for _, _, skill, _ in read}


def test_a_frame_by_its_ends_is_the_same_as_one_until_now(sandbox: Any) -> None:
    server = sandbox(**SETTINGS)
    start = PRESENT - timedelta(hours=1)
    between = ask(server, server.token(), v="2", timeframe=None, fromMillis=ms(start), toMillis=ms(PRESENT))
    assert between.json() == answer(server)


@pytest.mark.parametrize(("version", "is_key"), [("1", False), ("2", True)])
def test_a_version_goes_with_a_credential(sandbox: Any, version: str, is_key: bool) -> None:
    server = sandbox()
    frame = {"fromMillis": ms(PRESENT - timedelta(hours=1)), "toMillis": ms(PRESENT)}
    parameters = {"v": version, **(frame if version == "2" else {})}
    auth = None if is_key else server.token()
    refused = ask(server, auth, **parameters)
    assert (refused.status_code, f"v={version}" in refused.text) == (401, True)
    server.configure(operations_versions="any")
    assert ask(server, auth, **parameters).status_code == 200


def test_a_timeframe_may_go_with_the_second_version(sandbox: Any) -> None:
    server = sandbox(operations_versions="any")
    asked = {"v": "2", "timeframe": 60, "interval": 5}
    assert "fromMillis" in ask(server, None, **asked).text
    server.configure(operations_timeframe="any")
    assert len(answer(server, **asked)["metricsByIntervals"]) == 12


def test_the_oddities_change_the_form_and_not_the_numbers(sandbox: Any) -> None:
    server = sandbox(**SETTINGS)
    plain = flat(answer(server)["metricsByIntervals"])
    server.configure(operations_wrapper="some")
    some = answer(server)["metricsByIntervals"]
    assert [("metricsData" in interval) for interval in some] == [True, False] * 6
    assert flat(some) == plain
    server.configure(operations_order="oldest")
    assert sorted(flat(answer(server)["metricsByIntervals"]), key=str) == sorted(plain, key=str)
    server.configure(operations_envelope="meta_body")
    assert flat(answer(server)["body"]["metricsByIntervals"])
    server.configure(operations_envelope="bare", operations_totals="metricsTotals")
    assert "metricsTotals" in answer(server, interval=None)
    server.configure(operations_named_by="end", operations_timestamp="text")
    assert answer(server)["metricsByIntervals"][-1]["timestamp"] == "2026-02-01T00:00:00"


def test_unrounded_names_depend_on_the_moment(sandbox: Any) -> None:
    server = sandbox(data_clock_offset_seconds=61.5)
    names = [interval["timestamp"] for interval in answer(server)["metricsByIntervals"]]
    assert {name % 300_000 for name in names} == {61_500}


def test_a_change_and_a_time_without_an_agent(sandbox: Any) -> None:
    server = sandbox(**SETTINGS)
    window = (PRESENT - timedelta(hours=2), PRESENT)
    before = server.truth("messaging_queue_health", *window)
    server.change("messaging_queue_health", PRESENT - timedelta(hours=1))
    after = server.truth("messaging_queue_health", *window)
    changed = [one for one, other in zip(after, before, strict=True) if one != other]
    assert [row["_level"] for row in changed] == ["account", "skill"]
    server.configure(operations_logged_in=False)
    assert server.truth("messaging_queue_health", *window) == []
    assert flat(answer(server)["metricsByIntervals"]) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"v": None}, {"v": "3"}, {"timeframe": None}, {"timeframe": "1441"}, {"interval": "4"}, {"interval": "7"},
        {"v": "2", "fromMillis": ms(PRESENT - timedelta(hours=25)), "toMillis": ms(PRESENT)},
        {"v": "2", "fromMillis": ms(PRESENT)},
    ],
)  # fmt: skip
def test_wrong_parameters_are_a_400(sandbox: Any, parameters: dict[str, Any]) -> None:
    assert ask(sandbox(), **parameters).status_code == 400
