"""What every reader is: a declared object that says how records come, and makes a pager for each slice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.exceptions import LivePersonError, RequestRejectedError
from airflow_provider_liveperson.records.line import Line

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

MAX_SAME_PAGES = 40


class PagesMovedError(LivePersonError):
    """Rows were added or removed before the place that was read: the slice has to be read again.

    Raised by pagers and caught where slices are read; a user sees it only as the cause of an IncompletePullError.

    :param message: what does not fit.
    :param evidence: what was read until then. Where several attempts end alike after the very same, nothing has
        changed in between; None where that cannot be known.
    """

    def __init__(self, message: str, *, evidence: object = None) -> None:
        super().__init__(message)
        self.evidence = evidence


class ContradictionError(PagesMovedError):
    """An answer contradicts itself, or another one, which a change at LivePerson may explain, or a server error.

    Where several attempts end in the very same contradiction, it was no change.

    :param message: the contradiction.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, evidence=message)


class Pager(ABC):
    """Reads one slice: says what to ask next and makes records of what came. It never sends.

    Requests may be sent ahead: :meth:`next_request` is called again before the last answer is in. Answers are
    accepted in the order of their requests.
    """

    paging_limit: int | None = None
    """At most how many records LivePerson pages for one search, where it has a limit. Set before the first request, for
    pagers that search more than once; a slice that holds more at first is split by those who read it."""
    reported: int | None = None
    """How many records LivePerson reports for what was asked, where it does."""
    received = 0
    """How many records came, each counted once."""
    repeated = 0
    """How many rows came again."""
    undated = 0
    """How many of the records received have no readable value of the field by which they are placed in time."""
    still_partial: Sequence[bytes] = ()
    """The keys of the records that came only in part, even when asked for one by one, or before they were final."""
    partial_reason: ClassVar[str] = "came only in part, even when asked for by id"
    """What is the matter with :attr:`still_partial`, for the warning: "3 record(s) …"."""
    revision: str | None = None
    """The revision of what came, for a snapshot that has one."""
    accepts_early: ClassVar[bool] = False
    """Whether :meth:`accept` may be called as soon as an answer has come, before it is the slice's turn: it returns
    what is certain at once, as a list."""
    is_unchanged = False
    """Whether LivePerson says that the known revision is still the present one, and sent nothing."""

    @property
    def requests_follow(self) -> bool:
        """Whether it is sure to request more than it can say at present, once answers have been accepted."""
        return False

    @abstractmethod
    def next_request(self) -> ApiRequest | None:
        """What to ask next; None at the end, and while that depends on answers not accepted yet."""

    @abstractmethod
    def parse(self, answer: Answer) -> Any:
        """Read an answer, in any thread.

        :raises InvalidResponseError: for one that is not valid; its request is sent again.
        """

    @abstractmethod
    def accept(self, parsed: Any) -> Iterable[Line]:
        """Take what :meth:`parse` returned and hand on the records that are certain and in the slice.

        :raises PagesMovedError: when the slice has to be read again.
        """

    def peek(self, parsed: Any) -> None:
        """Take note of what the first answer says of those to follow, before it is accepted."""

    def finish(self) -> None:
        """Check once more, at the end, that everything has come.

        :raises PagesMovedError: when something is missing.
        """

    def refused(self, error: RequestRejectedError) -> None:
        """Adapt to a refusal, so that the next request may be accepted; otherwise raise it again.

        :raises RequestRejectedError: when there is nothing to adapt.
        """
        raise error

    def learn(self, before: Self) -> None:
        """Take over what an earlier attempt at the same slice, which was not complete, has found out."""


