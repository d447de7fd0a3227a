"""Readers of pages, against servers that behave in every way: what is handed on is the truth, or there is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.paging import PagesMovedError
from airflow_provider_liveperson.datasets.pages import (
    Contents,
    CountedPages,
    LinkedPages,
    PageReader,
    Record,
    WholeCollection,
)
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError

LIMIT = 10
MOST_REQUESTS = 200


def ask(offset: int, limit: int) -> ApiRequest:
    return ApiRequest(
        method="GET", service="s", path="/", params={"offset": str(offset), "limit": str(limit)}
    )


def record(number: int, *, belongs: bool = True) -> Record:
    return Record(line=b"%d" % number, key=b"%d" % number, belongs=belongs)


@dataclass
class Server:
    """Gives pages of numbers, and can change between two requests.

    :param rows: what it holds, in its order.
    :param most: the most it gives at once.
    :param counts: whether it says how many there are.
    :param links: whether it says if there is a next page.
    :param before: what happens before a request, by its number.
    :param drift: by how much its count is wrong, by the number of the request.
    """

    rows: list[int]
    most: int = LIMIT
    counts: bool = True
    links: bool = False
    before: dict[int, Callable[[list[int]], None]] = field(default_factory=dict)
    drift: dict[int, int] = field(default_factory=dict)
    asked: int = 0

    def answer(self, request: ApiRequest) -> Contents:
        self.before.get(self.asked, lambda rows: None)(self.rows)
        drift = self.drift.get(self.asked, 0)
        self.asked += 1
        assert self.asked < MOST_REQUESTS, "it does not come to an end"
        offset, limit = int(request.params["offset"]), int(request.params["limit"])
        page = self.rows[offset : offset + min(limit, self.most)]
        return Contents(
            [record(number, belongs=number >= 0) for number in page],
            total=len(self.rows) + drift if self.counts else None,
            has_next=offset + len(page) < len(self.rows) if self.links else None,
        )


def read(reader: PageReader, server: Server, *, ahead: int = 1) -> list[int]:
    """Read as the package does: up to ``ahead`` requests leave before the first answer is accepted."""
    found: list[int] = []
    answers: list[Contents] = []
    while True:
        while len(answers) < ahead and (request := reader.next_request()) is not None:
            answers.append(server.answer(request))
            if server.asked == 1:
                reader.expect(answers[0])
        if not answers:
            return found
        found += [int(raw) for raw in reader.accept(answers.pop(0))]


def counted(**choices) -> CountedPages:
    return CountedPages(ask=ask, cut=lambda answer: pytest.fail("nobody cuts"), limit=LIMIT, **choices)


def linked() -> LinkedPages:
    return LinkedPages(ask=ask, cut=lambda answer: pytest.fail("nobody cuts"), limit=LIMIT)


sizes = st.integers(0, 65)
ceilings = st.integers(1, 12)
aheads = st.integers(1, 6)


# -- with a count ----------------------------------------------------------------------------------


@given(sizes, ceilings, aheads)
@example(10, 10, 1)
@example(20, 10, 5)
@example(0, 10, 3)
def test_everything_in_order_whatever_the_server_gives_at_once(size, most, ahead):
    reader = counted()
    assert read(reader, Server(list(range(size)), most=most), ahead=ahead) == list(range(size))
    assert (reader.reported, reader.received, reader.repeated) == (size, size, 0)


def test_records_outside_the_slice_are_counted_and_left_out():
    reader = counted()
    assert read(reader, Server([-3, 1, -2, 2])) == [1, 2]
    assert (reader.reported, reader.received) == (4, 4)


def test_requests_leave_ahead_once_the_first_full_page_has_told_the_count():
    reader, server = counted(), Server(list(range(35)))
    first = server.answer(reader.next_request())
    assert reader.next_request() is None
    reader.expect(first)
    assert [reader.next_request().params["offset"] for _ in range(3)] == ["10", "20", "30"]
    assert reader.next_request() is None


def test_a_first_page_that_is_shorter_than_it_should_be_tells_nothing_ahead():
    reader, server = counted(), Server(list(range(35)), most=4)
    reader.expect(server.answer(reader.next_request()))
    assert reader.next_request() is None


changes = st.dictionaries(
    st.integers(1, 8),
    st.tuples(
        st.sampled_from(["insert", "remove", "repeat"]), st.floats(0, 1, exclude_max=True), st.integers(1, 12)
    ),
    min_size=1,
    max_size=1,
)


def change(kind: str, place: float, how_many: int) -> Callable[[list[int]], None]:
    def act(rows: list[int]) -> None:
        at = int(place * len(rows))
        if kind == "insert":
            rows[at:at] = range(1000, 1000 + how_many)
        elif kind == "remove":
            del rows[at : at + how_many]
        else:  # something is listed a second time, and something else is missing for it
            rows[at : at + 1] = rows[:1]

    return act


@given(st.integers(1, 65), ceilings, aheads, changes)
def test_a_change_while_it_is_read_is_noticed(size, most, ahead, what):
    """Either it came too late to matter, or the slice has to be read again."""
    server = Server(list(range(size)), most=most, before={at: change(*it) for at, it in what.items()})
    try:
        found = read(counted(), server, ahead=ahead)
    except PagesMovedError:
        return
    before_all = list(range(size))
    assert found == before_all
    assert server.asked <= min(what) or len(server.rows) == size


@given(st.integers(1, 65), ceilings, aheads, st.integers(1, 8), st.integers(-3, 3).filter(bool))
@example(35, 10, 5, 0, 1)
@example(35, 10, 1, 0, -1)
def test_a_count_that_drifts_is_noticed_at_every_page(size, most, ahead, at, drift):
    server = Server(list(range(size)), most=most, drift={at: drift})
    try:
        found = read(counted(), server, ahead=ahead)
    except PagesMovedError:
        return
    assert found == list(range(size))
    assert server.asked <= at


def test_records_that_come_again_are_counted_once_and_do_not_stand_for_others():
    reader = counted()
    reader.next_request()
    with pytest.raises(PagesMovedError, match="3 records were reported and 2 received"):
        list(reader.accept(Contents([record(1), record(2), record(1)], total=3)))
    assert (reader.received, reader.repeated) == (2, 1)


def test_an_answer_without_a_count_is_unreadable():
    reader = counted()
    reader.next_request()
    with pytest.raises(InvalidResponseError, match="how many"):
        list(reader.accept(Contents([record(1)])))


@given(st.integers(1, 65), ceilings, aheads, st.integers(1, 8), st.integers(1, 25), st.booleans())
def test_what_grows_gives_all_that_was_there_in_order(size, most, ahead, at, how_many, behind):
    """Records that join while it is read are taken along, or not: they belong to the next window anyway."""

    def grow(rows: list[int]) -> None:
        place = len(rows) if behind else len(rows) // 2
        rows[place:place] = range(1000, 1000 + how_many)

    reader = counted(may_grow=True)
    server = Server(list(range(size)), most=most, before={at: grow})
    try:
        found = read(reader, server, ahead=ahead)
    except PagesMovedError:
        assert not behind
        return
    assert [number for number in found if number < 1000] == list(range(size))
    assert len(set(found)) == len(found)
    if behind and server.asked > at:
        assert found == server.rows


@given(st.integers(2, 65), aheads, st.integers(1, 8))
def test_what_may_grow_may_not_shrink(size, ahead, at):
    server = Server(list(range(size)), before={at: lambda rows: rows.pop(0)})
    try:
        found = read(counted(may_grow=True), server, ahead=ahead)
    except PagesMovedError:
        return
    assert found == list(range(size))
    assert server.asked <= at


# -- without a count -------------------------------------------------------------------------------


@given(sizes, ceilings)
@example(10, 10)
@example(20, 10)
def test_links_lead_to_the_end_whatever_the_server_gives_at_once(size, most):
    reader = linked()
    assert read(reader, Server(list(range(size)), most=most, counts=False, links=True)) == list(range(size))
    assert (reader.reported, reader.received, reader.repeated) == (None, size, 0)


@given(sizes)
def test_without_links_pages_are_read_until_there_are_no_more(size):
    assert read(linked(), Server(list(range(size)), counts=False)) == list(range(size))


@given(st.integers(1, 65), st.integers(1, 9))
def test_without_links_a_server_that_gives_less_at_once_loses_nothing(size, most):
    assert read(linked(), Server(list(range(size)), most=most, counts=False)) == list(range(size))


def test_a_full_last_page_without_a_next_one_is_followed_by_an_empty_one():
    server = Server(list(range(LIMIT)), counts=False, links=True)
    assert read(linked(), server) == list(range(LIMIT))
    assert server.asked <= 2


@given(st.integers(1, 65), st.integers(1, 8), st.integers(1, LIMIT))
def test_what_joins_in_front_neither_loses_nor_repeats_the_rest(size, at, how_many):
    def join(rows: list[int]) -> None:
        rows[0:0] = range(1000, 1000 + how_many)

    server = Server(list(range(size)), counts=False, links=True, before={at: join})
    assert read(linked(), server) == list(range(size))


def test_records_outside_the_slice_are_left_out_without_a_count_too():
    reader = linked()
    assert read(reader, Server([-3, 1, -2, 2], counts=False, links=True)) == [1, 2]
    assert reader.received == 4


def test_only_one_request_leaves_at_a_time_without_a_count():
    reader = linked()
    assert reader.next_request() is not None
    assert reader.next_request() is None


def test_a_server_that_gives_the_same_page_for_ever_is_given_up():
    reader = linked()

    def read_on() -> None:
        for _ in range(MOST_REQUESTS):
            assert reader.next_request() is not None
            list(reader.accept(Contents([record(number) for number in range(LIMIT)], has_next=True)))

    with pytest.raises((PagesMovedError, InvalidResponseError)):
        read_on()


# -- what both do with an answer -------------------------------------------------------------------


@pytest.mark.parametrize("kind", [CountedPages, LinkedPages])
def test_no_content_is_an_empty_page(kind):
    reader = kind(ask=ask, cut=lambda answer: pytest.fail("there is nothing"), limit=LIMIT)
    reader.next_request()
    assert list(reader.accept(reader.parse(Answer(status=204, headers={})))) == []
    assert reader.next_request() is None


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_a_200_without_a_body_is_unreadable(body):
    reader = CountedPages(ask=ask, cut=lambda answer: pytest.fail("there is nothing"), limit=LIMIT)
    with pytest.raises(InvalidResponseError, match="empty"):
        reader.parse(Answer(status=200, headers={}, body=body))


def test_a_refusal_is_no_matter_of_paging():
    refusal = RequestRejectedError("no", status=400)
    with pytest.raises(RequestRejectedError, match="no"):
        counted().refused(refusal)


def test_no_content_in_the_middle_is_noticed():
    reader = counted()
    reader.next_request()
    list(reader.accept(Contents([record(number) for number in range(LIMIT)], total=15)))
    reader.next_request()
    with pytest.raises(PagesMovedError):
        list(reader.accept(reader.parse(Answer(status=204, headers={}))))


# -- a whole collection ----------------------------------------------------------------------------


def collection(held: str | None) -> WholeCollection:
    def ask_for(revision: str | None) -> ApiRequest:
        return ApiRequest(method="GET", service="s", path="/", headers={"If-Match": str(revision)})

    return WholeCollection(ask=ask_for, cut=lambda answer: answer.body.split(), held=held)


def test_a_collection_is_asked_for_once():
    reader = collection(None)
    assert reader.next_request() is not None
    assert reader.next_request() is None
    parsed = reader.parse(Answer(status=200, headers={"ac-revision": "7"}, body=b"1 2"))
    assert list(reader.accept(parsed)) == [b"1", b"2"]
    assert (reader.received, reader.revision, reader.is_unchanged) == (2, "7", False)
    assert reader.next_request() is None


def test_an_unchanged_collection_keeps_its_revision():
    reader = collection("7")
    assert reader.next_request().headers == {"If-Match": "7"}
    assert list(reader.accept(reader.parse(Answer(status=304, headers={})))) == []
    assert (reader.received, reader.revision, reader.is_unchanged) == (0, "7", True)


def test_unchanged_since_nothing_makes_no_sense():
    with pytest.raises(InvalidResponseError, match="304"):
        collection(None).parse(Answer(status=304, headers={}))


def test_a_server_that_takes_if_match_as_http_does_is_asked_for_all_once():
    reader = collection("7")
    reader.next_request()
    refusal = RequestRejectedError("412", status=412)
    reader.refused(refusal)
    assert reader.next_request().headers == {"If-Match": "None"}
    with pytest.raises(RequestRejectedError):
        reader.refused(refusal)


@pytest.mark.parametrize(("held", "status"), [("7", 400), (None, 412)])
def test_another_refusal_is_final(held, status):
    reader = collection(held)
    reader.next_request()
    with pytest.raises(RequestRejectedError):
        reader.refused(RequestRejectedError("no", status=status))


def test_few_records_of_a_page_do_not_hold_the_whole_page():
    """Views of it are for pages of which most is wanted."""

    def page(belonging: int) -> Contents:
        body = memoryview(b"0123456789")
        return Contents(
            [Record(body[number : number + 1], b"%d" % number, number < belonging) for number in range(10)],
            total=10,
        )

    for belonging, kind in ((4, bytes), (5, memoryview)):
        reader = CountedPages(ask=ask, cut=lambda answer: Contents([]), limit=LIMIT)
        reader.next_request()
        taken = reader.accept(page(belonging))
        assert [type(line) for line in taken] == [kind] * belonging
        assert b"".join(taken) == b"0123456789"[:belonging]
