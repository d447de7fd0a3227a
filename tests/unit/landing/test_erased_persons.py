"""The file of erased persons: what is added stays, whoever else adds, and without it nothing goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.erased_persons import ErasedPersons, add, digest_of, erasure
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.stores import ConflictError
from airflow_provider_liveperson.records.persons import Hashes, Kind
from airflow_provider_liveperson.window import Window

KEY = "lake/_erased/account_id=1.json"
NOW = datetime(2026, 2, 1, tzinfo=UTC)
DAY = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))


def made(*hashes: str, kind=Kind.CONVERSATION, now=NOW, **scope):
    return erasure(kind, hashes, **{"datasets": None, "start": None, "end": None, **scope}, now=now)


def whom(store, dataset="d", window=DAY) -> tuple[list[str], list[str]]:
    found = ErasedPersons.read(store, KEY).of(dataset, window)
    return sorted(found.conversations), sorted(found.participants)


def test_nobody_is_erased_where_there_is_no_file(store):
    persons = ErasedPersons.read(store, KEY)
    assert not persons
    assert not persons.of("d", DAY)
    persons.check_salt(None)


def test_what_is_added_adds_up(store):
    add(store, KEY, "salt", [made("b", "a")])
    add(store, KEY, "salt", [made("c"), made("p", kind=Kind.PARTICIPANT)])
    assert whom(store) == (["a", "b", "c"], ["p"])
    assert len(ErasedPersons.read(store, KEY).erasures) == 2


def test_whom_was_noted_before_is_said(store):
    assert not add(store, KEY, "salt", [made("p", kind=Kind.PARTICIPANT)])
    before = add(store, KEY, "salt", [made("a")])
    assert before.any_of(Hashes(participants={"p", "q"}))
    assert not before.any_of(Hashes(participants={"q"}, conversations={"p", "a"}))


def test_a_try_that_comes_later_adds_nothing(store):
    for hours in range(3):
        now = NOW + timedelta(hours=hours)
        add(store, KEY, "salt", [made("p", kind=Kind.PARTICIPANT, end=now, now=now)])
    (one,) = ErasedPersons.read(store, KEY).erasures
    assert (one.end, one.erased_at) == ("2026-02-01T02:00:00Z",) * 2


@pytest.mark.parametrize(
    ("scope", "dataset", "window", "covers"),
    [
        ({}, "d", DAY, True),
        ({"datasets": ["d", "e"]}, "d", DAY, True),
        ({"datasets": ["e"]}, "d", DAY, False),
        ({"end": DAY.start}, "d", DAY, False),
        ({"end": DAY.start + timedelta(seconds=1)}, "d", DAY, True),
        ({"start": DAY.end}, "d", DAY, False),
        ({"start": DAY.end - timedelta(seconds=1)}, "d", DAY, True),
    ],
)
def test_which_windows_are_covered(store, scope, dataset, window, covers):
    add(store, KEY, "salt", [made("a", **scope)])
    assert whom(store, dataset, window) == (["a"] if covers else [], [])


def test_two_at_once_lose_nobody(store, monkeypatch):
    swap, others = store.swap, ["x", "y", "z"]

    def swapped(key, data, expected):
        if others:
            other = others.pop()
            monkeypatch.setattr(store, "swap", swap)
            add(store, KEY, "salt", [made(other)])
            monkeypatch.setattr(store, "swap", swapped)
        swap(key, data, expected)

    monkeypatch.setattr(store, "swap", swapped)
    add(store, KEY, "salt", [made("a")])
    assert whom(store) == (["a", "x", "y", "z"], [])


def test_a_file_that_never_rests_is_given_up(store, monkeypatch):
    def refused(*_):
        raise ConflictError("no")

    monkeypatch.setattr(store, "swap", refused)
    with pytest.raises(ConcurrentRunError):
        add(store, KEY, "salt", [made("a")])


@pytest.mark.parametrize("salt_id", [None, "other"])
def test_another_secret_is_refused(store, salt_id):
    add(store, KEY, "salt", [made("a")])
    with pytest.raises(ConfigurationError, match="hash_secret") as caught:
        ErasedPersons.read(store, KEY).check_salt(salt_id)
    assert caught.value.field == "hash_secret"
    with pytest.raises(ConfigurationError):
        add(store, KEY, "other", [made("b")])
    assert whom(store) == (["a"], [])


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b'{"salt_id": "s"}', b'{"erased_format": 2, "salt_id": "s", "erasures": []}'],
)
def test_something_else_under_its_name_stops_everything(store, data):
    store.write(KEY, data)
    with pytest.raises(StorageError) as caught:
        ErasedPersons.read(store, KEY)
    assert caught.value.permanent
    with pytest.raises(StorageError):
        add(store, KEY, "salt", [made("a")])
    assert store.objects[KEY] == data


def test_landings_without_others_are_told_apart():
    assert digest_of(Hashes()) is None
    some = [Hashes(conversations={"a"}), Hashes(participants={"a"}), Hashes(conversations={"a", "b"})]
    assert len({digest_of(one) for one in some}) == 3
    assert digest_of(Hashes(conversations={"b", "a"})) == digest_of(Hashes(conversations={"a", "b"}))
