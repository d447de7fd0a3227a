"""Slices are read in order, while those behind are requested already."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client import fetching
from airflow_provider_liveperson.client.fetching import Fetcher
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.datasets.readers.pages import Page
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.pull import prefetch, slice_reader
from airflow_provider_liveperson.pull.lines_on_disk import LinesOnDisk
from airflow_provider_liveperson.pull.prefetch import Prefetcher
from airflow_provider_liveperson.pull.slice_reader import ReadSlice
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.window import Window
from devtools.datasets import declare
from tests.unit.open_files import open_files
from tests.unit.pull.things import HOUR, PAGE, START, NumberedRecords, ThingsPager, hours, of

LONG = 30.0  # seconds after which a test that hangs fails


def dataset(*, deep_paging_limit: int | None = None, read: Any = None) -> Dataset:
    return declare(read or ThingsPager, limits={"split_by": "at", "max_records": deep_paging_limit})


def reading(client: NumberedRecords, slices: Iterable[Slice], **choices: Any) -> Prefetcher:
    declared = dataset(**choices)
    query = declared.query(Window(START, START + 24 * HOUR))
    return Prefetcher(client, declared, query, slices)  # type: ignore[arg-type]


def numbers(batches: Iterable[list[Any]]) -> list[int]:
    """A consumer that keeps what it is given."""
    return list(map(int, chain.from_iterable(batches)))


def read(made: Prefetcher) -> Iterator[int]:
    with made:
        for _, found in made.read(numbers):
            yield from found


class EarlyPager(ThingsPager):
    """Takes its answers before its turn."""

    accepts_early = True


class OneByOne(EarlyPager):
    """Each of its requests depends on the answer before."""

    def next_request(self) -> ApiRequest | None:
        return None if self._asked else super().next_request()


times = st.lists(st.integers(0, 24 * 60 - 1).map(lambda minute: minute / 60), max_size=60)


@settings(max_examples=40)
@given(
    times,
    st.lists(st.integers(1, 23), unique=True, max_size=6),
    st.integers(1, 6),
    st.none() | st.integers(6, 30),
    st.sampled_from([ThingsPager, EarlyPager, OneByOne]),
)
def test_every_record_once_in_order_whatever_the_slices_and_the_limit(at, cuts, most, limit, pager):
    slices = [hours(a, b) for a, b in pairwise([0, *sorted(cuts), 24])]
    client = NumberedRecords(at, most=most)
    crowded = limit is not None and any(
        sum(int(one * 6) == int(other * 6) for other in at) >= limit for one in at
    )
    try:
        found = list(read(reading(client, slices, read=pager, deep_paging_limit=limit)))
    except IncompletePullError:
        assert crowded
        return
    assert found == list(range(len(at)))


@pytest.fixture
def slow(monkeypatch, tmp_path):
    """Answers that seem to take long, and room for hardly any of them in memory."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Fetcher, "latency", 1.0)
    monkeypatch.setattr(fetching, "MAX_AHEAD_BYTES", 1)
    monkeypatch.setattr(prefetch, "MIN_ON_DISK", 0)


def on_disk(monkeypatch) -> list[LinesOnDisk]:
    """Everything that is put on disk from now on."""
    put: list[LinesOnDisk] = []

    class Noted(LinesOnDisk):
        def __init__(self, lines: Sequence[Line]) -> None:
            super().__init__(lines)
            put.append(self)

    monkeypatch.setattr(slice_reader, "LinesOnDisk", Noted)
    return put


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times, st.lists(st.integers(1, 23), unique=True, max_size=6), st.integers(1, 6))
def test_every_record_once_in_order_where_some_wait_on_disk(slow, at, cuts, most):
    slices = [hours(first, last) for first, last in pairwise([0, *sorted(cuts), 24])]
    client = NumberedRecords(at, most=most)
    assert list(read(reading(client, slices, read=EarlyPager))) == list(range(len(at)))


def waiting_behind_a_gate(client: NumberedRecords, *, until_asked: int) -> None:
    """Have the second page of the first slice wait until so many requests have been sent."""
    enough = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if len(client.requested) >= until_asked:
            enough.set()
        if (hour, offset) == (0, PAGE):
            assert enough.wait(LONG)

    client.before = answer


