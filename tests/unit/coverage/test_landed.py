"""What has landed, as the store says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError
from airflow_provider_liveperson.hooks.destinations import s3_store
from airflow_provider_liveperson.window import DAY, Window
from devtools.landed_windows import ACCOUNT, land_window
from devtools.memory_store import MemoryStore

FIRST = datetime(2026, 1, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = FIRST + 5 * DAY + HOUR
AUDIT = Series(dataset="audit_trail", account_id=ACCOUNT)
USERS = Series(dataset="users", account_id=ACCOUNT)


def day(number: int) -> Window:
    return Window(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def hours(start: int, end: int) -> Window:
    return Window(FIRST + start * HOUR, FIRST + end * HOUR)


def look(store, series=AUDIT, start=None, end=None, *, verify=False):
    states = Landed(store, "lake", verify=verify).states(series, start, end, now=NOW)
    return [(state.window, state.status.value) for state in states]


def test_a_day_that_has_not_landed_is_missing_and_one_that_was_cut_short_is_partial(store):
    land_window(store, day(0))
    land_window(store, day(2), complete=False)
    land_window(store, day(4))
    assert look(store) == [
        (day(0), "complete"),
        (day(1), "missing"),
        (day(2), "partial"),
        (day(3), "missing"),
        (day(4), "complete"),
    ]


def test_a_state_has_the_numbers_of_the_manifest(store):
    folder = land_window(store, day(0), parts=[[b"1", b"2"], [b"3"]])
    (state,) = Landed(store, "lake").states(AUDIT, day(0).start, day(0).end)
    size = sum(len(data) for key, data in store.objects.items() if "/part-" in key)
    assert (state.reported, state.received, state.kept, state.size) == (4, 4, 3, size)
    assert state.manifest == store.uri(f"{folder}/_manifest.json")
    assert not state.is_gap


def test_gaps_within_a_day_of_hours_are_found(store):
    for start, end in ((0, 1), (1, 2), (5, 24)):
        land_window(store, hours(start, end))
    assert look(store, end=FIRST + DAY)[2:] == [
        (hours(2, 5), "missing"),
        (hours(5, 24), "complete"),
    ]


def test_one_copy_of_a_snapshot_a_day_is_enough(store):
    land_window(store, hours(3, 4), dataset="users")
    land_window(store, day(2), dataset="users")
    assert look(store, USERS, FIRST, FIRST + 3 * DAY) == [
        (hours(3, 4), "complete"),
        (day(1), "missing"),
        (day(2), "complete"),
    ]


def test_a_folder_without_a_manifest_has_not_landed(store):
    land_window(store, day(0))
    folder = land_window(store, day(1))
    del store.objects[f"{folder}/_manifest.json"]
    assert look(store, end=FIRST + 2 * DAY) == [(day(0), "complete"), (day(1), "missing")]


def test_what_is_outside_the_range_is_not_read(store):
    for number in range(4):
        land_window(store, day(number))
    asked = []

    class Counting(MemoryStore):
        def read(self, key):
            asked.append(key)
            return super().read(key)

    assert look(Counting(store.objects), start=day(1).start, end=day(2).end) == [
        (day(1), "complete"),
        (day(2), "complete"),
    ]
    assert len(asked) == 2


def test_a_long_window_counts_for_each_day_that_it_covers(store):
    """Of a cursor without an upper bound, a window lands whole, in the folder of its first day."""
    name = next(name for name, one in DATASETS.items() if any(cursor.open_ended for cursor in one.cursors))
    series = Series(dataset=name, account_id=ACCOUNT)
    week = Window(FIRST, FIRST + 7 * DAY)
    land_window(store, week, dataset=series.dataset)
    assert look(store, series, day(2).start, day(8).end) == [
        (week, "complete"),
        (day(7), "missing"),
        (day(8), "missing"),
    ]


def test_a_range_without_an_end_ends_where_liveperson_has_everything(store):
    land_window(store, day(3))
    assert look(store) == [(day(3), "complete"), (day(4), "missing")]
    land_window(store, day(6))
    assert look(store)[-1] == (day(6), "complete")


def test_a_range_without_a_start_needs_something_that_has_landed(store):
    with pytest.raises(ConfigurationError, match="nothing of audit_trail has landed") as raised:
        look(store)
    assert raised.value.field == "start"
    assert look(store, start=FIRST, end=FIRST + DAY) == [(day(0), "missing")]


def test_a_range_that_ends_before_the_first_window_or_begins_after_the_last_is_empty(store):
    land_window(store, day(2))
    assert look(store, end=day(1).end) == look(store, end=day(2).start) == []
    assert look(store, start=NOW) == []
    with pytest.raises(EmptyWindowError):
        look(store, start=NOW, end=FIRST)


def test_series_are_datasets_and_accounts(store):
    land_window(store, day(0))
    land_window(store, day(0), dataset="users", account_id="8")
    store.write("lake/other/file", b"")
    landed = Landed(store, "lake")
    assert landed.series() == [AUDIT, Series(dataset="users", account_id="8")]
    assert landed.series(account_id="8") == [Series(dataset="users", account_id="8")]
    assert landed.series(["users", "skills"]) == [
        Series(dataset="users", account_id="8"),
        Series(dataset="skills", account_id=None),
    ]


def test_a_landing_at_the_root_of_its_store(store):
    land_window(store, day(0), prefix="")
    assert Landed(store, "").series() == [AUDIT]
    assert len(Landed(store, "").states(AUDIT, end=FIRST + DAY, now=NOW)) == 1


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"manifest_format": 99}'])
def test_what_is_not_a_manifest_is_damage_and_no_pull_replaces_it(store, data):
    store.write(f"{land_window(store, day(0))}/_manifest.json", data)
    (state,) = Landed(store, "lake").states(AUDIT, day(0).start, day(0).end)
    assert state.status == "damaged"
    assert state.is_irreplaceable
    assert "_manifest.json" in state.problems[0]


def test_so_is_the_manifest_of_another_window(store):
    one, other = land_window(store, day(0)), land_window(store, day(1))
    store.write(f"{other}/_manifest.json", store.objects[f"{one}/_manifest.json"])
    state = Landed(store, "lake").states(AUDIT, end=FIRST + 2 * DAY, now=NOW)[1]
    assert state.is_irreplaceable
    assert "is about audit_trail" in state.problems[0]


def gone(store, part, listed):
    del store.objects[part]
    return "is missing"


def shorter(store, part, listed):
    store.objects[part] = store.objects[part][:-1]
    return "the manifest says"


def of_the_same_size(store, part, listed):
    store.objects[part] = bytes(len(store.objects[part]))
    return "has the SHA-256"


def without_a_list(store, part, listed):
    del store.objects[listed]
    return "the list memory://lake/_committed/"


def with_an_old_list(store, part, listed):
    store.objects[listed] += b"memory://lake/another\n"
    return "does not name the parts of the manifest"


@pytest.mark.parametrize("harm", [gone, shorter, of_the_same_size, without_a_list, with_an_old_list])
def test_verifying_finds_damage_which_the_next_landing_repairs(store, harm):
    folder = land_window(store, day(0), parts=[[b"1"], [b"2"]])
    land_window(store, day(1))
    whole = [(day(0), "complete"), (day(1), "complete")]
    assert look(store, end=day(1).end, verify=True) == whole
    part = next(key for key in store.objects if key.startswith(f"{folder}/part-00001"))
    listed = f"lake/_committed/{folder.removeprefix('lake/')}.txt"
    says = harm(store, part, listed)
    assert look(store, end=day(1).end) == whole
    first, second = Landed(store, "lake", verify=True).states(AUDIT, end=day(1).end)
    assert first.status == "damaged"
    assert not first.is_irreplaceable
    (problem,) = first.problems
    assert says in problem
    assert second.status == "complete"
    land_window(store, day(0), parts=[[b"1"], [b"2"]])
    assert look(store, end=day(1).end, verify=True) == whole


def test_a_window_that_lands_again_meanwhile_is_not_damaged(store):
    land_window(store, day(0), parts=[[b"old"]])

    class Busy(MemoryStore):
        """Another run lands the window while this reads its parts."""

        lands = True

        def digest(self, key):
            if self.lands:
                self.lands = False
                land_window(self, day(0), parts=[[b"new"]])
            return super().digest(key)

    busy = Busy(store.objects)
    assert look(busy, end=day(0).end, verify=True) == [(day(0), "complete")]
    assert not busy.lands


def test_lists_of_data_that_was_copied_name_what_is_elsewhere(s3):
    lake = s3_store("lake", aws_conn_id=None)
    folder = land_window(lake, day(0), prefix="old")
    listed = f"old/_committed/{folder.removeprefix('old/')}.txt"
    for key in [*lake.entries(folder), listed]:
        lake.copy(key, key.replace("old/", "new/"), None)
    (state,) = Landed(lake, "new", verify=True).states(AUDIT, day(0).start, day(0).end)
    assert [problem.partition(" ")[2] for problem in state.problems] == [
        "manifest's entries, which Redshift reads, do not name its parts",
        f"list s3://lake/{listed.replace('old/', 'new/')} does not name the parts of the manifest",
    ]
    land_window(lake, day(0), prefix="new")
    (state,) = Landed(lake, "new", verify=True).states(AUDIT, day(0).start, day(0).end)
    assert (state.status, state.problems) == ("complete", ())
