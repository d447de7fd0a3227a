"""The pager against a model of a server that does everything that the fact sheets leave open."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.datasets.readers.pages import PageRange
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, PagesMovedError
from airflow_provider_liveperson.datasets.readers.time_ordered import UNDATED, Row, TimeOrderedPager
from airflow_provider_liveperson.exceptions import IncompletePullError, InvalidResponseError


@dataclass
class Server:
    """Rows by offset and limit, ascending; the switches are what LivePerson's docs are silent about."""

    rows: list[Row]
    ceiling: int | None = None
    count: str = "absent"
    shuffled: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    pages: list[PageRange] = field(default_factory=list)

    def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
        self.pages.append(page)
        order = sorted(self.rows, key=lambda row: (row.at, self.chance.random() if self.shuffled else 0))
        rows = order[page.offset : page.offset + min(page.limit, self.ceiling or page.limit)]
        return rows, {"absent": None, "page": len(rows), "all": len(self.rows), "wrong": 40}[self.count]


def read(server: Server, *, limit: int = 10, stop_at: int | None = None) -> list[Row]:
    pager = TimeOrderedPager(limit=limit, stop_at=stop_at)
    rows: list[Row] = []
    while page := pager.next_page():
        rows += pager.accept(*server.answer(page))
        assert len(server.pages) < 20_000
    return rows


def drain(pager: TimeOrderedPager, server: Server) -> None:
    while page := pager.next_page():
        pager.accept(*server.answer(page))


def rows_of(*ats: int) -> list[Row]:
    return [Row(at, b"row %d" % number) for number, at in enumerate(ats)]


@settings(max_examples=300, deadline=None)
@given(
    # few instants and few values, so that ties and equal rows are common
    raw=st.lists(st.tuples(st.integers(0, 12), st.sampled_from([b"a", b"b", b"c", b"d", b"e"])), max_size=60),
    limit=st.integers(1, 25),
    ceiling=st.none() | st.integers(2, 12),
    count=st.sampled_from(["absent", "page", "all"]),
    shuffled=st.booleans(),
    stop_at=st.none() | st.integers(0, 14),
    seed=st.integers(0, 10_000),
)
def test_every_row_once_and_equal_rows_stay_two(
    raw: list[tuple[int, bytes]],
    limit: int,
    ceiling: int | None,
    count: str,
    shuffled: bool,
    stop_at: int | None,
    seed: int,
) -> None:
    rows = sorted((Row(at, value) for at, value in raw), key=lambda row: row.at)
    server = Server(rows, ceiling, count, shuffled, random.Random(seed))
    expected = sorted(row for row in rows if stop_at is None or row.at < stop_at)
    try:
        assert read(server, limit=limit, stop_at=stop_at) == expected
    except IncompletePullError:  # only where no reader could tell, and then never a wrong result
        ties = [list(tied) for _, tied in groupby(rows, key=itemgetter(0))]
        assert shuffled
        assert ceiling
        assert any(len(tied) > ceiling and len(set(tied)) < len(tied) for tied in ties)


def test_a_ceiling_of_one_row_is_survived() -> None:
    rows = [*rows_of(1, 1, 2, 3, 3, 3), Row(4, b"same"), Row(4, b"same")]
    assert read(Server(rows, ceiling=1, shuffled=True)) == sorted(rows)


@pytest.mark.parametrize("count", ["absent", "page", "all"])
@pytest.mark.parametrize("limit", [1, 2, 10])
def test_a_ceiling_of_one_row_loses_nothing_at_the_end(limit: int, count: str) -> None:
    rows = rows_of(1, 2, 3, 4)
    assert read(Server(rows, ceiling=1, count=count), limit=limit) == rows


def test_rows_appended_while_reading_do_not_disturb() -> None:
    server = Server(rows_of(*range(50)))
    pager = TimeOrderedPager(limit=10, stop_at=50)
    rows: list[Row] = []
    while page := pager.next_page():
        rows += pager.accept(*server.answer(page))
        server.rows.append(Row(100 + len(server.rows), b"new"))
    assert rows == rows_of(*range(50))