def test_where_answers_take_long_those_that_wait_for_one_of_them_are_put_on_disk(slow, monkeypatch):
    """So others are requested meanwhile, though there is no room for their answers in memory."""
    client = NumberedRecords(range(24), most=4)
    waiting_behind_a_gate(client, until_asked=8)
    put = on_disk(monkeypatch)
    found = list(read(reading(client, [hours(0, 6), hours(6, 24)], read=EarlyPager)))
    assert found == list(range(24))
    assert len(put) >= 4


def test_where_answers_come_at_once_nothing_is_put_on_disk(slow, monkeypatch):
    monkeypatch.setattr(Fetcher, "latency", 0.001)
    monkeypatch.setattr(prefetch, "MIN_ON_DISK", 16 << 20)
    put = on_disk(monkeypatch)
    client = NumberedRecords(range(24))
    list(read(reading(client, [hours(0, 8), hours(8, 16), hours(16, 24)], read=EarlyPager)))
    assert put == []


def test_no_more_is_put_on_disk_than_allowed(slow, monkeypatch, tmp_path):
    monkeypatch.setattr(prefetch, "MAX_ON_DISK", 1)
    client = NumberedRecords(range(24), most=4)
    put = on_disk(monkeypatch)
    found = []
    waiting_behind_a_gate(client, until_asked=5)
    with reading(client, [hours(0, 6), hours(6, 24)], read=EarlyPager) as made:
        for _, of_slice in made.read(numbers):
            found += of_slice
            assert len(open_files(tmp_path)) <= 1
    assert found == list(range(24))
    assert put


