from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

# The sandbox's data end with this day, and so does its present.
PRESENT = datetime(2026, 2, 1, tzinfo=UTC)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


DAY = {"from": ms(PRESENT - timedelta(days=1)), "to": ms(PRESENT)}


def ask(server: Any, body: Any, path: str = "interactions", **parameters: Any) -> requests.Response:
    url = f"{server.url}/interaction_history/api/account/{server.settings.account_id}/{path}/search"
    return requests.post(url, json=body, params=parameters, auth=server.oauth(), timeout=10)


@pytest.mark.parametrize(
    ("body", "parameters", "says"),
    [
        ({}, {}, "start: from and to are required"),
        ({"start": {"from": 5}}, {}, "start.to: the parameter is required"),
        ({"start": {"from": DAY["from"], "to": DAY["from"] + 32 * 86_400_000}}, {}, "at most one month"),
        ({"start": DAY, "interactive": False}, {}, "interactive: only true is supported"),
        ({"start": DAY, "duration": {"from": 5}}, {}, "duration: from and to must be numbers, both of them"),
        ({"start": DAY, "keyword": "a"}, {}, "keyword_search_area: is required with keyword"),
        (
            {"start": DAY, "keyword_search_area": {"types": ["x"]}},
            {},
            "keyword_search_area.types: must be of",
        ),
        ({"start": DAY, "skillId": 5}, {}, "skillId: there is no such parameter"),
        ({"start": DAY, "channel": 3}, {}, "channel: must be one of -1, 1, 2"),
        ({"start": DAY}, {"sort": "begin:asc"}, "sort: must be of"),
        ({"start": DAY}, {"limit": 0}, "limit: must be a whole number of at least 1"),
    ],
)
def test_what_is_wrong_is_a_400(sandbox: Any, body: Any, parameters: dict[str, Any], says: str) -> None:
    response = ask(sandbox(), body, **parameters)
    assert response.status_code == 400
    assert says in response.text


def test_what_an_unmodified_singer_tap_asks_for_is_answered_as_it_reads_it(sandbox: Any) -> None:
    server = sandbox(engagement_chats=250, days=2)
    seen, counts, page = [], [], 0
    while not counts or page * 100 < counts[0]:
        week = {"start": {"from": ms(PRESENT - timedelta(days=7)), "to": ms(PRESENT)}}
        answer = ask(server, week, offset=100 * page, limit=100, sort="start:asc").json()
        counts.append(answer["_metadata"]["count"])
        seen += [one["info"]["engagementId"] for one in answer["interactionHistoryRecords"]]
        page += 1
    assert set(counts) == {250}
    assert len(set(seen)) == len(seen) == 250
    one = ask(server, {"engagementId": seen[7]}, "interaction").json()
    assert [row["info"]["engagementId"] for row in one["interactionHistoryRecords"]] == [seen[7]]


def test_several_names_sort_one_after_the_other(sandbox: Any) -> None:
    rows = ask(
        sandbox(engagement_chats=90, days=3),
        {"start": DAY},
        sort="interactive:desc,duration:des,engagementId:asc",
    ).json()
    infos = [row["info"] for row in rows["interactionHistoryRecords"]]
    places = [(not info["interactive"], -info["duration"], info["engagementId"]) for info in infos]
    assert len({first for first, _, _ in places}) == 2
    assert places == sorted(places)


def test_a_range_is_rounded_outward_and_counts_beside_an_id_or_not(sandbox: Any) -> None:
    server = sandbox(engagement_partial_share=0.0)
    row = server.truth("engagement_history", PRESENT - timedelta(days=1), PRESENT)[4]["info"]
    moment = row["startTimeL"]
    edge = moment // 600_000 * 600_000

    def found(start: int, end: int) -> int:
        body = {"start": {"from": start, "to": end}, "engagementId": row["engagementId"]}
        return int(ask(server, body).json()["_metadata"]["count"])

    assert [found(moment + 1, moment + 2), found(edge - 2, edge - 1)] == [1, moment == edge]
    assert found(moment - 86_400_000, moment - 43_200_000) == 0
    server.configure(engagement_id_range="ignored")
    assert found(moment - 86_400_000, moment - 43_200_000) == 1
