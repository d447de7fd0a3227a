"""A landing that did not come to its end: the next try goes on from there."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.messaging_interactions.dataset import MESSAGING_INTERACTIONS
from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.exceptions import PermissionDeniedError, StorageError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.pull.attempt import Attempt
from airflow_provider_liveperson.pull.checkpoints import (
    CHECKPOINT_LIFE,
    Checkpoint,
    Finished,
    recall,
    remember,
)
from airflow_provider_liveperson.pull.delivery import Delivery
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.pull.slice_reader import SliceReader
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.window import Window
from devtools.landing_runs import HEAD

# -- what a landing remembers ----------------------------------------------------------------------

PART = Part(name="part-00000-0123456789ab.jsonl.gz", records=2, bytes=4, sha256="0" * 64)


LEFT = Slice(
    bounds={"start": Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, 0, 0, 0, 1, tzinfo=UTC))}
)

pytestmark = pytest.mark.usefixtures("within_a_year")


def finished(*parts: Part) -> list[Finished]:
    counts = SliceCounts(slice="a", reported=2, received=2, outside_window=0, kept=2, repeated=0)
    return [Finished(counts=counts, parts=list(parts))]


def checkpoint(*parts: Part, **choices) -> Checkpoint:
    """What :func:`keep` has written, but for what shall differ."""
    written = {
        "fingerprint": "mine",
        "written_at": 1000.0,
        "finished": finished(*parts),
        "remaining": [
            {"bounds": {"start": ["2026-01-30T00:00:00Z", "2026-01-31T00:00:00.000001Z"]}, "partition": {}}
        ],
    }
    return Checkpoint(**{**written, **choices})


def landing(store) -> Landing:
    return Landing(store.destination(), "lake/folder", head=HEAD)


def keep(under_way: Landing) -> None:
    remember(under_way, "mine", finished(PART), [LEFT], now=1000.0)


def test_what_is_remembered_is_recalled(store):
    store.objects[f"lake/folder/{PART.name}"] = b"1234"
    with landing(store) as first:
        keep(first)
    found = recall(landing(store), "mine", not_before=1000.0)
    assert found == checkpoint(PART)
    assert found.slices == [LEFT]


@pytest.mark.parametrize(
    ("content", "fingerprint", "not_before"),
    [
        (None, "mine", 0.0),
        (b"not a checkpoint", "mine", 0.0),
        (b"{}", "mine", 0.0),
        (checkpoint(PART).encode()[:-10], "mine", 0.0),
        (checkpoint(PART).encode(), "another", 0.0),
        (checkpoint(PART).encode(), "mine", 1000.5),
        (checkpoint(PART, base="of another manifest").encode(), "mine", 0.0),
        (checkpoint(PART, remaining=[{}]).encode(), "mine", 0.0),
        (checkpoint(PART, remaining=[{"bounds": [], "partition": {}}]).encode(), "mine", 0.0),
        (checkpoint(PART, remaining=[{"bounds": {"at": ["1"]}, "partition": {}}]).encode(), "mine", 0.0),
        (checkpoint(PART, remaining=[{"bounds": {"at": ["1", "2"]}, "partition": {}}]).encode(), "mine", 0.0),
        (checkpoint(PART, remaining=[{"bounds": {"at": [1, 2]}, "partition": {}}]).encode(), "mine", 0.0),
    ],
    ids=[
        *("none", "nonsense", "empty", "cut", "of another request", "too old", "of another base"),
        *("no bounds", "bounds in a list", "half a bound", "no instants", "numbers"),
    ],
)
def test_a_checkpoint_that_is_of_no_use_is_ignored(store, content, fingerprint, not_before):
    store.objects[f"lake/folder/{PART.name}"] = b"1234"
    if content is not None:
        store.objects["lake/folder/_checkpoint.json"] = content
    assert recall(landing(store), fingerprint, not_before=not_before) is None


@pytest.mark.parametrize("there", [None, b"123", b"12345"], ids=["missing", "shorter", "longer"])
def test_a_checkpoint_whose_parts_are_not_there_is_ignored(store, there):
    store.objects["lake/folder/_checkpoint.json"] = checkpoint(PART).encode()
    if there is not None:
        store.objects[f"lake/folder/{PART.name}"] = there
    assert recall(landing(store), "mine", not_before=0.0) is None


def test_what_was_remembered_stays_when_the_landing_fails(store):
    store.objects[f"lake/folder/{PART.name}"] = b"1234"

    def fail_after_remembering() -> None:
        with landing(store) as first:
            recall(first, "mine", not_before=0.0)
            keep(first)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_remembering()
    assert set(store.objects) == {f"lake/folder/{PART.name}", "lake/folder/_checkpoint.json"}


@given(st.binary() | st.just(b'{"fingerprint":' + b"[" * 50_000))
def test_whatever_is_in_a_checkpoints_place_only_means_to_begin_again(data):
    assert Checkpoint.decode(data) is None


# -- what that is for ------------------------------------------------------------------------------

DAY = Window(datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC))
FOLDER = "lake/messaging_interactions/account_id=70000001/dt=2026-01-29/20260129T000000Z_20260130T000000Z"
CHECKPOINT = f"{FOLDER}/_checkpoint.json"


@pytest.fixture
def land(sandbox, connect, store):
    """Lands a day's conversations by their start, which are split into some slices."""
    for hour in range(24):
        sandbox.conversations.insert(15, DAY.start + timedelta(hours=hour, minutes=30))

    def land(**choices):
        dataset = dataset_named("messaging_interactions")
        also = {
            name: choices.pop(name) for name in ("masking", "allow_out_of_range", "now") if name in choices
        }
        query = dataset.query(
            choices.pop("window", DAY), filters=choices.pop("filters", None), cursor="start"
        )
        client = connect(deep_paging_limit=100, max_concurrency=1)
        return pull(client, dataset, query, store.destination(**{"share_below": 1, **choices}), **also)

    return land


