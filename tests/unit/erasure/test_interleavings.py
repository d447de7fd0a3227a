"""Erasures that are killed, fail, or meet others and landings, at each of their store requests."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.exceptions import StorageError
from devtools.erasure_runs import DAY, LandedDay

BY_CONVERSATION = "actual_handle_time"  # whose records name no consumer


@pytest.fixture
def day(store, connect) -> LandedDay:
    return LandedDay(store, connect())


@pytest.fixture
def ids(sandbox) -> list[str]:
    truth = sandbox.truth("messaging_interactions", DAY.start, DAY.end)
    return [one["info"]["conversationId"] for one in truth]


def assert_landing_again_changes_nothing(day: LandedDay) -> None:
    before = dict(day.store.objects)
    again = day.land()
    assert day.store.objects == before
    assert again.changed is False


def count(stepped) -> int:
    stepped.finish()
    assert stepped.error is None
    return stepped.requests


@pytest.mark.parametrize("ends", ["killed", "refused", "answer lost"])
def test_the_next_try_finishes_an_erasure_that_ended_anywhere(day, store, ids, ends):
    chosen = [ids[0], ids[-1]]
    day.land()
    landed = dict(store.objects)
    total = count(day.erasure(chosen))
    assert total > 10
    expected = {key: data for key, data in store.objects.items() if key.endswith(".txt") or "/part-" in key}
    for moment in range(total):
        day.clear()
        store.objects.update(landed)
        fails = {} if ends == "killed" else {"fails_at": moment, "loses_answer": ends == "answer lost"}
        first = day.erasure(chosen, **fails)
        if ends == "killed":
            first.advance(moment)
            first.kill()
        else:
            first.finish()
            assert first.error is None or isinstance(first.error, StorageError)
        day.erase(chosen)
        assert day.wrongs(chosen) == [], moment
        assert_landing_again_changes_nothing(day)
        there = {
            key.rpartition("-")[2] for key in store.objects if "/part-" in key
        }  # by their hashes, as a name that a killed run has taken stays taken
        assert there == {key.rpartition("-")[2] for key in expected if "/part-" in key}


@pytest.mark.parametrize("ends", ["killed", "refused", "answer lost"])
def test_the_next_try_finishes_a_consumer_where_only_conversations_are_named(
    connect, store, sandbox, ids, ends
):
    """Whichever step the first one came to: the records that say whose a conversation is may be gone by then."""
    truth = sandbox.truth("messaging_interactions", DAY.start, DAY.end)
    consumer = truth[0]["consumerParticipants"][0]["participantId"]
    gone = [
        one["info"]["conversationId"]
        for one in truth
        if consumer in {person["participantId"] for person in one["consumerParticipants"]}
    ]
    segment = sandbox.truth(BY_CONVERSATION, DAY.start, DAY.end)[0]
    day = LandedDay(store, connect(), {segment["conversationId"]: gone[0]})
    day.land()
    day.land(name=BY_CONVERSATION)
    assert day.wrongs(gone, name=BY_CONVERSATION)
    landed = dict(store.objects)
    total = count(day.erasure([], participants=[consumer]))
    for moment in range(total):
        day.clear()
        store.objects.update(landed)
        fails = {} if ends == "killed" else {"fails_at": moment, "loses_answer": ends == "answer lost"}
        first = day.erasure([], participants=[consumer], **fails)
        if ends == "killed":
            first.advance(moment)
            first.kill()
        else:
            first.finish()
        day.erase([], participants=[consumer])
        for name in ("messaging_interactions", BY_CONVERSATION):
            assert day.wrongs(gone, name=name) == [], moment


@pytest.mark.parametrize("same", [False, True], ids=["other persons", "the same persons"])
def test_two_erasures_at_once(day, store, ids, same):
    one, other = [ids[0]], [ids[0] if same else ids[1]]
    day.land()
    landed = dict(store.objects)
    for moment in range(count(day.erasure(one))):
        day.clear()
        store.objects.update(landed)
        first = day.erasure(one)
        first.advance(moment)
        day.erase(other)
        first.finish()
        assert first.error is None
        assert day.wrongs([*one, *other]) == [], moment
        assert_landing_again_changes_nothing(day)


@pytest.mark.parametrize("again", [False, True], ids=["first landing", "landing again"])
def test_an_erasure_while_its_window_lands(day, store, ids, again):
    """Whoever comes first, the persons are gone at the end."""
    chosen = [ids[0], ids[-1]]
    if again:
        day.land()
    landed = dict(store.objects)
    total = count(day.landing())
    for moment in range(total + 1):
        day.clear()
        store.objects.update(landed)
        landing = day.landing()
        landing.advance(moment)
        day.erase(chosen)
        landing.finish()
        assert landing.error is None
        assert day.wrongs(chosen) == [], moment
        assert_landing_again_changes_nothing(day)


def test_a_landing_while_persons_are_erased_from_its_window(day, store, ids):
    chosen = [ids[0], ids[-1]]
    day.land()
    landed = dict(store.objects)
    for moment in range(count(day.erasure(chosen))):
        day.clear()
        store.objects.update(landed)
        erasure = day.erasure(chosen)
        erasure.advance(moment)
        day.land()
        erasure.finish()
        assert erasure.error is None
        assert day.wrongs(chosen) == [], moment
        assert_landing_again_changes_nothing(day)