@pytest.mark.parametrize("place", [0, 3, 8])
def test_a_row_inserted_before_the_place_that_was_read_is_noticed(place: int) -> None:
    server = Server(rows_of(*range(0, 60, 2)))
    pager = TimeOrderedPager(limit=10)
    pager.accept(*server.answer(pager.next_page()))  # type: ignore[arg-type]
    server.rows.insert(place, Row(server.rows[place].at, b"late"))
    with pytest.raises(PagesMovedError):
        drain(pager, server)


def test_a_row_taken_away_is_noticed() -> None:
    server = Server(rows_of(*range(30)))
    pager = TimeOrderedPager(limit=10)
    pager.accept(*server.answer(pager.next_page()))  # type: ignore[arg-type]
    del server.rows[4]
    with pytest.raises(PagesMovedError):
        drain(pager, server)


def test_reading_stops_at_the_end_of_the_window() -> None:
    server = Server(rows_of(*range(1000)))
    assert read(server, limit=10, stop_at=25) == rows_of(*range(25))
    assert max(page.offset for page in server.pages) < 30


def test_a_short_total_is_noticed() -> None:
    """The server says 40 and then gives only 30."""
    server = Server(rows_of(*range(30)), count="wrong")
    with pytest.raises(PagesMovedError, match="40"):
        drain(TimeOrderedPager(limit=10), server)


def test_descending_rows_are_refused() -> None:
    pager = TimeOrderedPager(limit=10)
    pager.next_page()
    with pytest.raises(InvalidResponseError, match="ascending"):
        pager.accept([Row(2, b""), Row(1, b"")], None)


def test_a_refused_limit_is_halved_until_it_is_taken() -> None:
    server = Server(rows_of(*range(100)))
    pager = TimeOrderedPager(limit=1000)
    rows: list[Row] = []
    while page := pager.next_page():
        if page.limit > 40:
            assert pager.limit_refused()
            continue
        rows += pager.accept(*server.answer(page))
    assert rows == rows_of(*range(100))
    assert {page.limit for page in server.pages} == {31}


def test_a_limit_that_was_taken_before_or_of_one_row_cannot_be_lowered() -> None:
    pager = TimeOrderedPager(limit=1)
    assert not pager.limit_refused()
    pager = TimeOrderedPager(limit=2)
    pager.accept(rows_of(1, 2), None)
    assert not pager.limit_refused()


def test_an_instant_that_never_comes_whole_ends_in_an_error_that_names_it() -> None:
    """Three rows, one an answer, of two kinds that change about: nobody can tell which kind is there twice."""
    chance = random.Random(1)

    class Fickle(Server):
        def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
            return [Row(7, chance.choice([b"a", b"b"]))] if page.offset < 3 else [], None

    with pytest.raises(IncompletePullError, match="epoch ms 7"):
        drain(TimeOrderedPager(limit=1), Fickle([]))


def test_counts_add_up() -> None:
    server = Server(rows_of(*range(25)), count="all")
    pager = TimeOrderedPager(limit=10)
    while page := pager.next_page():
        pager.accept(*server.answer(page))
    assert (pager.reported, pager.received) == (25, 25)
    assert pager.repeated == sum(len(server.answer(page)[0]) for page in list(server.pages)) - 25


@dataclass
class Moody(Server):
    """Gives as many rows as it likes, but some."""

    def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
        rows, count = super().answer(page)
        return rows[: self.chance.randint(3, 10)], count


@pytest.mark.parametrize("count", ["absent", "all"])
@pytest.mark.parametrize("seed", range(20))
def test_a_short_page_is_not_taken_for_the_end(seed: int, count: str) -> None:
    rows = rows_of(*range(200))
    assert read(Moody(rows, count=count, chance=random.Random(seed))) == rows


@pytest.mark.parametrize(
    "ats", [range(30), range(12), [5] * 30, [5] * 12], ids=["many", "two", "tie", "small tie"]
)
@pytest.mark.parametrize("count", ["absent", "page"])
def test_a_server_that_ignores_the_offset_is_noticed(ats: list[int], count: str) -> None:
    class Deaf(Server):
        def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
            return super().answer(page._replace(offset=0))

    server = Deaf(rows_of(*ats), ceiling=10, count=count)
    with pytest.raises(ContradictionError, match="ignores the offset"):
        drain(TimeOrderedPager(limit=20), server)
    assert len(server.pages) < 200


