"""Slices are read in order, while those behind are asked for already."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.exchange import Stop
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query, Slice
from airflow_provider_liveperson.datasets.readers.offset_pages import Contents, CountedPages, Record
from airflow_provider_liveperson.datasets.readers.time_ordered import PagesMovedError
from airflow_provider_liveperson.exceptions import (
    IncompletePullError,
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.pull import prefetch as reading_module
from airflow_provider_liveperson.pull.prefetch import Prefetcher, Progress, TooManyRecordsError
from airflow_provider_liveperson.window import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = 3
LONG = 30.0  # seconds after which a test that hangs fails


def hours(first: float, last: float) -> Slice:
    return Slice(bounds={"at": Window(START + first * HOUR, START + last * HOUR)})


def of(slice_: Slice) -> tuple[float, float]:
    window = slice_.bounds["at"]
    return (window.start - START) / HOUR, (window.end - START) / HOUR


class Client:
    """A server with numbered records at hours of a day, and a client of it.

    :param at: the hour of each record.
    :param most: the most requests under way at once.
    """

    def __init__(self, at: Iterable[float], *, most: int = 4, deep_paging_limit: int | None = None) -> None:
        self.rows = list(enumerate(sorted(at)))
        self.settings = SimpleNamespace(max_concurrency=most, deep_paging_limit=deep_paging_limit)
        self.asked: list[tuple[float, int]] = []
        self.before: Callable[[float, int], None] = lambda hour, offset: None
        self.lock = threading.Lock()
        self.stop = Stop()

    def call(
        self,
        request: ApiRequest,
        parse: Callable[[Answer], Any],
        *,
        answer: Answer | None = None,
        **kwargs: Any,
    ) -> Any:
        if answer is not None:
            return parse(answer)
        asked = request.json
        assert isinstance(asked, dict)
        with self.lock:
            self.asked.append((asked["first"], asked["offset"]))
        self.before(asked["first"], asked["offset"])
        found = [f"{number}" for number, at in self.rows if asked["first"] <= at < asked["last"]]
        page = found[asked["offset"] : asked["offset"] + asked["limit"]]
        return parse(Answer(status=200, headers={"count": str(len(found))}, body=" ".join(page).encode()))

    def join(self, at: float) -> None:
        """Add a record, before those that are later."""
        self.rows = sorted([*self.rows, (len(self.rows), at)], key=lambda row: row[1])


def cut(answer: Answer) -> Contents:
    records = [Record(line=raw, key=raw, belongs=True) for raw in answer.body.split()]
    return Contents(records, total=int(answer.headers["count"]))


class Reader(CountedPages):
    """Pages of three."""

    def __init__(self, dataset: Dataset, query: Query, slice_: Slice) -> None:
        first, last = of(slice_)

        def ask(offset: int, limit: int) -> ApiRequest:
            asked = {"first": first, "last": last, "offset": offset, "limit": limit}
            return ApiRequest(method="GET", service="things", path="/things", json=asked)

        super().__init__(ask=ask, cut=cut, limit=PAGE)

    def parse(self, answer: Answer) -> Contents:
        return cut(answer)


def dataset(**choices: Any) -> Dataset:
    declared: dict[str, Any] = {
        "name": "things",
        "title": "Things",
        "documentation": "things.html",
        "service": "things",
        "method": "GET",
        "path": "/things",
        "shape": "pages",
        "cursors": {"at": "Each thing."},
        "key": "number",
        "credentials": ("API key",),
        "read": Reader,
        "describe": lambda *_: {},
        "split_by": "at",
        **choices,
    }
    return Dataset(**declared)


def reading(client: Client, slices: Iterable[Slice], **choices: Any) -> Prefetcher:
    declared = dataset(**choices)
    query = declared.query(Window(START, START + 24 * HOUR))
    return Prefetcher(client, declared, query, slices)  # type: ignore[arg-type]


def read(made: Prefetcher) -> Iterator[int]:
    """Read as the puller does."""
    with made:
        for lane in made:
            found: list[int] = []
            while True:
                try:
                    found += map(int, chain.from_iterable(lane.batches()))
                except PagesMovedError:
                    lane.restart()
                    found = []
                    continue
                except TooManyRecordsError as error:
                    assert not found
                    made.split(lane, error.count)
                    break
                yield from found
                break


times = st.lists(st.integers(0, 24 * 60 - 1).map(lambda minute: minute / 60), max_size=60)


@settings(max_examples=40)
@given(
    times,
    st.lists(st.integers(1, 23), unique=True, max_size=6),
    st.integers(1, 6),
    st.none() | st.integers(6, 30),
)
def test_every_record_once_in_order_whatever_the_slices_and_the_limit(at, cuts, most, limit):
    slices = [hours(a, b) for a, b in pairwise([0, *sorted(cuts), 24])]
    client = Client(at, most=most)
    crowded = limit is not None and any(
        sum(int(one * 6) == int(other * 6) for other in at) >= limit for one in at
    )
    try:
        found = list(read(reading(client, slices, deep_paging_limit=limit)))
    except IncompletePullError:
        assert crowded
        return
    assert found == list(range(len(at)))


def test_slices_behind_are_asked_for_while_the_first_one_waits():
    client = Client(range(24))
    behind_is_asked = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 0:
            assert behind_is_asked.wait(LONG)
        else:
            behind_is_asked.set()

    client.before = answer
    found = list(read(reading(client, [hours(0, 2), hours(2, 4), hours(4, 6)])))
    assert found == [0, 1, 2, 3, 4, 5]
    assert behind_is_asked.is_set()


def test_of_the_slices_behind_only_the_first_page_is_asked_for_before_their_turn():
    """They must not take the room of the slice that is being read."""
    client = Client([number / 10 for number in range(240)], most=4)
    behind_was_asked = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour == 12:
            behind_was_asked.set()
        else:
            assert behind_was_asked.wait(LONG)

    client.before = answer
    with reading(client, [hours(0, 12), hours(12, 24)]) as made:
        batches = next(iter(made)).batches()
        # Half of the first slice: what is asked for ahead does not reach its end yet.
        for _ in range(30):
            next(batches)
        assert {offset for hour, offset in client.asked if hour == 12} == {0}


def test_a_slice_behind_that_is_too_large_is_split_before_its_turn():
    client = Client([number / 10 for number in range(240)], most=4)
    piece_was_asked = threading.Event()

    def answer(hour: float, offset: int) -> None:
        if hour > 1:
            piece_was_asked.set()
        elif hour == 0:
            assert piece_was_asked.wait(LONG)

    client.before = answer
    slices = [hours(0, 1), hours(1, 24)]
    assert list(read(reading(client, slices, deep_paging_limit=100))) == list(range(240))


def test_a_slice_behind_that_cannot_be_split_fails_in_its_turn():
    client = Client([0.5, *[1.0] * 50])
    rows = read(reading(client, [hours(0, 1), hours(1, 2)], deep_paging_limit=30))
    assert next(rows) == 0
    with pytest.raises(IncompletePullError, match="50 records"):
        next(rows)


def test_what_remains_are_the_slices_behind_the_present_one():
    slices = [hours(0, 2), hours(2, 4), hours(4, 6), hours(6, 8)]
    made, seen = reading(Client(range(24)), slices), []
    with made:
        for lane in made:
            list(lane.batches())
            seen.append((lane.slice_, made.remaining))
    assert seen == [(slices[number], slices[number + 1 :]) for number in range(4)]


def until(hour: float) -> Callable[[Slice], bool]:
    return lambda slice_: of(slice_)[1] <= hour


def test_what_lands_apart_is_read_apart_and_in_order():
    slices = [hours(0, 2), hours(2, 4), hours(4, 6), hours(6, 8)]
    with reading(Client(range(24)), slices) as made:
        first = [row for lane in made.lanes(until(4)) for batch in lane.batches() for row in batch]
        second = [row for lane in made.lanes(until(24)) for batch in lane.batches() for row in batch]
    assert (list(map(int, first)), list(map(int, second))) == ([0, 1, 2, 3], [4, 5, 6, 7])


def test_what_lands_next_is_asked_for_while_the_end_of_the_one_before_is_still_landing():
    client = Client(range(24))
    next_is_asked = threading.Event()
    client.before = lambda hour, offset: next_is_asked.set() if hour == 4 else None
    with reading(client, [hours(0, 4), hours(4, 8)]) as made:
        for lane in made.lanes(until(4)):
            for _ in lane.batches():
                pass
        assert next_is_asked.wait(LONG)  # though nobody has asked for a lane of it yet
        assert [lane.slice_ for lane in made.lanes(until(8)) if list(lane.batches())] == [hours(4, 8)]


def test_other_slices_can_take_the_place_of_those_that_come_next():
    client = Client(range(24))
    with reading(client, [hours(0, 2), hours(2, 4), hours(4, 6)]) as made:
        made.ask_ahead()
        made.replace(until(4), [hours(3, 4)])
        found = [row for lane in made for batch in lane.batches() for row in batch]
    assert list(map(int, found)) == [3, 4, 5]


def test_no_slices_no_requests():
    client = Client(range(3))
    assert list(read(reading(client, []))) == []
    assert client.asked == []


def test_a_lane_that_is_read_again_begins_at_its_start_and_the_next_one_is_not_disturbed():
    client = Client(range(24))
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


def test_a_restart_drops_what_was_asked_and_counts_anew():
    client = Client(range(9), most=4)
    made = reading(client, [hours(0, 24)])
    with made:
        (lane,) = made
        batches = lane.batches()
        assert [next(batches) for _ in range(2)] == [[b"0", b"1", b"2"], [b"3", b"4"]]
        batches.close()
        lane.restart()
        assert lane.kept == 0
        assert list(chain.from_iterable(lane.batches())) == [b"%d" % number for number in range(9)]
        assert (lane.kept, lane.reader.received, made.progress.records) == (9, 9, 9)


def test_pieces_of_a_split_slice_come_before_the_slices_behind_it():
    client = Client([hour + minute / 60 for hour in range(4) for minute in range(0, 60, 6)])
    made, seen = reading(client, [hours(0, 2), hours(2, 4)], deep_paging_limit=15), []
    with made:
        for lane in made:
            try:
                list(lane.batches())
            except TooManyRecordsError as error:
                made.split(lane, error.count)
                continue
            seen.append(of(lane.slice_))
    assert seen == [(0, 1), (1, 2), (2, 3), (3, 4)]


@pytest.mark.parametrize("most", [1, 4])
def test_of_a_slice_that_is_too_large_only_the_first_page_is_asked_for(most):
    client = Client([number / 60 for number in range(60)], most=most)
    made = reading(client, [hours(0, 1)], deep_paging_limit=30)
    with made:
        (lane,) = made
        with pytest.raises(TooManyRecordsError):
            list(lane.batches())
    assert client.asked == [(0.0, 0)]


def test_the_connections_limit_goes_before_the_datasets():
    client = Client([number / 60 for number in range(60)], deep_paging_limit=100)
    assert len(list(read(reading(client, [hours(0, 1)], deep_paging_limit=10)))) == 60
    assert len({first for first, _ in client.asked}) == 1


def test_a_dataset_without_a_limit_has_none_whatever_the_connection_says():
    client = Client([number / 60 for number in range(60)], deep_paging_limit=10)
    assert len(list(read(reading(client, [hours(0, 1)])))) == 60


def test_an_error_of_a_slice_behind_waits_for_its_turn():
    client = Client(range(24))
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


def test_a_server_whose_pages_never_end_is_asked_for_so_many_and_no_more(monkeypatch):
    monkeypatch.setattr(reading_module, "MAX_PAGES", 20)
    client = Client(range(24))

    class Endless(Reader):
        """Asks for one page after the other, each with records that are new."""

        def next_request(self) -> ApiRequest | None:
            return None if self._asked else self._request(self.received)

        def accept(self, parsed: Contents) -> list[bytes]:
            self._asked.popleft()
            self.received += 1
            return [str(self.received).encode()]

    with pytest.raises(IncompletePullError, match="20 answers, and no end"):
        list(read(reading(client, [hours(0, 24)], read=Endless)))
    assert 20 <= len(client.asked) <= 21


def test_a_refusal_is_for_the_reader_to_judge():
    client = Client(range(3))
    refused: list[int] = []

    def refuse_once(hour: float, offset: int) -> None:
        if not refused:
            refused.append(1)
            raise RequestRejectedError("no", status=412)

    class Stubborn(Reader):
        def refused(self, error: RequestRejectedError) -> None:
            self._asked.clear()
            self._next = 0

    client.before = refuse_once
    assert list(read(reading(client, [hours(0, 24)], read=Stubborn))) == [0, 1, 2]
    refused.clear()
    with pytest.raises(RequestRejectedError):
        list(read(reading(client, [hours(0, 24)])))


def test_an_answer_that_makes_no_sense_is_named_by_its_request():
    class Doubtful(Reader):
        def accept(self, parsed: Contents) -> Iterable[bytes]:
            raise InvalidResponseError("nonsense", field="host", status=200)

    with pytest.raises(InvalidResponseError, match="GET things /things: nonsense") as caught:
        list(read(reading(Client(range(3)), [hours(0, 24)], read=Doubtful)))
    assert (caught.value.field, caught.value.status) == ("host", 200)


def test_progress_is_told_every_ten_seconds_and_not_more_often(caplog):
    caplog.set_level("INFO", logger="airflow_provider_liveperson")
    seconds = iter([0.0, 9.9, 10.0, 10.0, 15.0, 20.0, 20.0, 25.0])
    progress = Progress("things", now=lambda: next(seconds))
    progress.records, progress.bytes = 7000, 70_000
    asked: list[int] = []
    for number in range(5):
        progress.page(lambda number=number: asked.append(number) or ("8,000 of 9,000", ""))
    assert [record.getMessage() for record in caplog.records] == [
        "things: 8,000 of 9,000 records read in 2 pages, 7,000 of them in the window (70,000 bytes)",
        "things: 8,000 of 9,000 records read in 4 pages, 7,000 of them in the window (70,000 bytes)",
    ]
    assert len(asked) == 2  # what is known is only looked at when it is told


def told(made: Prefetcher, caplog) -> list[str]:
    """What is told after each page, when it is time for it after each."""
    caplog.set_level("INFO", logger="airflow_provider_liveperson.pull.prefetch")
    clock = iter(range(0, 100_000, 10))
    made.progress.now = lambda: float(next(clock))
    made.progress.last = -10.0
    list(read(made))
    return [it.getMessage().partition(": ")[2] for it in caplog.records if "records read" in it.getMessage()]


def test_progress_says_how_many_of_how_many_where_that_is_known(caplog):
    lines = told(reading(Client(range(8), most=1), [hours(0, 24)]), caplog)
    assert [line.partition(" (")[0] for line in lines] == [
        "3 of 8 records read in 1 pages, 3 of them in the window",
        "5 of 8 records read in 2 pages, 5 of them in the window",
        "7 of 8 records read in 3 pages, 7 of them in the window",
        "8 of 8 records read in 4 pages, 8 of them in the window",
    ]


def test_progress_says_it_of_a_slice_where_it_is_not_known_of_all(caplog):
    slices = [hours(first, first + 4) for first in range(0, 24, 4)]
    lines = told(reading(Client(range(24), most=1), slices), caplog)
    assert lines[0].startswith("3 records read in 1 pages")
    assert lines[0].endswith("; 3 of 4 in slice 1 of 6")
    assert lines[-1].startswith("24 of 24 records read in 12 pages")
    assert "slice" not in lines[-1]


def test_progress_without_counts_says_what_has_been_read(caplog):
    made = reading(Client(range(8), most=1), [hours(0, 24)])
    made._finished.append((5, None))  # a slice of which LivePerson gave no count
    lines = told(made, caplog)
    assert lines[-1].startswith("13 records read in 4 pages")


def test_a_slice_that_is_read_again_is_counted_once(caplog):
    client = Client(range(9), most=4)
    made = reading(client, [hours(0, 24)])
    with made:
        lane = next(iter(made))
        batches = lane.batches()
        next(batches)
        batches.close()
        lane.restart()
        assert (made.progress.records, made.progress.bytes) == (0, 0)
        list(lane.batches())
        assert made.read_so_far() == ("9 of 9", "")
        assert made.progress.bytes == 9
