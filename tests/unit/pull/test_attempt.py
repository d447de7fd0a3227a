"""One try of one landing: what it reads, what it leaves, and where the next try goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import ConfigurationError, PermissionDeniedError
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.pull.attempt import Attempt, Job, Landed
from airflow_provider_liveperson.pull.prefetch import Prefetcher
from airflow_provider_liveperson.pull.request import PullRequest
from airflow_provider_liveperson.window import Window
from devtools.datasets import AnyReader, declare
from devtools.memory_store import MemoryStore
from tests.unit.pull.things import HOUR, START, NumberedRecords, ThingsPager, hours, of

DAY = Window(START, START + 24 * HOUR)
QUARTERS = {"max_range": 6 * HOUR}


def things(**limits: Any) -> Dataset:
    """Four slices, one for each quarter of a day."""
    return declare(ThingsPager, limits={**QUARTERS, **limits})


def job(client: NumberedRecords, dataset: Dataset, store: MemoryStore, **choices: Any) -> Job:
    query = dataset.query(choices.pop("window", DAY))
    destination = store.destination(**{"share_below": 1, **choices.pop("where", {})})
    complete = choices.pop("complete", True)
    request = PullRequest.of(
        dataset, query, client.account_id, destination, masking=choices.get("masking"), complete=complete
    )
    shared: dict[str, Any] = {"masking": None, "refuse_overlap": True, "is_alone": True, **choices}
    return Job(
        client=client,  # type: ignore[arg-type]
        dataset=dataset,
        query=query,
        destination=destination,
        request=request,
        **shared,
    )


def attempt(made: Job, shared: Prefetcher | None = None) -> Landed:
    with Landing(made.destination, made.folder, head=made.request.head, spent=made.spent) as landing:
        one = Attempt(made, landing)
        one.read(shared)
        return one.commit()


def failing_at(hour: float) -> Callable[[float, int], None]:
    def fail(asked: float, offset: int) -> None:
        if asked == hour:
            raise PermissionDeniedError("no")

    return fail


def checkpoint(store: MemoryStore) -> dict[str, Any]:
    (data,) = (data for key, data in store.objects.items() if key.endswith("_checkpoint.json"))
    found: dict[str, Any] = json.loads(data)
    return found


# -- what it lands ---------------------------------------------------------------------------------


def test_all_slices_land_and_the_manifest_adds_up(store):
    landed = attempt(job(NumberedRecords(range(24)), things(), store))
    assert landed.changed
    assert store.records() == list(range(24))
    assert landed.manifest.counts.kept == 24
    assert [one.kept for one in landed.manifest.slices] == [6, 6, 6, 6]
    assert [part.records for part in landed.manifest.parts] == [6, 6, 6, 6]
    assert landed.manifest.complete
    assert store.changes[-1] == "delete _checkpoint.json"
    assert [manifest["request"]["path"] for manifest in store.manifests()] == ["/things"]


def test_the_same_again_changes_nothing(store):
    client = NumberedRecords(range(24))
    first = attempt(job(client, things(), store))
    before, store.changes = dict(store.objects), []
    assert attempt(job(client, things(), store)) == Landed(manifest=first.manifest, changed=False)
    assert store.changes == []
    assert store.objects == before


def test_no_records_land_a_manifest_and_an_empty_list(store):
    landed = attempt(job(NumberedRecords([]), things(), store))
    assert (landed.manifest.counts.kept, landed.manifest.parts) == (0, [])
    assert len(landed.manifest.slices) == 4
    assert [key.rpartition("/")[2] for key in store.objects] == [
        "_manifest.json",
        "20260101T000000Z_20260102T000000Z.txt",
    ]


def test_small_slices_share_a_part(store):
    landed = attempt(job(NumberedRecords(range(24)), things(), store, where={"share_below": 1000}))
    assert [part.records for part in landed.manifest.parts] == [24]
    assert len(landed.manifest.slices) == 4


def test_a_part_is_never_shared_beyond_the_size_at_which_it_ends(store):
    """``roll_at`` bounds what waits in memory as well."""
    landed = attempt(
        job(NumberedRecords(range(24)), things(), store, where={"share_below": 1000, "roll_at": 4})
    )
    assert len(landed.manifest.parts) > 4
    assert store.records() == list(range(24))


def test_what_cannot_be_complete_says_so(store):
    landed = attempt(job(NumberedRecords(range(24)), things(), store, complete=False))
    assert not landed.manifest.complete


# -- tries that fail -------------------------------------------------------------------------------


def test_a_retry_reads_only_what_is_left(store):
    client = NumberedRecords(range(24), most=1)
    client.before = failing_at(12)
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, things(), store))
    assert [one["counts"]["kept"] for one in checkpoint(store)["finished"]] == [6, 6]
    assert [Slice.from_json(one) for one in checkpoint(store)["remaining"]] == [hours(12, 18), hours(18, 24)]
    assert store.manifests() == []

    client.before = lambda hour, offset: None
    client.requested.clear()
    landed = attempt(job(client, things(), store))
    assert {hour for hour, _ in client.requested} == {12, 18}
    undisturbed = MemoryStore()
    assert attempt(job(client, things(), undisturbed)).manifest == landed.manifest
    assert undisturbed.objects == store.objects


@pytest.mark.parametrize("hour", [0, 6, 12, 18])
@pytest.mark.parametrize("share_below", [1, 20, 1000])
def test_wherever_it_fails_the_retry_ends_in_the_same_bytes(store, hour, share_below):
    client, where = NumberedRecords(range(24)), {"share_below": share_below}
    client.before = failing_at(hour)
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, things(), store, where=where))
    client.before = lambda hour, offset: None
    attempt(job(client, things(), store, where=where))
    undisturbed = MemoryStore()
    attempt(job(client, things(), undisturbed, where=where))
    assert store.objects == undisturbed.objects


def test_another_request_does_not_go_on_from_there(store):
    client = NumberedRecords(range(24), most=1)
    client.before = failing_at(12)
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, things(), store))
    client.before = lambda hour, offset: None
    client.requested.clear()
    attempt(job(client, things(), store, where={"share_below": 2}))
    assert {hour for hour, _ in client.requested} == {0, 6, 12, 18}


def test_what_cannot_be_complete_is_not_remembered(store):
    """A retry may find more."""
    client = NumberedRecords(range(24), most=1)
    client.before = failing_at(12)
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, things(), store, complete=False))
    assert store.objects == {}


def test_another_run_of_the_window_is_noticed_and_nothing_of_this_one_outlives_the_next(store):
    client = NumberedRecords(range(24))

    def come_between(hour: float, offset: int) -> None:
        if hour == 18 and not store.manifests():
            client.before = lambda hour, offset: None
            attempt(job(NumberedRecords(range(12)), things(), store))

    client.before = come_between
    with pytest.raises(ConcurrentRunError):
        attempt(job(client, things(), store))
    # A part that arrived just as the other run committed is removed by the next one.
    attempt(job(NumberedRecords(range(12)), things(), store))
    assert sorted(store.records()) == list(range(12))


def test_an_overlap_that_comes_meanwhile_is_refused_before_the_commit(store):
    client, longer = NumberedRecords(range(24)), Window(DAY.start, DAY.end - HOUR)

    def come_between(hour: float, offset: int) -> None:
        client.before = lambda hour, offset: None
        attempt(job(NumberedRecords(range(3)), things(), store, window=longer))

    client.before = come_between
    with pytest.raises(ConfigurationError, match="overlaps"):
        attempt(job(client, things(), store))
    assert [manifest["counts"]["kept"] for manifest in store.manifests()] == [3]
    client.before = lambda hour, offset: None
    attempt(job(client, things(), store, refuse_overlap=False))
    assert len(store.manifests()) == 2


# -- partitions ------------------------------------------------------------------------------------


class ByColor(AnyReader):
    """Slices of six hours, each for two colors."""

    def partitions(self, query: Query) -> list[dict[str, str]]:
        return [{"color": "red"}, {"color": "blue"}]


class ColoredPager(ThingsPager):
    """Records at odd hours are blue."""

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        super().__init__(dataset, query, slice_)
        self._is_blue = slice_.partition["color"] == "blue"

    def accept(self, parsed: Any) -> Iterator[Any]:
        return (line for line in super().accept(parsed) if int(line) % 2 == self._is_blue)


class Fading(ColoredPager):
    """Nothing blue can be had from six o'clock on."""

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        super().__init__(dataset, query, slice_)
        self._is_gone = self._is_blue and slice_.bounds["at"].start >= START + 6 * HOUR

    def accept(self, parsed: Any) -> Iterator[Any]:
        if self._is_gone:
            raise PermissionDeniedError("no")
        return super().accept(parsed)