@settings(deadline=None)
@given(
    raw=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=60),
    limit=st.integers(1, 25),
    ceiling=st.none() | st.integers(2, 12),
    count=st.sampled_from(["absent", "all"]),
)
def test_rows_without_an_instant_keep_their_place_and_lose_no_other(
    raw: list[tuple[int, bool]], limit: int, ceiling: int | None, count: str
) -> None:
    """The server has them in order; the answer does not say when they were."""
    rows = sorted((Row(at, b"%d" % number) for number, (at, _) in enumerate(raw)), key=lambda row: row.at)
    shown = [row if raw[int(row.raw)][1] else Row(UNDATED, row.raw) for row in rows]

    class Vague(Server):
        def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
            found = shown[page.offset : page.offset + min(page.limit, self.ceiling or page.limit)]
            return found, None if self.count == "absent" else len(shown)

    pager, found = TimeOrderedPager(limit=limit), []
    server = Vague(rows, ceiling, count)
    while page := pager.next_page():
        found += pager.accept(*server.answer(page))
    assert sorted(row.raw for row in found) == sorted(row.raw for row in rows)
    assert pager.received == len(rows)


@settings(deadline=None, max_examples=400)
@given(
    ats=st.lists(st.integers(0, 6), max_size=40),
    limit=st.integers(2, 12),
    ceiling=st.none() | st.integers(2, 6),
    count=st.sampled_from(["absent", "all"]),
    change=st.sampled_from(["insert", "remove"]),
    when=st.integers(0, 40),
    place=st.floats(0, 1, exclude_max=True),
)
def test_a_change_among_rows_of_one_instant_is_noticed(
    ats: list[int], limit: int, ceiling: int | None, count: str, change: str, when: int, place: float
) -> None:
    server = Server(rows_of(*sorted(ats)), ceiling, count)
    states, pager, found = [], TimeOrderedPager(limit=limit), []
    try:
        while page := pager.next_page():
            at = int(place * len(server.rows))
            if len(server.pages) == when and server.rows:
                if change == "remove":
                    del server.rows[at]
                else:
                    server.rows.insert(at, Row(server.rows[at].at, b"new"))
            states.append(sorted(server.rows))
            found += pager.accept(*server.answer(page))
    except PagesMovedError:
        return
    assert sorted(found) in states


@pytest.mark.parametrize("ceiling", [None, 4])
@pytest.mark.parametrize("ats", [[*range(30)], [1] * 30, [*range(10), *[10] * 20]])
def test_readings_that_end_alike_after_the_same_answers_are_known_by_their_evidence(
    ats: list[int], ceiling: int | None
) -> None:
    """The count is wrong each time, so nobody need be told to wait for fewer changes."""
    told = []
    for _ in range(3):
        with pytest.raises(PagesMovedError, match="40 rows were reported") as caught:
            read(Server(rows_of(*ats), ceiling, count="wrong"), limit=50)
        told.append((str(caught.value), caught.value.evidence))
    assert told[0][1] is not None
    assert len(set(told)) == 1


def test_readings_that_end_alike_after_other_answers_have_other_evidence() -> None:
    told = []
    for number in range(3):
        with pytest.raises(PagesMovedError) as caught:
            read(Server([*rows_of(*range(29)), Row(99, b"%d" % number)], count="wrong"), limit=50)
        told.append(caught.value.evidence)
    assert len(set(told)) == 3


@pytest.mark.parametrize("count", ["all", "absent"])
@pytest.mark.parametrize("held", [2, 3, 50])
@pytest.mark.parametrize("number", [2, 3, 7])
def test_one_short_answer_among_long_ones_does_not_make_the_rest_short(
    number: int, held: int, count: str
) -> None:
    class Hiccup(Server):
        def answer(self, page: PageRange) -> tuple[list[Row], int | None]:
            rows, total = super().answer(page)
            return (rows[:held] if len(self.pages) == number else rows), total

    server = Hiccup(rows_of(*range(1000)), count=count)
    assert read(server, limit=100) == server.rows
    assert len(server.pages) <= 16