def test_a_full_disk_only_has_fewer_requested_ahead(slow, monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    caplog.set_level("INFO")
    client = NumberedRecords(range(24))
    waiting_behind_a_gate(client, until_asked=4)
    found = list(read(reading(client, [hours(0, 6), hours(6, 24)], read=EarlyPager)))
    assert found == list(range(24))
    assert [record.message for record in caplog.records if "requested ahead" in record.message] == [
        f"things: fewer pages are requested ahead (cannot write to {tmp_path}/gone: No such file or directory. Records"
        " wait there until they are handed on, up to a few hundred megabytes; free some space, or set the environment"
        " variable TMPDIR to another folder)"
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_stays_on_disk_of_what_is_not_read(slow, monkeypatch, tmp_path, fails):
    client = NumberedRecords(range(24), most=4)
    waiting_behind_a_gate(client, until_asked=6)
    put = on_disk(monkeypatch)

    def only_the_first(batches: Iterator[list[Any]]) -> None:
        next(batches)
        next(batches)
        if fails:
            raise RuntimeError("cannot land")

    with (
        pytest.raises(RuntimeError) if fails else contextlib.nullcontext(),
        reading(client, [hours(0, 6), hours(6, 24)], read=EarlyPager) as made,
    ):
        next(made.read(only_the_first))
    assert put
    assert open_files(tmp_path) == []


def test_slices_behind_are_requested_while_the_first_one_waits():
    client = NumberedRecords(range(24))
    behind_is_requested = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 0:
            assert behind_is_requested.wait(LONG)
        else:
            behind_is_requested.set()

    client.before = answer
    found = list(read(reading(client, [hours(0, 2), hours(2, 4), hours(4, 6)])))
    assert found == [0, 1, 2, 3, 4, 5]
    assert behind_is_requested.is_set()


def test_of_the_slices_behind_only_the_first_page_is_requested_before_their_turn():
    """They must not take the room of the slice that is being read."""
    client = NumberedRecords([number / 10 for number in range(240)], most=4)
    behind_came = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 12:
            behind_came.set()
        else:
            assert behind_came.wait(LONG)

    client.before = answer
    behind_was_requested: set[int] = set()

    def half(batches: Iterator[list[Any]]) -> None:
        # What is requested ahead does not reach the end of the first slice yet.
        for _ in range(30):
            next(batches)
        behind_was_requested.update(offset for hour, offset in client.requested if hour == 12)

    with reading(client, [hours(0, 12), hours(12, 24)]) as made:
        next(made.read(half))
    assert behind_was_requested == {0}


class MoreToCome(ThingsPager):
    """Does not say yet what else it will request."""

    requests_follow = True


@pytest.mark.parametrize(("pager", "is_left"), [(ThingsPager, False), (MoreToCome, True)])
def test_a_slice_that_has_more_to_request_is_left_part_of_the_room(pager, is_left):
    client = NumberedRecords([*range(4), *(12 + number / 100 for number in range(900))])
    pages_behind_came = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 12 and offset:
            pages_behind_came.set()
        elif hour == 0 and offset:
            assert pages_behind_came.wait(LONG)

    client.before = answer
    rooms = []

    def consume(batches: Iterator[list[Any]]) -> None:
        for _ in batches:
            rooms.append(made.fetcher.may_take(0.9))

    with reading(client, [hours(0, 12), hours(12, 24)], read=pager) as made:
        next(made.read(consume))
    assert rooms[-1] is is_left


def test_requests_of_a_slice_behind_that_depend_on_its_answers_leave_before_its_turn():
    client = NumberedRecords([number / 10 for number in range(19)], most=4)
    last_was_requested = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 0 and offset == 2:
            assert last_was_requested.wait(LONG)
        elif hour == 1 and offset >= 6:
            last_was_requested.set()

    client.before = answer
    assert list(read(reading(client, [hours(0, 1), hours(1, 2)], read=OneByOne))) == list(range(19))


def test_what_fails_before_its_turn_is_raised_in_its_turn():
    """What came before it is handed on, and the slice is read again where its pages have moved."""
    failed = threading.Event()

    class MovesOnce(OneByOne):
        def accept(self, parsed: Page) -> Any:
            accepted = super().accept(parsed)
            if self.received > 4 and not failed.is_set():
                failed.set()
                raise PagesMovedError("moved")
            return accepted

    client = NumberedRecords([number / 10 for number in range(19)], most=4)

    def answer(hour: float, offset: int) -> None:
        if hour == 0 and offset == 2:
            assert failed.wait(LONG)

    client.before = answer
    assert list(read(reading(client, [hours(0, 1), hours(1, 2)], read=MovesOnce))) == list(range(19))
    assert [offset for hour, offset in client.requested if hour == 1] == [0, 2, 0, 2, 4, 6, 8]


def test_a_slice_behind_that_is_too_large_is_split_before_its_turn():
    client = NumberedRecords([number / 10 for number in range(240)], most=4)
    piece_was_requested = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour > 1:
            piece_was_requested.set()
        elif hour == 0:
            assert piece_was_requested.wait(LONG)

    client.before = answer
    slices = [hours(0, 1), hours(1, 24)]
    assert list(read(reading(client, slices, deep_paging_limit=100))) == list(range(240))


def test_a_slice_behind_that_cannot_be_split_fails_in_its_turn():
    client = NumberedRecords([0.5, *[1.0] * 50])
    rows = read(reading(client, [hours(0, 1), hours(1, 2)], deep_paging_limit=30))
    assert next(rows) == 0
    with pytest.raises(IncompletePullError, match="50 records"):
        next(rows)


def test_a_slice_is_unread_until_the_next_one_is_asked_for():
    """Whoever was handed it may have failed before it could keep it."""
    slices = [hours(0, 2), hours(2, 4), hours(4, 6), hours(6, 8)]
    made, during, after = reading(NumberedRecords(range(24)), slices), [], []

    def consume(batches: Iterator[list[Any]]) -> None:
        during.append(made.unread)
        assert numbers(batches)

    with made:
        for done, _ in made.read(consume):
            after.append((done.slice_, made.unread))
    assert during == [slices[number:] for number in range(4)]
    assert after == [(slices[number], slices[number:]) for number in range(4)]
    assert made.unread == []


def until(hour: float) -> Callable[[Slice], bool]:
    return lambda slice_: of(slice_)[1] <= hour


def test_what_lands_apart_is_read_apart_and_in_order():
    slices = [hours(0, 2), hours(2, 4), hours(4, 6), hours(6, 8)]
    with reading(NumberedRecords(range(24)), slices) as made:
        first = [row for _, found in made.read(numbers, until(4)) for row in found]
        second = [row for _, found in made.read(numbers, until(24)) for row in found]
    assert (first, second) == ([0, 1, 2, 3], [4, 5, 6, 7])


def test_what_lands_next_is_requested_while_the_end_of_the_one_before_is_still_landing():
    client = NumberedRecords(range(24))
    next_is_requested = threading.Event()
    client.before = lambda hour, offset: next_is_requested.set() if hour == 4 else None
    with reading(client, [hours(0, 4), hours(4, 8)]) as made:
        assert [found for _, found in made.read(numbers, until(4))] == [[0, 1, 2, 3]]
        assert next_is_requested.wait(LONG)  # though nobody has read any of it yet
        assert [done.slice_ for done, _ in made.read(numbers, until(8))] == [hours(4, 8)]


def test_other_slices_can_take_the_place_of_those_that_come_next():
    client = NumberedRecords(range(24))
    made = reading(client, [hours(0, 2), hours(2, 4), hours(4, 6)])
    made.ask_ahead()
    made.replace(until(4), [hours(3, 4)])
    assert made.unread == [hours(3, 4), hours(4, 6)]
    assert list(read(made)) == [3, 4, 5]


def test_no_slices_no_requests():
    client = NumberedRecords(range(3))
    assert list(read(reading(client, []))) == []
    assert client.requested == []


def test_a_slice_whose_pages_move_is_read_again_and_the_next_one_is_not_disturbed(caplog):
    caplog.set_level("INFO", logger="airflow_provider_liveperson.pull")
    client = NumberedRecords(range(24))
    moved: list[bool] = []

    def move(hour: float, offset: int) -> None:
        with client.lock:
            if hour == 0 and offset > 0 and not moved:
                moved.append(True)
                client.join(0.5)

    client.before = move
    made = reading(client, [hours(0, 8), hours(8, 12)])
    assert list(read(made)) == [0, 24, *range(1, 12)]
    assert moved
    assert made.progress.records == 13
    assert "reading it again" in caplog.text


def test_a_slice_is_handed_on_with_what_was_counted():
    with reading(NumberedRecords(range(9)), [hours(0, 4), hours(4, 9)]) as made:
        done = [one for one, _ in made.read(numbers)]
    assert done[0] == ReadSlice(
        slice_=hours(0, 4),
        counts=SliceCounts(
            slice=str(hours(0, 4)),
            **hours(0, 4).to_json(),
            reported=4,
            received=4,
            outside_window=0,
            kept=4,
            repeated=done[0].counts.repeated,
        ),
        still_partial=[],
    )
    assert [one.counts.kept for one in done] == [4, 5]


def test_a_consumer_is_called_anew_for_each_reading_and_its_last_result_counts():
    client, begun = NumberedRecords(range(9)), []

    def disturb_twice(batches: Iterator[list[Any]]) -> int:
        begun.append(len(begun))
        first = next(batches)
        if len(begun) < 3:
            raise slice_reader.PagesMovedError("a row came between")
        return len(first) + len(numbers(batches))

    with reading(client, [hours(0, 24)]) as made:
        ((done, result),) = made.read(disturb_twice)
    assert begun == [0, 1, 2]
    assert result == done.counts.kept == made.progress.records == 9
    assert made.progress.bytes == 9


def test_pieces_of_a_split_slice_come_before_the_slices_behind_it():
    client = NumberedRecords([hour + minute / 60 for hour in range(4) for minute in range(0, 60, 6)])
    with reading(client, [hours(0, 2), hours(2, 4)], deep_paging_limit=15) as made:
        seen = [of(done.slice_) for done, _ in made.read(numbers)]
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize("most", [1, 4])
def test_of_a_slice_that_is_too_large_only_the_first_page_is_requested(most):
    client = NumberedRecords([number / 60 for number in range(60)], most=most)
    made = reading(client, [hours(0, 1)], deep_paging_limit=30)
    list(read(made))
    whole = [asked for asked in client.spans if asked[:2] == (0.0, 1.0)]
    assert whole == [(0.0, 1.0, 0)]


def test_nothing_is_handed_on_of_a_slice_that_is_too_large():
    client, given_ = NumberedRecords([number / 60 for number in range(60)]), []

    def consume(batches: Iterator[list[Any]]) -> list[int]:
        given_.append(0)
        found = []
        for batch in batches:
            given_[-1] += len(batch)
            found += batch
        return list(map(int, found))

    with reading(client, [hours(0, 1)], deep_paging_limit=30) as made:
        found = [row for _, rows in made.read(consume) for row in rows]
    assert found == list(range(60))
    assert given_[0] == 0
    assert sum(given_) == 60


def test_the_connections_limit_goes_before_the_datasets():
    client = NumberedRecords([number / 60 for number in range(60)], deep_paging_limit=100)
    assert len(list(read(reading(client, [hours(0, 1)], deep_paging_limit=10)))) == 60
    assert len({first for first, _ in client.requested}) == 1


def test_a_dataset_without_a_limit_has_none_whatever_the_connection_says():
    client = NumberedRecords([number / 60 for number in range(60)], deep_paging_limit=10)
    assert len(list(read(reading(client, [hours(0, 1)])))) == 60


def test_an_error_of_a_slice_behind_waits_for_its_turn():
    client = NumberedRecords(range(24))
    second_has_failed = threading.Event()

    def fail(hour: float, offset: int) -> None:
        if hour == 2:
            second_has_failed.set()
            raise PermissionDeniedError("no")
        assert second_has_failed.wait(LONG)

    client.before = fail
    rows = read(reading(client, [hours(0, 2), hours(2, 4)]))
    assert [next(rows), next(rows)] == [0, 1]
    with pytest.raises(PermissionDeniedError):
        next(rows)


def test_a_server_whose_pages_never_end_is_requested_so_many_and_no_more(monkeypatch):
    monkeypatch.setattr(slice_reader, "MAX_PAGES", 20)
    client = NumberedRecords(range(24))

    class Endless(ThingsPager):
        """Asks for one page after the other, each with records that are new."""

        def next_request(self) -> ApiRequest | None:
            return None if self._asked else self._request(self.received)

        def accept(self, parsed: Page) -> list[bytes]:
            self._asked.popleft()
            self.received += 1
            return [str(self.received).encode()]

    with pytest.raises(IncompletePullError, match="20 responses, and no end"):
        list(read(reading(client, [hours(0, 24)], read=Endless)))
    assert 20 <= len(client.requested) <= 21


def test_a_refusal_is_for_the_reader_to_judge():
    client = NumberedRecords(range(3))
    refused: list[int] = []

    def refuse_once(hour: float, offset: int) -> None:
        if not refused:
            refused.append(1)
            raise RequestRejectedError("no", status=412)

    class Stubborn(ThingsPager):
        def refused(self, error: RequestRejectedError) -> None:
            self._asked.clear()
            self._next = 0

    client.before = refuse_once
    assert list(read(reading(client, [hours(0, 24)], read=Stubborn))) == [0, 1, 2]
    refused.clear()
    with pytest.raises(RequestRejectedError):
        list(read(reading(client, [hours(0, 24)])))


def test_an_answer_that_makes_no_sense_is_named_by_its_request():
    class Doubtful(ThingsPager):
        def accept(self, parsed: Page) -> Iterable[bytes]:
            raise InvalidResponseError("nonsense", field="host", status=200)

    with pytest.raises(InvalidResponseError, match="GET things /things: nonsense") as caught:
        list(read(reading(NumberedRecords(range(3)), [hours(0, 24)], read=Doubtful)))
    assert (caught.value.field, caught.value.status) == ("host", 200)


def logged(made: Prefetcher, caplog) -> list[str]:
    """What the log says after each page, when it is time for it after each."""
    caplog.set_level("INFO", logger="airflow_provider_liveperson.pull.progress")
    clock = iter(range(0, 100_000, 10))
    made.progress.now = lambda: float(next(clock))
    made.progress.last = -10.0
    list(read(made))
    return [it.getMessage().partition(": ")[2] for it in caplog.records if "records read" in it.getMessage()]


def test_progress_says_how_many_of_how_many_where_that_is_known(caplog):
    lines = logged(reading(NumberedRecords(range(8), most=1), [hours(0, 24)]), caplog)
    assert [line.partition(" (")[0] for line in lines] == [
        "3 of 8 records read in 1 pages, 3 of them in the window",
        "5 of 8 records read in 2 pages, 5 of them in the window",
        "7 of 8 records read in 3 pages, 7 of them in the window",
        "8 of 8 records read in 4 pages, 8 of them in the window",
    ]


def test_progress_says_it_of_a_slice_where_it_is_not_known_of_all(caplog):
    slices = [hours(first, first + 4) for first in range(0, 24, 4)]
    lines = logged(reading(NumberedRecords(range(24), most=1), slices), caplog)
    assert lines[0].startswith("3 records read in 1 pages")
    assert lines[0].endswith("; 3 of 4 in slice 1 of 6")
    assert lines[-1].startswith("24 of 24 records read in 12 pages")
    assert "slice" not in lines[-1]


def test_progress_without_counts_says_what_has_been_read(caplog):
    made = reading(NumberedRecords(range(8), most=1), [hours(0, 24)])
    made._finished.append((5, None))  # a slice of which LivePerson gave no count
    lines = logged(made, caplog)
    assert lines[-1].startswith("13 records read in 4 pages")
