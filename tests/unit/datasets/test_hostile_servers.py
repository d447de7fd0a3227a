"""Whatever a server does while it is read: what comes of it is one of its states, or an error that says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPager
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Page, Record
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError
from airflow_provider_liveperson.datasets.readers.time_ordered import Row, TimeOrderedPager
from airflow_provider_liveperson.exceptions import IncompletePullError, LivePersonError
from airflow_provider_liveperson.pull.slice_reader import MAX_READ_ATTEMPTS, read_until_complete

LIMIT = 5
STEP = 1 << 20
MAX_REQUESTS = 2000  # of all readings

State = tuple[int, ...]


@dataclass
class Server:
    """Numbers in ascending order, and what is wrong with the server that gives them.

    :param rows: what it holds.
    :param most: the most it gives at once.
    :param changes: what happens before a request, by its number: ``insert``, ``remove``, ``repeat`` or ``swap`` for a
        new last one, at a place.
    :param empty: the numbers of the requests that get an empty page.
    :param deaf: whether it ignores the offset.
    :param count: how its count differs: ``right``, ``page``, ``half``, ``none``, ``less``, ``more``.
    :param links: whether it tells if there is a next page: ``yes``, ``no``, or ``always`` that there is.
    :param alternates: whether every other page is the first one.
    """

    rows: list[int]
    most: int = LIMIT
    changes: dict[int, tuple[str, float]] = field(default_factory=dict)
    empty: frozenset[int] = frozenset()
    deaf: bool = False
    count: str = "right"
    links: str = "yes"
    alternates: bool = False
    asked: int = 0
    states: list[State] = field(default_factory=list)

    def page(self, offset: int, limit: int) -> tuple[list[int], int, bool | None]:
        assert self.asked < MAX_REQUESTS, "it does not come to an end"
        self._change(*self.changes.get(self.asked, ("", 0)))
        self.states.append(tuple(dict.fromkeys(self.rows)))
        self.asked += 1
        if self.deaf or (self.alternates and self.asked % 2):
            offset = 0
        rows = self.rows[offset : offset + min(limit, self.most)]
        total = len(self.rows)
        is_empty = self.asked - 1 in self.empty
        has_next = self.links == "always" or offset + len(rows) < total or is_empty
        counts = {
            "right": 0,
            "page": len(rows) - total,
            "half": -total // 2,
            "none": -total,
            "less": -1,
            "more": 1,
        }
        return (
            [] if is_empty else rows,
            max(0, total + counts[self.count]),
            None if self.links == "no" else has_next,
        )

    def _change(self, kind: str, place: float) -> None:
        at = int(place * len(self.rows))
        if kind == "insert":  # between its neighbors, in order
            before = self.rows[at - 1] if at else 0
            after = self.rows[at] if at < len(self.rows) else before + 2 * STEP
            if after - before > 1:
                self.rows.insert(at, (before + after) // 2)
        elif kind == "remove" and self.rows:
            del self.rows[at]
        elif kind == "swap" and self.rows:  # so that there are as many as before
            del self.rows[at]
            self.rows.append((self.rows or [0])[-1] + STEP * 100)
        elif kind == "repeat" and self.rows:
            self.rows.insert(at, self.rows[at])


def ask(offset: int, limit: int) -> ApiRequest:
    return ApiRequest(method="GET", service="s", path="/", json=(offset, limit))


def record(number: int) -> Record:
    return Record(line=b"%d" % number, key=b"%d" % number, in_slice=True)


def never(answer: object) -> Page:
    raise AssertionError("nobody cuts")


class SliceReader:
    """Reads one slice from a server as the package does, with requests that leave ahead."""

    def __init__(self, make: Callable[[], Any], server: Server, ahead: int) -> None:
        self._make, self._server, self._ahead = make, server, ahead
        self.slice_ = "all"
        self.reader = make()
        self.began = 0

    def batches(self) -> Any:
        self.began = len(self._server.states)
        answers: list[Page] = []
        while True:
            while len(answers) < self._ahead and (request := self.reader.next_request()) is not None:
                rows, total, has_next = self._server.page(*request.json)
                answers.append(Page([record(row) for row in rows], total=total, has_next=has_next))
            if not answers:
                self.reader.finish()
                return
            yield list(self.reader.accept(answers.pop(0)))

    def restart(self) -> None:
        before, self.reader = self.reader, self._make()
        self.reader.learn(before)


def read(make: Callable[[], Any], server: Server, ahead: int = 1) -> tuple[State, list[State]]:
    """What was read, and the states of the server meanwhile."""
    lane = SliceReader(make, server, ahead)
    found: list[int] = []

    def attempt(batches: Any) -> None:
        found.clear()
        for batch in batches:
            found.extend(map(int, batch))

    read_until_complete("things", lane, attempt)
    return tuple(found), server.states[lane.began :]


def counted(*, may_grow: bool = False) -> OffsetPager:
    return OffsetPager(page_request=ask, parse_page=never, page_size=LIMIT, may_grow=may_grow)


def linked() -> LinkedPager:
    return LinkedPager(page_request=ask, parse_page=never, page_size=LIMIT)


changes = st.dictionaries(
    st.integers(0, 25),
    st.tuples(st.sampled_from(["insert", "remove", "repeat"]), st.floats(0, 1, exclude_max=True)),
    max_size=6,
)
servers = st.builds(
    Server,
    rows=st.integers(0, 30).map(lambda size: [STEP * number for number in range(1, size + 1)]),
    most=st.sampled_from([1, 2, 3, LIMIT, LIMIT, LIMIT, 9]),
    changes=changes,
    empty=st.frozensets(st.integers(0, 12), max_size=2),
    deaf=st.sampled_from([False, False, False, True]),
    count=st.sampled_from(["right", "right", "right", "page", "half", "none", "less", "more"]),
    links=st.sampled_from(["yes", "no", "always"]),
    alternates=st.sampled_from([False, False, False, True]),
)


def believable(server: Server) -> None:
    """Take away what no reader could see: a count that is wrong beside pages that are empty, or that are all short."""
    if server.count != "right":
        server.empty = frozenset()
        if server.links == "no":
            server.most = max(server.most, LIMIT)


@settings(max_examples=300)
@given(servers, st.integers(1, 4))
def test_pages_with_a_count(server, ahead):
    believable(server)
    try:
        found, states = read(counted, server, ahead)
    except LivePersonError as error:
        assert isinstance(error, IncompletePullError)  # noqa: PT017
        return
    assert found in states


@settings(max_examples=300)
@given(servers, st.integers(1, 4))
def test_pages_with_a_count_that_may_grow(server, ahead):
    """What joined meanwhile may be there or not; what was there all the time has to be."""
    believable(server)
    try:
        found, states = read(lambda: counted(may_grow=True), server, ahead)
    except LivePersonError as error:
        assert isinstance(error, IncompletePullError)  # noqa: PT017
        return
    assert len(set(found)) == len(found)
    assert set.intersection(*map(set, states)) <= set(found) <= set.union(*map(set, states))


@settings(max_examples=300)
@given(
    servers,
    st.integers(1, 4),
    st.dictionaries(
        st.integers(0, 25), st.tuples(st.just("swap"), st.floats(0, 1, exclude_max=True)), max_size=6
    ),
    st.booleans(),
)
def test_pages_with_a_count_that_stays_while_rows_change(server, ahead, swaps, may_grow):
    """What joined or went meanwhile may be there or not; what was there all the time has to be."""
    believable(server)
    if server.most == 1:  # then no page has room for a row of the one before
        swaps = {}
    server.changes = {**server.changes, **swaps}
    try:
        found, states = read(lambda: counted(may_grow=may_grow), server, ahead)
    except LivePersonError as error:
        assert isinstance(error, IncompletePullError)  # noqa: PT017
        return
    assert len(set(found)) == len(found)
    assert set.intersection(*map(set, states)) <= set(found) <= set.union(*map(set, states))


@settings(max_examples=300)
@given(servers)
def test_pages_without_a_count(server):
    if server.links == "no":  # an empty page is all there is to say that there is nothing
        server.empty = frozenset()
    if (
        server.most == 1
    ):  # each row is looked at once more afterward; in between, two changes may make up for another
        server.changes = dict(list(server.changes.items())[:1])
    try:
        found, states = read(linked, server)
    except LivePersonError as error:
        assert isinstance(error, IncompletePullError)  # noqa: PT017
        return
    assert found in states


def read_by_time(server: Server, *, counts: bool = True) -> Iterator[Row]:
    pager = TimeOrderedPager(limit=LIMIT)
    while page := pager.next_page():
        rows, total, _ = server.page(page.offset, page.limit)
        yield from pager.accept([Row(row, b"%d" % row) for row in rows], total if counts else None)


@settings(max_examples=300)
@given(servers, st.booleans())
def test_pages_in_order_of_time(server, counts):
    """Those inserted late carry a time of their own: here each number is its instant."""
    believable(server)
    if not counts:
        server.empty = frozenset()
    if server.most == 1:  # then no row comes together with the one before it
        server.changes = {at: change for at, change in server.changes.items() if change[0] != "remove"}
        server.alternates = False  # nor can another page be told from equal rows
    for _ in range(MAX_READ_ATTEMPTS):
        began = len(server.states)
        try:
            found = list(read_by_time(server, counts=counts))
        except PagesMovedError:
            continue
        except LivePersonError:
            return
        assert tuple(dict.fromkeys(row.at for row in found)) in server.states[began:]
        return


def test_an_instant_that_goes_on_behind_each_of_its_ends_is_given_up():
    changes = {0: ("insert", 0.0), 1: ("remove", 0.0), 2: ("repeat", 0.0), 3: ("repeat", 0.0)}
    server = Server([STEP], most=2, changes=changes, alternates=True)
    for _ in range(MAX_READ_ATTEMPTS):
        with pytest.raises(PagesMovedError):
            list(read_by_time(server, counts=False))


def test_a_wrong_count_that_meets_the_end_of_a_page_is_not_the_end():
    """One instant fills the page; more is asked for, and the server gives no more at once."""
    server = Server([1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9], count="half")
    with pytest.raises(PagesMovedError, match="6 rows were reported and 12 received"):
        list(read_by_time(server))


def test_a_full_page_of_more_rows_than_are_counted_is_not_the_end():
    """One of them comes twice, so that no more different ones have come than are counted."""
    with pytest.raises(IncompletePullError, match="4 records were reported, and there are more"):
        read(counted, Server([1, 1, 2, 3, 4, 5, 6, 7], count="half"))


@pytest.mark.parametrize("make", [counted, linked])
def test_what_fails_alike_after_the_same_answers_is_no_change(make):
    server = Server(list(range(1, 31)), alternates=True)
    with pytest.raises(IncompletePullError, match="the last 3 failed in the same way"):
        read(make, server)


def test_what_changes_each_time_is_called_a_change():
    inserts = dict.fromkeys(range(1, 40, 2), ("insert", 0.0))
    server = Server([STEP * number for number in range(1, 31)], changes=inserts)
    with pytest.raises(
        IncompletePullError, match=r"read 5 times, and no reading was complete .* fewer changes"
    ):
        read(linked, server)


@pytest.mark.parametrize("make", [counted, linked])
def test_a_server_without_faults_is_read_at_once(make):
    server = Server(list(range(1, 31)))
    assert read(make, server)[0] == tuple(range(1, 31))
    assert server.asked <= 9
