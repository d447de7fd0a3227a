"""Windows that overlap what has landed are refused, by the names of folders, at few requests to the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.overlaps import check_overlap, refuse_overlaps
from airflow_provider_liveperson.window import Window, file_stamp

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
HOME = "lake/users/account_id=1"


def hours(start: float, end: float) -> Window:
    return Window(DAY.start + timedelta(hours=start), DAY.start + timedelta(hours=end))


def put(store, window: Window, *, landed: bool = True) -> str:
    stamps = f"{file_stamp(window.start)}_{file_stamp(window.end)}"
    folder = f"{HOME}/dt={window.start:%Y-%m-%d}/{stamps}"
    store.objects[f"{folder}/part-00000-0.jsonl.gz"] = b""
    if landed:
        store.objects[f"{folder}/_manifest.json"] = b"whatever is in it"
    return folder


def refuse(store, *windows: Window) -> None:
    refuse_overlaps(store.destination(), "users", "1", windows)


@pytest.mark.parametrize(
    ("there", "window"),
    [
        (hours(0, 1), DAY),
        (hours(23, 24), DAY),
        (DAY, hours(0, 1)),
        (DAY, hours(23, 24)),
        (hours(0, 6), hours(5.999, 12)),
        (hours(0, 6), hours(0, 5.5)),
        (hours(0, 6), hours(0, 7)),
    ],
)
def test_what_overlaps_is_refused_with_the_folder_and_the_ways_out(store, there, window):
    folder = put(store, there)
    with pytest.raises(ConfigurationError, match="overlaps what has landed") as raised:
        refuse(store, window)
    assert raised.value.field == "overlap"
    assert raised.value.permanent
    for said in (f"memory://{folder}", "another prefix", "remove", "overlap='allow'", str(window)):
        assert said in str(raised.value)


@pytest.mark.parametrize(
    ("there", "window"),
    [
        (DAY, DAY),
        (hours(0, 6), hours(6, 12)),
        (hours(6, 12), hours(0, 6)),
        (hours(-24, 0), DAY),
        (hours(24, 48), DAY),
    ],
    ids=["the same again", "after", "before", "yesterday", "tomorrow"],
)
def test_what_does_not_overlap_is_none_of_its_business(store, there, window):
    put(store, there)
    refuse(store, window)


def test_what_has_no_manifest_has_not_landed(store):
    put(store, hours(0, 1), landed=False)
    refuse(store, DAY)


@pytest.mark.parametrize(
    "name",
    ["notes", "20260130T000000Z", "20260130T000000Z_20260130T000000Z", "20269930T000000Z_20260131T000000Z"],
)
def test_folders_that_are_no_windows_are_passed_over(store, name):
    store.objects[f"{HOME}/dt=2026-01-30/{name}/_manifest.json"] = b""
    refuse(store, DAY)


def test_other_accounts_and_datasets_do_not_count(store):
    folder = put(store, hours(0, 1))
    for other in ("lake/skills/account_id=1", "lake/users/account_id=12", "other/users/account_id=1"):
        store.objects = {key.replace(HOME, other): data for key, data in store.objects.items()}
        assert folder not in store.objects
        refuse(store, DAY)
        store.objects = {key.replace(other, HOME): data for key, data in store.objects.items()}


def test_many_are_counted_not_listed(store):
    for hour in range(24):
        put(store, hours(hour, hour + 1))
    with pytest.raises(ConfigurationError, match="and 21 more"):
        refuse(store, DAY)


def test_it_asks_little_of_the_store(store):
    """A listing for each day in which there is anything, of folders only; manifests only of what overlaps."""
    for day in range(10):
        for hour in range(24):
            put(store, hours(24 * day + hour, 24 * day + hour + 1))
    asked: list[str] = []
    folders, read = store.folders, store.read
    store.folders = lambda folder: asked.append(folder) or folders(folder)
    store.read = lambda key: asked.append(key) or read(key)
    refuse(store, hours(0, 1))
    assert asked == [f"{HOME}/dt=2026-01-30"]
    asked.clear()
    year = list(Window(DAY.start - timedelta(days=365), DAY.start).days())
    refuse(store, *year)
    assert asked == [HOME]


@pytest.mark.parametrize("value", ["", "Refuse", None, True])
def test_the_choice_is_one_of_two(value):
    with pytest.raises(ConfigurationError, match="'refuse' or 'allow'"):
        check_overlap(value)