def test_a_checkpoint_keeps_the_partitions_that_remain(store):
    client = NumberedRecords(range(24))
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, declare(Fading, limits=QUARTERS, reader=ByColor(Fading)), store))
    remaining = [Slice.from_json(one) for one in checkpoint(store)["remaining"]]
    assert [(of(one)[0], one.partition["color"]) for one in remaining] == [
        *((6, "blue"), (12, "red"), (12, "blue"), (18, "red"), (18, "blue"))
    ]
    colored = declare(ColoredPager, limits=QUARTERS, reader=ByColor(ColoredPager))
    with Prefetcher(client, colored, colored.query(DAY), []) as shared:  # type: ignore[arg-type]
        landed = attempt(job(client, colored, store), shared)
    assert shared.unread == []
    assert len(landed.manifest.slices) == 8
    assert sorted(store.records()) == list(range(24))


# -- snapshots -------------------------------------------------------------------------------------


class Present(Pager):
    """A collection as it is now, in one answer.

    :param revision: what it says of its revision.
    """

    def __init__(self, query: Query, revision: str | None) -> None:
        self._known = query.known_revision
        self._present = revision
        self._is_asked = False

    def next_request(self) -> ApiRequest | None:
        if self._is_asked:
            return None
        self._is_asked = True
        return ApiRequest(
            method="GET",
            service="things",
            path="/things",
            json={"first": 0, "last": 24, "offset": 0, "limit": 99},
        )

    def parse(self, answer: Answer) -> list[bytes]:
        return answer.body.split()

    def accept(self, parsed: list[bytes]) -> list[bytes]:
        self.revision = self._present
        self.is_unchanged = self._known is not None and self._known == self._present
        if self.is_unchanged:
            return []
        self.received = self.reported = len(parsed)
        return parsed


