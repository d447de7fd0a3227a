"""Two runs of one window, in every order of their store requests: the manifest that ends there is whole and true."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.manifest import FORMAT, Manifest
from airflow_provider_liveperson.landing.parts import PREFIX
from devtools.landing_runs import FOLDER, KilledError, Slices, SteppedRun
from devtools.memory_store import MemoryStore

MANIFEST = f"{FOLDER}/_manifest.json"
CHECKPOINT = f"{FOLDER}/_checkpoint.json"
LIST = "lake/_committed/window.txt"
EARLIER: Slices = ((b"a", b"b"), (b"c",))
ONE: Slices = ((b"a", b"b"), (b"c", b"d"), (b"e",))
OTHER: Slices = ((b"a", b"b"), (b"x", b"d"), (b"e", b"f"))


@dataclass
class Watched(MemoryStore):
    """A store that notes what must never happen."""

    wrongs: list[str] = field(default_factory=list)
    commits: list[Manifest] = field(default_factory=list)

    def swap(self, key: str, data: bytes, expected: Any) -> None:
        super().swap(key, data, expected)
        if key == MANIFEST:
            self.commits.append(Manifest.decode(data, key))
        self.look("a swap")

    def delete(self, keys: Iterable[str]) -> None:
        super().delete(keys)
        self.look(f"the removal of {keys}")

    def look(self, after: str) -> None:
        """Note parts that the manifest or the list names and that are not there or not right."""
        try:
            manifest = self.manifest()
        except StorageError:
            return
        for part in manifest.parts if manifest else []:
            held = self.objects.get(f"{FOLDER}/{part.name}")
            if held is None or hashlib.sha256(held).hexdigest() != part.sha256:
                self.wrongs.append(f"{part.name} is not there after {after}")
        for uri in self.listed() or []:
            if uri.removeprefix("memory://") not in self.objects:
                self.wrongs.append(f"{uri} of the list is not there after {after}")

    def listed(self) -> list[str] | None:
        """The URIs in the list of committed parts."""
        return self.objects[LIST].decode().splitlines() if LIST in self.objects else None

    def manifest(self) -> Manifest | None:
        data = self.objects.get(MANIFEST)
        return Manifest.decode(data, MANIFEST) if data is not None else None

    def parts(self) -> set[str]:
        return {key.rpartition("/")[2] for key in self.objects if key.startswith(f"{FOLDER}/{PREFIX}")}


def landed(slices: Slices, store: Watched | None = None) -> Watched:
    """A store in which a run was alone."""
    store = store or Watched()
    alone = SteppedRun(store, slices)
    alone.finish()
    assert alone.error is None
    return store


HASHES: dict[Slices, list[str]] = {
    slices: [part.sha256 for part in landed(slices).commits[-1].parts] for slices in (EARLIER, ONE, OTHER)
}


def begun(base: Slices | None, *, seconds: bool = False) -> Watched:
    """A store as it was before the two runs.

    :param seconds: whether all happens within one second, which listings do not tell apart.
    """
    store = Watched(clock=itertools.repeat(1)) if seconds else Watched()
    return landed(base, store) if base else store


def requests_of(slices: Slices, base: Slices | None) -> int:
    """How many requests a run makes that is alone."""
    alone = SteppedRun(begun(base), slices)
    alone.finish()
    return alone.requests


def judge(store: Watched, *runs: tuple[SteppedRun, Slices], may_break: bool = False) -> None:
    """What holds after everything, whatever came between what."""
    if not may_break:
        assert store.wrongs == []
    store.wrongs.clear()
    store.look("everything")
    assert store.wrongs == []
    for run, slices in runs:
        if run.error is None:
            told = [[part.sha256 for part in commit.parts] for commit in store.commits]
            assert HASHES[slices] in told
            manifest = store.manifest()
            assert manifest is not None
            assert store.listed() == [store.uri(f"{FOLDER}/{part.name}") for part in manifest.parts]
        else:
            assert isinstance(run.error, StorageError | KilledError), run.error


def judge_next_run(store: Watched) -> None:
    """Whoever comes then finds nothing in the way, and tidies up once it has something to land."""
    for slices in (OTHER, ONE):
        landed(slices, store)
        final = store.manifest()
        assert final is not None
        assert [part.sha256 for part in final.parts] == HASHES[slices]
    assert store.parts() == {part.name for part in final.parts}
    assert set(store.objects) == {MANIFEST, LIST, *(f"{FOLDER}/{name}" for name in store.parts())}
    assert store.wrongs == []


BASES = pytest.mark.parametrize("base", [None, EARLIER], ids=["first landing", "over an earlier one"])
RECORDS = pytest.mark.parametrize("other", [ONE, OTHER], ids=["equal records", "differing records"])


def moments(slices: Slices, base: Slices | None) -> Iterator[int]:
    yield from range(requests_of(slices, base) + 1)


@BASES
@RECORDS
def test_a_complete_run_between_any_two_requests_of_another(base, other):
    for moment in moments(ONE, base):
        store = begun(base)
        one = SteppedRun(store, ONE)
        one.advance(moment)
        two = SteppedRun(store, other)
        two.finish()
        one.finish()
        assert (one.error, two.error) == (None, None)
        judge(store, (one, ONE), (two, other))
        judge_next_run(store)


@BASES
@RECORDS
@pytest.mark.parametrize("first", ["one", "two"])
@pytest.mark.parametrize("seconds", [False, True], ids=["", "within a second"])
def test_two_runs_are_stopped_anywhere_and_go_on_in_either_order(base, other, first, seconds):
    for moment in moments(ONE, base):
        for second_moment in range(1, requests_of(other, base), 2):
            store = begun(base, seconds=seconds)
            one = SteppedRun(store, ONE)
            one.advance(moment)
            two = SteppedRun(store, other)
            two.advance(second_moment)
            for run in (one, two) if first == "one" else (two, one):
                run.finish()
            judge(store, (one, ONE), (two, other))
            assert one.error is None or two.error is None
    judge_next_run(store)


@BASES
@RECORDS
def test_requests_of_two_runs_take_turns(base, other):
    for stride in (1, 2, 3):
        for lead in range(6):
            store = begun(base)
            one, two = SteppedRun(store, ONE), SteppedRun(store, other)
            one.advance(lead)
            while not (one.ended and two.ended):
                one.advance(stride)
                two.advance(stride)
            judge(store, (one, ONE), (two, other))
            assert one.error is None or two.error is None
            judge_next_run(store)


@BASES
@RECORDS
@pytest.mark.parametrize("loses_answer", [False, True], ids=["refused", "answer lost"])
def test_a_run_that_fails_takes_nothing_from_another(base, other, loses_answer):
    """Wherever it fails, and wherever the other comes between it and its way out."""
    for fails_at in moments(ONE, base):
        for moment in (fails_at, fails_at + 1, fails_at + 2):
            store = begun(base)
            one = SteppedRun(store, ONE, fails_at=fails_at, loses_answer=loses_answer)
            one.advance(moment)
            two = SteppedRun(store, other)
            two.finish()
            one.finish()
            assert two.error is None
            judge(store, (one, ONE), (two, other))
            judge_next_run(store)


@BASES
@RECORDS
def test_a_run_that_fails_while_another_is_under_way_takes_nothing_from_it(base, other):
    for fails_at in moments(ONE, base):
        for second_moment in range(1, requests_of(other, base), 2):
            store = begun(base)
            one = SteppedRun(store, ONE, fails_at=fails_at)
            one.advance(fails_at)
            two = SteppedRun(store, other)
            two.advance(second_moment)
            one.finish()
            two.finish()
            assert two.error is None
            judge(store, (one, ONE), (two, other))
    judge_next_run(store)


@BASES
@RECORDS
def test_a_killed_run_leaves_nothing_that_harms_its_retry(base, other):
    for moment in moments(ONE, base):
        store = begun(base)
        one = SteppedRun(store, ONE)
        one.advance(moment)
        one.kill()
        two = SteppedRun(store, other)
        two.finish()
        assert two.error is None
        judge(store, (one, ONE), (two, other))
        judge_next_run(store)


@BASES
@pytest.mark.parametrize("ends", ["killed", "fails", "goes on"])
def test_a_zombie_and_its_retry_share_a_checkpoint_without_harm(base, ends):
    """The retry takes over what the zombie had finished, and the zombie is still there."""
    for moment in moments(ONE, base):
        for second_moment in range(0, requests_of(ONE, base), 2):
            store = begun(base)
            zombie = SteppedRun(store, ONE, fails_at=moment if ends == "fails" else None)
            zombie.advance(moment)
            retry = SteppedRun(store, ONE)
            retry.advance(second_moment)
            zombie.kill() if ends == "killed" else zombie.finish()
            retry.finish()
            assert retry.error is None
            judge(store, (zombie, ONE), (retry, ONE))
    judge_next_run(store)


def remove_manifest(store: Watched) -> None:
    store.objects.pop(MANIFEST, None)


def later_manifest(store: Watched) -> None:
    store.objects[MANIFEST] = b'{"manifest_format": %d}' % (FORMAT + 1)


def unreadable_manifest(store: Watched) -> None:
    store.objects[MANIFEST] = b"not JSON"


@BASES
@pytest.mark.parametrize("meddle", [later_manifest, unreadable_manifest])
def test_a_manifest_that_cannot_be_read_keeps_every_file_and_fails_the_run(base, meddle):
    for moment in range(requests_of(ONE, base)):
        store = begun(base)
        one = SteppedRun(store, ONE)
        one.advance(moment)
        meddle(store)
        before = store.parts()
        one.finish()
        if one.error is None:  # it was through with the manifest
            assert HASHES[ONE] == [part.sha256 for part in store.commits[-1].parts]
        else:
            assert isinstance(one.error, StorageError)
            assert before <= store.parts()


@BASES
def test_a_manifest_that_is_removed_meanwhile_does_not_count_as_nothing_named(base):
    for moment in range(requests_of(ONE, base)):
        for other in (None, OTHER):
            store = begun(base)
            one = SteppedRun(store, ONE)
            one.advance(moment)
            two = SteppedRun(store, other) if other else None
            if two:
                two.finish()
            remove_manifest(store)
            one.finish()
            if one.error is None and store.manifest() is not None:
                judge(store, (one, ONE), may_break=True)
                judge_next_run(store)
            elif one.error is not None:
                assert isinstance(one.error, StorageError)


def test_a_manifest_that_is_gone_after_it_was_written_fails_and_keeps_the_parts():
    class Forgetting(Watched):
        def swap(self, key: str, data: bytes, expected: Any) -> None:
            super().swap(key, data, expected)
            del self.objects[key]

    store = Forgetting()
    one = SteppedRun(store, ONE)
    one.finish()
    with pytest.raises(StorageError, match="not there after it was written"):
        raise one.error or AssertionError
    assert len(store.parts()) == len(ONE)


def test_a_part_belongs_to_the_run_that_made_it():
    """Another one that would call its part the same takes another number, and so may both be withdrawn."""
    store = Watched()
    one, two = SteppedRun(store, ONE), SteppedRun(store, ONE)
    one.advance(4)
    mine = store.parts()
    assert len(mine) == 1
    two.advance(5)
    theirs = store.parts() - mine
    assert len(theirs) == 1
    assert {name.rpartition("-")[2] for name in theirs} == {name.rpartition("-")[2] for name in mine}
    one.finish()
    two.finish()
    judge(store, (one, ONE), (two, ONE))


def test_a_re_run_does_not_mind_what_its_parts_are_called():
    store = begun(None)
    killed = SteppedRun(store, ONE)
    killed.advance(4)  # its first part is there, and not in its checkpoint
    killed.kill()
    assert store.parts()
    assert CHECKPOINT not in store.objects
    landed(ONE, store)
    before, store.changes = dict(store.objects), []
    assert any(name >= "part-1" for name in store.parts())
    landed(ONE, store)
    assert store.changes == []
    assert store.objects == before