def break_off(sandbox, *, after: int) -> None:
    """Refuse one search, after so many; the first one only tells that there are too many conversations."""
    sandbox.faults.add(kind="status", status=403, match="/conversations/search", skip=after, times=1)


@pytest.fixture
def broken(sandbox, land, store):
    """Leaves a landing behind that broke off after a slice; tells which conversations were landed."""
    break_off(sandbox, after=2)
    with pytest.raises(PermissionDeniedError):
        land()
    assert CHECKPOINT in store.objects
    assert not store.manifests()
    return ids(store)


def ids(store) -> list[str]:
    return sorted(record["info"]["conversationId"] for record in store.records())


def all_of(sandbox) -> list[str]:
    return sorted(
        one["info"]["conversationId"] for one in sandbox.conversations.truth(DAY.start, DAY.end, "start")
    )


def starts_asked(sandbox, since: int) -> list[int]:
    searches = [it for it in sandbox.requests[since:] if it.path.endswith("conversations/search")]
    return [json.loads(it.body)["start"]["from"] for it in searches]


def test_a_retry_asks_only_for_what_is_left_and_lands_everything_once(sandbox, land, store, broken):
    assert broken
    asked = len(sandbox.requests)
    summary = land()
    truth = sandbox.conversations.truth(DAY.start, DAY.end, "start")
    assert ids(store) == sorted(one["info"]["conversationId"] for one in truth)
    assert set(broken) < set(ids(store))
    assert min(starts_asked(sandbox, asked)) > DAY.start_ms
    assert CHECKPOINT not in store.objects
    (manifest,) = store.manifests()
    assert manifest["counts"]["kept"] == summary.records == len(truth)
    assert sum(one["kept"] for one in manifest["slices"]) == len(truth)
    assert [part["name"][:10] for part in manifest["parts"]] == [
        f"part-{number:05d}" for number in range(len(manifest["parts"]))
    ]