class Reader(ABC):
    """How the records of a dataset come. It is declared once, has no state, and serves all slices.

    A subclass describes a shape; its fields say what is particular to a dataset. What does not fit is a subclass in
    the dataset's own module.
    """

    shape: ClassVar[str]
    """The shape in a few words, for people."""
    uncounted: ClassVar[str] = "LivePerson does not say how many records there are"
    """Why LivePerson's count cannot be compared with that of an earlier pull, for people; empty where it can."""

    @abstractmethod
    def open(self, dataset: Dataset, query: Query, slice_: Slice) -> Pager:
        """The pager of a slice, at its start."""

    def plan(self, dataset: Dataset, query: Query) -> list[Slice]:
        """Cut a query into slices, in order: by the longest range, and each range by partitions."""
        if not query.cursor:
            return [Slice(partition=partition) for partition in self.partitions(query)]
        return [
            Slice(bounds={query.cursor: window}, partition=partition)
            for window in query.window.cut(dataset.limits.max_range)
            for partition in self.partitions(query)
        ]

    def partitions(self, query: Query) -> Iterable[Mapping[str, str]]:
        """The partitions of each range, in order; one without a name where there are none."""
        return ({},)

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        """The request for as little of a slice as shows whether it can be read."""
        request = self.open(dataset, query, slice_).next_request()
        assert request is not None
        return request

    def probes(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        """The ways to make that request, the best one first: each is for where LivePerson answers the one before with
        a 400, which a pull survives as well."""
        return (self.probe(dataset, query, slice_),)

    def count_requests(self, dataset: Dataset, query: Query, slice_: Slice) -> Sequence[ApiRequest]:
        """The ways to ask how many records a slice has, likewise."""
        return self.probes(dataset, query, slice_)

    def count_of(self, parsed: Any) -> int | None:
        """How many records an answer says that a slice has, as its pager has parsed it; None where it does not say."""
        return None

    def heads(self, query: Query) -> Query | None:
        """What to read instead of a query where only the records themselves tell how many there are: as little of
        each as tells that it belongs; None where LivePerson's count tells."""
        return None

    def says_empty(self, error: RequestRejectedError) -> bool:
        """Whether a refusal of the first request says that there are no records, which is nothing wrong."""
        return False

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        """The arguments of the requests, for the manifest."""
        return {**dataset.request.params, **query.filters}

    def whole_files(self) -> Reader | None:
        """The reader that hands on files as they come, each as one record; None where there are no files."""
        return None

    def check(self, query: Query) -> None:
        """Refuse filters that cannot be combined.

        :raises ConfigurationError: naming them.
        """


class StandstillGuard:
    """Notices a server that answers every page alike, and would forever.

    :param what: what such a server ignores, for the error.
    :param place: what pages are named by, for the error: ``offset`` or ``number``.
    """

    def __init__(self, what: str = "the offset", *, place: str = "offset") -> None:
        self._what = what
        self._place = place
        self._first: Hashable | None = None
        self._pages: dict[int, object] = {}  # hashes of pages, in order, and their places
        self._latest: int | None = None
        self._same = 0

    @property
    def evidence(self) -> tuple[int, ...]:
        """What has come so far."""
        return tuple(self._pages)

    def remember(self, row: Hashable) -> None:
        """Take note of a row; the first one counts.

        :param row: the row's key.
        """
        if self._first is None:
            self._first = row

    def check_first(self, place: object, row: Hashable) -> None:
        """Compare the first row of a page with that of the first page.

        :param place: where the page is, such as its offset.
        :param row: the row's key.
        :raises ContradictionError: when they are the same.
        """
        if self._first is not None and row == self._first:
            raise ContradictionError(
                f"the page at {self._place} {place} begins like the first one: the server ignores {self._what}"
            )

    def check(self, place: object, rows: Sequence[Hashable]) -> None:
        """Take note of a page that has rows and may come but once.

        :param place: where it is.
        :param rows: the keys of its rows.
        :raises ContradictionError: when the same page has come before.
        """
        self.remember(rows[0])
        contents = hash(tuple(rows))
        if contents in self._pages:
            raise ContradictionError(
                f"the page at {self._place} {place} came before, at {self._place} {self._pages[contents]}: the server"
                f" ignores {self._what}"
            )
        self._pages[contents] = place

    def check_again(self, rows: Sequence[Hashable]) -> None:
        """Take note of a page that may come several times, but not forever.

        :param rows: the keys of its rows.
        :raises ContradictionError: when it has come :data:`MAX_SAME_PAGES` times in a row.
        """
        contents = hash(tuple(rows))
        self._same = self._same + 1 if contents == self._latest else 0
        self._latest = contents
        if self._same >= MAX_SAME_PAGES:
            raise ContradictionError(
                f"{MAX_SAME_PAGES} pages of one instant were the same: the server ignores {self._what}"
            )
