"""Readers of pages, against servers that behave in every way: what is handed on is the truth, or there is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.readers.collection import CollectionPager, Entity
from airflow_provider_liveperson.datasets.readers.linked_pages import LinkedPager
from airflow_provider_liveperson.datasets.readers.offset_pages import OffsetPager
from airflow_provider_liveperson.datasets.readers.pages import Page, PagePager, Record
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, PagesMovedError
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError

LIMIT = 10
MAX_REQUESTS = 200


def ask(offset: int, limit: int) -> ApiRequest:
    return ApiRequest(
        method="GET", service="s", path="/", params={"offset": str(offset), "limit": str(limit)}
    )


def record(number: int, *, in_slice: bool = True) -> Record:
    return Record(line=b"%d" % number, key=b"%d" % number, in_slice=in_slice)


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

    def answer(self, request: ApiRequest) -> Page:
        self.before.get(self.asked, lambda rows: None)(self.rows)
        drift = self.drift.get(self.asked, 0)
        self.asked += 1
        assert self.asked < MAX_REQUESTS, "it does not come to an end"
        offset, limit = int(request.params["offset"]), int(request.params["limit"])
        page = self.rows[offset : offset + min(limit, self.most)]
        return Page(
            [record(number, in_slice=number >= 0) for number in page],
            total=len(self.rows) + drift if self.counts else None,
            has_next=offset + len(page) < len(self.rows) if self.links else None,
        )


def read(reader: PagePager, server: Server, *, ahead: int = 1) -> list[int]:
    """Read as the package does: up to ``ahead`` requests leave before the first answer is accepted."""
    found: list[int] = []
    answers: list[Page] = []
    while True:
        while len(answers) < ahead and (request := reader.next_request()) is not None:
            answers.append(server.answer(request))
            if server.asked == 1:
                reader.peek(answers[0])
        if not answers:
            return found
        found += [int(raw) for raw in reader.accept(answers.pop(0))]


def counted(**choices) -> OffsetPager:
    return OffsetPager(
        page_request=ask, parse_page=lambda answer: pytest.fail("nobody cuts"), page_size=LIMIT, **choices
    )


def linked() -> LinkedPager:
    return LinkedPager(
        page_request=ask, parse_page=lambda answer: pytest.fail("nobody cuts"), page_size=LIMIT
    )


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
    reader.peek(first)
    assert [reader.next_request().params["offset"] for _ in range(3)] == ["9", "18", "27"]
    assert reader.next_request() is None


def test_a_first_page_that_is_shorter_than_it_should_be_tells_nothing_ahead():
    reader, server = counted(), Server(list(range(35)), most=4)
    reader.peek(server.answer(reader.next_request()))
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
    except (PagesMovedError, InvalidResponseError):  # the latter for a count below 0
        return
    assert found == list(range(size))
    assert server.asked <= at


def test_records_that_come_again_are_counted_once_and_do_not_stand_for_others():
    reader = counted()
    reader.next_request()
    with pytest.raises(PagesMovedError, match="3 records were reported and 2 received"):
        list(reader.accept(Page([record(1), record(2), record(1)], total=3)))
    assert (reader.received, reader.repeated) == (2, 1)


def test_an_answer_without_a_count_is_unreadable():
    reader = counted()
    reader.next_request()
    with pytest.raises(InvalidResponseError, match="how many"):
        list(reader.accept(Page([record(1)])))


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


@pytest.mark.parametrize("may_grow", [False, True])
@pytest.mark.parametrize("ahead", [1, 4])
@given(size=st.integers(1, 65), most=st.integers(1, 12), says=st.integers(0, 65))
def test_a_count_that_says_less_than_there_is_ends_nothing_while_full_pages_come(
    may_grow, ahead, size, most, says
):
    server = Server(list(range(size)), most=most, drift=dict.fromkeys(range(MAX_REQUESTS), says - size))
    try:
        found = read(counted(may_grow=may_grow), server, ahead=ahead)
    except PagesMovedError:
        assert says != size
        return
    if found != list(range(size)):  # the last page that came was not full, so nobody could tell
        assert len(found) == says
        assert says < min(LIMIT, size)
        assert most == says


@pytest.mark.parametrize("may_grow", [False, True])
def test_a_count_of_this_page_is_noticed_by_the_next_one_that_is_named(may_grow):
    reader = counted(may_grow=may_grow)
    reader.next_request()
    reader.accept(Page([record(1), record(2)], total=2, has_next=True))
    assert reader.next_request().params["offset"] == "1"
    with pytest.raises(ContradictionError, match="there are more"):
        reader.accept(Page([record(2), record(3)], total=2, has_next=False))


@pytest.mark.parametrize("may_grow", [False, True])
def test_records_beside_a_count_of_none_are_a_contradiction(may_grow):
    reader = counted(may_grow=may_grow)
    reader.next_request()
    with pytest.raises(ContradictionError, match="0 records were reported, and there are more"):
        reader.accept(Page([record(1)], total=0))


def test_a_first_page_that_is_empty_beside_a_count_is_a_contradiction():
    reader = counted()
    reader.next_request()
    with pytest.raises(ContradictionError, match="7000 records were reported, and the first page holds none"):
        reader.accept(Page([], total=7000, has_next=True))


def test_a_later_page_that_is_short_ends_the_reading_at_once():
    """However many the count promises behind it."""
    reader = counted()
    for number in range(2):
        reader.next_request()
        page = [record(number * (LIMIT - 1) + at) for at in range(LIMIT)]
        reader.accept(Page(page, total=10**9))
    reader.next_request()
    with pytest.raises(ContradictionError, match="the page at offset 18 holds only 3"):
        reader.accept(Page([record(18 + at) for at in range(3)], total=10**9))


@pytest.mark.parametrize(
    ("size", "asked"), [(0, 1), (LIMIT - 1, 1), (LIMIT, 2), (LIMIT + 1, 2), (3 * LIMIT, 4)]
)
def test_one_more_page_is_asked_for_only_where_the_last_one_is_full(size, asked):
    server = Server(list(range(size)))
    read(counted(), server)
    assert server.asked == asked


@pytest.mark.parametrize("may_grow", [False, True])
@pytest.mark.parametrize("gone", [0, 4, 9])
@pytest.mark.parametrize("joined", [1, 2])
def test_a_row_that_slid_away_is_noticed_though_the_count_stays(gone, joined, may_grow):
    """Taken away before the place that was read, while others joined behind it."""
    if joined == 2 and not may_grow:
        joined = 1
    server, reader = Server(list(range(35))), counted(may_grow=may_grow)
    reader.accept(server.answer(reader.next_request()))
    del server.rows[gone]
    server.rows += [100, 101][:joined]
    with pytest.raises(ContradictionError, match="rows were taken away before offset 9"):
        reader.accept(server.answer(reader.next_request()))


def test_rows_that_change_places_where_pages_meet_are_no_loss():
    """Of one instant, and both have come."""
    server, reader = Server(list(range(35))), counted()
    found = [*map(int, reader.accept(server.answer(reader.next_request())))]
    server.rows[8], server.rows[9] = server.rows[9], server.rows[8]
    while (request := reader.next_request()) is not None:
        found += map(int, reader.accept(server.answer(request)))
    assert found == list(range(35))


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


def test_records_outside_the_slice_are_left_out_without_a_count_too():
    reader = linked()
    assert read(reader, Server([-3, 1, -2, 2], counts=False, links=True)) == [1, 2]
    assert reader.received == 4


def test_only_one_request_leaves_at_a_time_without_a_count():
    reader = linked()
    assert reader.next_request() is not None
    assert reader.next_request() is None


@pytest.mark.parametrize("make", [counted, linked], ids=["counted", "linked"])
@pytest.mark.parametrize("size", [1, 5, LIMIT, LIMIT + 1, 35])
@pytest.mark.parametrize("ahead", [1, 4])
def test_a_server_that_ignores_the_offset_is_noticed(make, size, ahead):
    class Deaf(Server):
        def answer(self, request: ApiRequest) -> Page:
            return super().answer(replace(request, params={**request.params, "offset": "0"}))

    server = Deaf(list(range(size)), counts=make is counted, links=make is linked)
    try:
        found = read(make(), server, ahead=ahead)
    except ContradictionError as error:
        assert "ignores the offset" in str(error)  # noqa: PT017
        assert size >= LIMIT
    else:
        assert found == list(range(size))
        assert size < LIMIT
    assert server.asked <= 6


def test_pages_that_alternate_for_ever_are_noticed():
    """Even where each begins with the last row of the other."""
    reader = linked()
    pages = [[0, 1, 2, 3], [3, 2, 1, 0]]

    def read_on() -> None:
        for number in range(MAX_REQUESTS):
            assert reader.next_request() is not None
            page = [record(one) for one in pages[number % 2]]
            list(reader.accept(Page(page, has_next=True)))

    with pytest.raises(ContradictionError, match="came before"):
        read_on()


@given(st.integers(2, 65), st.integers(2, 12), st.booleans(), changes)
def test_a_change_before_the_place_that_was_read_is_noticed_without_a_count_too(size, most, links, what):
    """What is handed on is one state: that before the change, that after it, or there is an error."""
    rows = list(range(size))
    server = Server(
        rows, most=most, counts=False, links=links, before={at: change(*it) for at, it in what.items()}
    )
    reader = linked()
    try:
        found = read(reader, server)
    except PagesMovedError:
        return
    assert found in (list(range(size)), list(dict.fromkeys(server.rows)))
    assert reader.received == len(found)


@dataclass
class Gaps(Server):
    """Has places that hold nothing: pages over them are short or empty, and name the next one.

    :param silent: the numbers of the requests that are answered by an empty page.
    :param always: whether it names a next page behind the last one as well.
    """

    silent: frozenset[int] = frozenset()
    always: bool = False

    def answer(self, request: ApiRequest) -> Page:
        offset, limit = int(request.params["offset"]), int(request.params["limit"])
        found = super().answer(request)
        end = offset + min(limit, self.most)
        has_next = self.always or end < len(self.rows)
        if self.asked - 1 in self.silent:
            return Page([], has_next=True)
        records = [one for one in found.records if one.key != b"-1"]
        return Page(records, has_next=has_next, next_offset=end if has_next else None)


@pytest.mark.parametrize("first", [LIMIT, 2 * LIMIT])
@pytest.mark.parametrize("gap", [LIMIT, 2 * LIMIT, 4 * LIMIT])
def test_an_empty_page_that_names_a_next_one_is_followed(first, gap):
    rows = [*range(first), *[-1] * gap, *range(first, first + 15)]
    server = Gaps(rows, counts=False)
    assert read(linked(), server) == list(range(first + 15))


@pytest.mark.parametrize("silent", [{0}, {1}, {2}, {1, 2}, {0, 1, 3}], ids=str)
@pytest.mark.parametrize("most", [LIMIT, 4])
def test_an_empty_page_that_comes_and_goes_loses_nothing(silent, most):
    server = Gaps(list(range(35)), counts=False, most=most, silent=frozenset(silent))
    assert read(linked(), server) == list(range(35))


@pytest.mark.parametrize("length", range(3, 12))
def test_many_empty_pages_that_come_and_go_lose_nothing_either(length):
    """What was passed over is looked at once more at the end."""
    server = Gaps(list(range(35)), counts=False, silent=frozenset(range(1, 1 + length)))
    with pytest.raises(PagesMovedError):
        assert read(linked(), server) == list(range(35))


@pytest.mark.parametrize("size", [0, 1, 5, LIMIT, 35])
def test_a_next_page_that_is_named_for_ever_is_no_reason_to_read_for_ever(size):
    server = Gaps(list(range(size)), counts=False, always=True)
    assert read(linked(), server) == list(range(size))
    assert server.asked < 20


def test_equal_rows_are_one_where_they_have_a_key_and_several_where_not():
    for has_key, expected in ((True, [1, 2]), (False, [1, 2, 2])):
        reader = LinkedPager(
            page_request=ask,
            parse_page=lambda answer: Page([]),
            page_size=LIMIT,
            has_key=lambda line, it=has_key: it,
        )
        reader.next_request()
        page = Page([record(1), record(2), record(2)], has_next=False)
        assert [int(line) for line in reader.accept(page)] == expected
        assert (reader.received, reader.repeated) == (len(expected), 3 - len(expected))


@pytest.mark.parametrize(("size", "most"), [(4999, 2), (5000, 2), (15_000, 4), (15_001, 5)])
def test_the_overlap_costs_hardly_a_request(size, most):
    reader = LinkedPager(page_request=ask, parse_page=lambda answer: Page([]), page_size=5000)
    server = Server(list(range(size)), most=5000, counts=False, links=True)
    assert read(reader, server) == list(range(size))
    assert server.asked <= most


# -- what both do with an answer -------------------------------------------------------------------


def test_no_content_is_an_empty_page_where_that_is_documented():
    reader = counted()
    reader.next_request()
    assert list(reader.accept(reader.parse(Answer(status=204, headers={})))) == []
    assert reader.next_request() is None
    assert reader.reported == 0


def test_no_content_is_no_end_where_that_is_not_documented():
    reader = linked()
    reader.next_request()
    with pytest.raises(InvalidResponseError, match="empty"):
        reader.parse(Answer(status=204, headers={}))


def test_no_content_behind_the_last_full_page_is_the_end():
    reader = OffsetPager(page_request=ask, parse_page=lambda answer: pytest.fail("nobody cuts"), page_size=1)
    reader.next_request()
    list(reader.accept(Page([record(1)], total=1)))
    assert reader.next_request().params["offset"] == "1"
    assert list(reader.accept(reader.parse(Answer(status=204, headers={})))) == []
    assert reader.next_request() is None
    reader.finish()
    assert (reader.reported, reader.received) == (1, 1)


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_a_200_without_a_body_is_unreadable(body):
    reader = OffsetPager(
        page_request=ask, parse_page=lambda answer: pytest.fail("there is nothing"), page_size=LIMIT
    )
    with pytest.raises(InvalidResponseError, match="empty"):
        reader.parse(Answer(status=200, headers={}, body=body))


def test_a_refusal_is_no_matter_of_paging():
    refusal = RequestRejectedError("no", status=400)
    with pytest.raises(RequestRejectedError, match="no"):
        counted().refused(refusal)


def test_no_content_in_the_middle_is_noticed():
    reader = counted()
    reader.next_request()
    list(reader.accept(Page([record(number) for number in range(LIMIT)], total=15)))
    reader.next_request()
    with pytest.raises(PagesMovedError):
        list(reader.accept(reader.parse(Answer(status=204, headers={}))))


# -- a whole collection ----------------------------------------------------------------------------


def collection(held: str | None) -> CollectionPager:
    def ask_for(revision: str | None, way: Mapping[str, str]) -> ApiRequest:
        return ApiRequest(method="GET", service="s", path="/", headers={"If-Match": str(revision)})

    def cut(answer: Answer) -> list[Entity]:
        return [Entity(line[:1].decode().strip("-") or None, line) for line in answer.body.split()]

    return CollectionPager(request=ask_for, parse_records=cut, known_revision=held)


def test_a_collection_is_asked_for_once():
    reader = collection(None)
    assert reader.next_request() is not None
    assert reader.next_request() is None
    parsed = reader.parse(Answer(status=200, headers={"ac-revision": "7"}, body=b"1 2"))
    assert list(reader.accept(parsed)) == [b"1", b"2"]
    assert (reader.received, reader.revision, reader.is_unchanged) == (2, "7", False)
    assert reader.next_request() is None


@pytest.mark.parametrize(
    ("body", "kept", "repeated", "warned"),
    [
        (b"1a 2a 1a", [b"1a", b"2a"], 1, False),
        (b"1a 2a 1b", [b"1b", b"2a"], 1, True),
        (b"1a 1a 1a", [b"1a"], 2, False),
        (b"1a 1b 1a", [b"1a"], 2, True),
        (b"-a -a 1a", [b"-a", b"-a", b"1a"], 0, False),  # what has no key is kept
    ],
)
def test_records_that_come_twice_are_kept_once_by_their_key(body, kept, repeated, warned, caplog):
    reader = collection(None)
    reader.next_request()
    parsed = reader.parse(Answer(status=200, headers={}, body=body))
    assert list(reader.accept(parsed)) == kept
    assert (reader.received, reader.repeated) == (len(kept), repeated)
    assert ("more than once, and not alike" in caplog.text) is warned


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

    def page(belonging: int) -> Page:
        body = memoryview(b"0123456789")
        return Page(
            [Record(body[number : number + 1], b"%d" % number, number < belonging) for number in range(10)],
            total=10,
        )

    for belonging, kind in ((4, bytes), (5, memoryview)):
        reader = OffsetPager(page_request=ask, parse_page=lambda answer: Page([]), page_size=LIMIT)
        reader.next_request()
        taken = reader.accept(page(belonging))
        assert [type(line) for line in taken] == [kind] * belonging
        assert b"".join(taken) == b"0123456789"[:belonging]