def test_a_retry_lands_the_same_as_a_run_that_did_not_break(sandbox, land, store, broken):
    retried = land()
    after_a_retry = dict(store.objects)
    store.objects.clear()
    assert land() == retried
    manifest = f"{FOLDER}/_manifest.json"
    assert store.objects.keys() == after_a_retry.keys()
    assert all(store.objects[key] == after_a_retry[key] for key in store.objects if key != manifest)
    assert json.loads(store.objects[manifest]) == json.loads(after_a_retry[manifest])


def test_a_second_failure_goes_on_from_there_too(sandbox, land, store, broken):
    break_off(sandbox, after=1)
    with pytest.raises(PermissionDeniedError):
        land()
    assert set(broken) < set(ids(store))
    land()
    truth = sandbox.conversations.truth(DAY.start, DAY.end, "start")
    assert ids(store) == sorted(one["info"]["conversationId"] for one in truth)


@pytest.mark.parametrize(
    "choices",
    [
        {"masking": Masking(drop_fields=["consumerParticipants"])},
        {"masking": Masking(hash_fields=["consumerParticipants.email"], salt="s")},
        {"encoding": Encoding(compression="none")},
        {"roll_at": 1_000_000},
        {"share_below": 2},
        {"filters": {"status": ["CLOSE"]}},
    ],
    ids=[
        "dropped fields",
        "hashed fields",
        "compression",
        "size of parts",
        "size of shared parts",
        "filters",
    ],
)
def test_another_request_begins_at_the_start(sandbox, land, store, broken, choices):
    asked = len(sandbox.requests)
    land(**choices)
    assert min(starts_asked(sandbox, asked)) == DAY.start_ms
    assert CHECKPOINT not in store.objects
    (manifest,) = store.manifests()
    named = {f"{FOLDER}/{part['name']}" for part in manifest["parts"]}
    assert {key for key in store.objects if "/part-" in key} == named


def test_what_is_undeclared_is_counted_once_over_all_tries(sandbox, land, store):
    columns = {name: column for name, column in MESSAGING_INTERACTIONS.columns.items() if name != "info"}
    choices = {"unknown_fields": "drop", "declared": columns}
    break_off(sandbox, after=2)
    with pytest.raises(PermissionDeniedError):
        land(masking=Masking(**choices))
    assert CHECKPOINT in store.objects
    land(masking=Masking(**choices))
    (manifest,) = store.manifests()
    assert manifest["undeclared"] == {"info": manifest["counts"]["kept"]}


@pytest.mark.parametrize(
    "error", [StorageError("503 Slow Down"), TimeoutError("execution_timeout")], ids=repr
)
@pytest.mark.parametrize("where", ["_settle", "flush", "add", "drop"])
def test_no_slice_is_lost_that_was_read_and_is_not_on_its_way(
    sandbox, land, store, monkeypatch, where, error
):
    of = {"_settle": Attempt, "flush": Delivery, "add": Delivery, "drop": SliceReader}[where]
    real, calls = getattr(of, where), []

    def fails(self, *args, **choices):
        if where != "drop" or (self.kept and not self.has_requests):  # it has been read
            calls.append(self)
        if len(calls) == (1 if where == "flush" else 3):
            monkeypatch.setattr(of, where, real)
            raise error
        return real(self, *args, **choices)

    monkeypatch.setattr(of, where, fails)
    with pytest.raises(type(error), match=str(error)):
        land()
    assert land().complete
    assert ids(store) == all_of(sandbox)


LINES = 12
"""At how many of them the test below ends a landing, drawn anew for each."""


@pytest.mark.parametrize("number", range(LINES))
def test_a_landing_that_is_ended_at_any_line_is_finished_by_its_retry(sandbox, land, store, number):
    def lines(end_at: int | None) -> int:
        """Land, but for an error from outside at one of the lines; tells how many lines there were."""
        count = 0

        def trace(frame, event, _):
            nonlocal count
            if "/airflow_provider_liveperson/pull/" not in frame.f_code.co_filename:
                return None
            if event == "line":
                count += 1
                if count == end_at:
                    raise TimeoutError("execution_timeout")
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            land()
        finally:
            sys.settrace(before)
        return count

    whole = lines(None)
    store.objects.clear()
    with suppress(TimeoutError):
        lines(1 + Random(number).randrange(whole))
    land()
    assert ids(store) == all_of(sandbox)