def present(revision: str | None) -> Dataset:
    return declare(
        lambda dataset, query, slice_: Present(query, revision), cursors=(), limits={"has_history": False}
    )


LATER = Window(DAY.end, DAY.end + timedelta(days=1))


def test_an_unchanged_revision_is_copied_from_the_window_that_holds_it(store):
    first = attempt(job(NumberedRecords(range(3)), present("7"), store))
    later = attempt(job(NumberedRecords(range(9)), present("7"), store, window=LATER))
    assert first.manifest.revision == later.manifest.revision == "7"
    assert later.manifest.parts == first.manifest.parts
    assert store.records() == [0, 1, 2, 0, 1, 2]


def test_a_new_revision_is_landed(store):
    attempt(job(NumberedRecords(range(3)), present("7"), store))
    later = attempt(job(NumberedRecords(range(9)), present("8"), store, window=LATER))
    assert (later.manifest.revision, later.manifest.counts.kept) == ("8", 9)


def test_a_snapshot_without_a_revision_lands_the_present_each_time(store):
    client = NumberedRecords(range(3))
    first = attempt(job(client, present(None), store))
    assert first.manifest.revision is None
    assert not any(key.endswith("_revision.json") for key in store.objects)
    client.join(3.5)
    again = attempt(job(client, present(None), store))
    assert again.changed
    assert store.records() == list(range(4))
    assert len(store.manifests()) == 1
    assert not attempt(job(client, present(None), store)).changed
    attempt(job(client, present(None), store, window=LATER))
    assert len(store.manifests()) == 2


def test_a_snapshot_keeps_no_checkpoint(store):
    client = NumberedRecords(range(3))
    client.before = failing_at(0)
    with pytest.raises(PermissionDeniedError):
        attempt(job(client, present(None), store))
    assert store.objects == {}


# -- slices that are read for several days ---------------------------------------------------------


def test_a_shared_prefetcher_reads_only_the_slices_that_are_the_jobs(store):
    client, dataset = NumberedRecords([*range(24), *range(24, 48)]), things()
    first = job(client, dataset, store, is_alone=False)
    second = job(client, dataset, store, window=LATER, is_alone=False)
    slices = [*first.plan(), *second.plan()]
    with Prefetcher(client, dataset, first.query, slices) as shared:  # type: ignore[arg-type]
        assert attempt(first, shared).manifest.counts.kept == 24
        assert shared.unread == second.plan()
        assert attempt(second, shared).manifest.counts.kept == 24
    assert store.records() == list(range(48))
