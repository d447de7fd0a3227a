"""Chats: what is asked, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.datasets.engagement_history.dataset import ENGAGEMENT_HISTORY
from airflow_provider_liveperson.datasets.engagement_history.reader import TEXT_AREAS
from airflow_provider_liveperson.datasets.readers.pages import shown_keys
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
DAY_MS = 1_769_731_200_000


def pager(**filters):
    query = ENGAGEMENT_HISTORY.query(DAY, filters=filters)
    (slice_,) = ENGAGEMENT_HISTORY.plan(query)
    return ENGAGEMENT_HISTORY.open(query, slice_)


def test_what_is_asked():
    request = pager(keyword="refund", channel=1).next_request()
    assert (request.method, request.service) == ("POST", "engHistDomain")
    assert request.path == "/interaction_history/api/account/{account_id}/interactions/search"
    assert request.params == {
        "offset": "0",
        "limit": "100",
        "sort": "start:asc,engagementId:asc",
        "source": "{source}",
    }
    assert request.json == {
        "start": {"from": DAY_MS, "to": DAY_MS + 86_400_000 - 1},
        "channel": "1",
        "keyword": "refund",
        "keyword_search_area": {"types": list(TEXT_AREAS)},
    }


def test_a_chat_in_part_is_asked_for_by_its_id_and_nothing_ends_before_it_came():
    made = pager(skillIds=["5"])
    info = f'{{"engagementId":17,"startTimeL":{DAY_MS},"isPartial":"true"}}'
    page = f'{{"_metadata":{{"count":1}},"interactionHistoryRecords":[{{"info":{info}}}]}}'
    made.next_request()
    assert list(made.accept(made.parse(Answer(status=200, headers={}, body=page.encode())))) == []
    request = made.next_request()
    assert request.json == {"start": {"from": DAY_MS, "to": DAY_MS + 86_400_000 - 1}, "engagementId": "17"}
    assert made.next_request() is None
    with pytest.raises(PagesMovedError, match="before all chats were whole"):
        made.finish()
    whole = page.replace('"true"', "false").encode()
    (line,) = made.accept(made.parse(Answer(status=200, headers={}, body=whole)))
    assert b'"isPartial":false' in bytes(line)
    made.finish()
    assert (made.received, list(made.still_partial)) == (1, [])


def test_a_chat_in_part_that_has_no_id_lands_as_it_came_and_nobody_is_asked_for_it():
    made = pager()
    info = f'{{"startTimeL":{DAY_MS},"isPartial":true,"agentName":"Ann"}}'
    page = f'{{"_metadata":{{"count":1}},"interactionHistoryRecords":[{{"info":{info}}}]}}'
    made.next_request()
    (line,) = made.accept(made.parse(Answer(status=200, headers={}, body=page.encode())))
    assert bytes(line) == f'{{"info":{info}}}'.encode()
    assert made.next_request() is None
    made.finish()
    assert len(made.still_partial) == 1
    assert shown_keys(made.still_partial) == []


def test_no_request_covers_more_than_a_month():
    windows = [
        slice_.bounds["start"]
        for slice_ in ENGAGEMENT_HISTORY.plan(
            ENGAGEMENT_HISTORY.query(Window(DAY.start, DAY.start + timedelta(days=100)))
        )
    ]
    assert max(window.end - window.start for window in windows) < timedelta(days=28) - timedelta(minutes=20)


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"interactive": False}, "interactive can only be true"),
        ({"duration": {"from": 5}}, "duration must be"),
        ({"keyword_search_area": {"areas": []}}, "an object with some of types"),
    ],
)
def test_what_livepersons_page_excludes_is_refused(filters, says):
    with pytest.raises(ConfigurationError, match=says):
        pager(**filters)