def test_another_salt_is_another_request(sandbox, land, store):
    break_off(sandbox, after=2)
    fields = ["consumerParticipants.email"]
    with pytest.raises(PermissionDeniedError):
        land(masking=Masking(hash_fields=fields, salt="one"))
    assert CHECKPOINT in store.objects
    asked = len(sandbox.requests)
    land(masking=Masking(hash_fields=fields, salt="other"))
    assert min(starts_asked(sandbox, asked)) == DAY.start_ms


def test_what_is_a_day_old_is_read_again(sandbox, land, store, broken, monkeypatch):
    """Conversations that started in the window have gone on since."""
    asked, now = len(sandbox.requests), time.time()
    monkeypatch.setattr(time, "time", lambda: now + CHECKPOINT_LIFE.total_seconds() + 1)
    land()
    assert min(starts_asked(sandbox, asked)) == DAY.start_ms


def test_a_part_that_is_gone_has_everything_read_again(sandbox, land, store, broken):
    asked = len(sandbox.requests)
    del store.objects[next(key for key in store.objects if "/part-" in key)]
    land()
    assert min(starts_asked(sandbox, asked)) == DAY.start_ms
    truth = sandbox.conversations.truth(DAY.start, DAY.end, "start")
    assert ids(store) == sorted(one["info"]["conversationId"] for one in truth)


def test_a_window_that_cannot_be_complete_keeps_no_checkpoint(sandbox, land, store):
    """Who retries it may find more than at first."""
    break_off(sandbox, after=3)
    with pytest.raises(PermissionDeniedError):
        land(now=DAY.end - timedelta(minutes=1), allow_out_of_range=True)
    assert store.changes
    assert store.objects == {}


def test_a_window_in_one_slice_needs_no_checkpoint(sandbox, connect, store):
    dataset = dataset_named("messaging_interactions")
    pull(connect(), dataset, dataset.query(DAY, cursor="start"), store.destination())
    assert not [change for change in store.changes if "_checkpoint" in change]


# -- partitions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "partitions"),
    [
        ("data_usage_audit", {"api=msg_search": 0, "api=chat_search": 1, "api=chat_export": 2}),
        ("outbound_transactions", {"/app/prmsg/": 0, "/app/c2m/": 1}),
    ],
)
def test_a_retry_asks_only_for_the_partitions_that_are_left(sandbox, connect, store, name, partitions):
    """A task that was killed between two partitions of a day goes on with the second."""
    dataset = dataset_named(name)

    def land() -> None:
        destination = store.destination(share_below=1)
        pull(connect(max_concurrency=1), dataset, dataset.query(DAY), destination)

    first, *others = partitions
    sandbox.faults.add(kind="status", status=403, match=others[0], times=1000)
    with pytest.raises(PermissionDeniedError):
        land()
    (key,) = [key for key in store.objects if key.endswith("/_checkpoint.json")]
    remaining = Checkpoint.decode(store.objects[key]).slices
    assert remaining == dataset.plan(dataset.query(DAY))[1:]
    assert all(slice_.partition for slice_ in remaining)

    sandbox.faults.clear()
    asked = len(sandbox.requests)
    land()
    urls = [request.url for request in sandbox.requests[asked:]]
    assert not any(first in url for url in urls)
    assert all(any(other in url for url in urls) for other in others)
    truth = sandbox.truth(name, DAY.start, DAY.end)
    assert sorted(map(str, store.records())) == sorted(map(str, truth))
    (manifest,) = store.manifests()
    assert manifest["counts"]["kept"] == len(truth)
    assert len(manifest["slices"]) == len(partitions)
