"""Rows in order of time, without ids, whose pages may move while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from airflow_provider_liveperson.datasets.readers.pages import PageRange
from airflow_provider_liveperson.datasets.readers.reader import PagesMovedError, StandstillGuard
from airflow_provider_liveperson.exceptions import IncompletePullError, InvalidResponseError

MAX_PAGE_SIZE = 16_000
MAX_TIE_PASSES = 100
EQUAL_TIE_PASSES = 8
MAX_TIES_AT_ONE_PLACE = 3
UNDATED = -1


class Row(NamedTuple):
    """One record as it was received.

    :param at: its instant, epoch milliseconds UTC, or :data:`UNDATED`.
    :param raw: its bytes.
    """

    at: int
    raw: bytes


class TimeOrderedPager:
    """Reads rows that are sorted by time, have no id, and may move while they are read.

    With offsets alone, a row that arrives late pushes the rest down, so that some repeat and the late one is
    missed; rows of one instant may change places from answer to answer; two rows may be equal and still be
    two. Against all of that there is one rule: **an instant counts only when one answer holds all its rows**.
    The last instant of an answer may be cut, so it is left for the next page, which starts one row earlier:
    that row, the anchor, must belong to the instant before. If it does not, the pages have moved.

    An instant with more rows than the server gives at once is put together from several answers, see
    :class:`_Tie`. Within an instant, rows are handed on in the order of their bytes, so that the same rows
    always give the same bytes. A row without an instant is taken for one of the instant before it.

    :param limit: how many rows to ask for at once; the server may give fewer, always.
    :param stop_at: epoch milliseconds; the first row at or after it ends the reading. None: read to the end.
    """

    def __init__(self, *, limit: int, stop_at: int | None = None) -> None:
        self._limit = limit
        self._stop_at = stop_at
        self._max_rows = 0  # rows that one answer has held
        self._max_full = 0  # rows of the largest answer that was as long as asked for
        self._taken = 0  # the largest limit that the server has answered
        self._may_grow = True  # whether the server may give more at once than ``limit``
        self._offset = 0
        self._anchor: int | None = None  # the instant of the row at ``offset``, once rows were handed on
        self._probed: tuple[int, list[Row]] | None = None
        self._tie: _Tie | None = None
        self._ties_at: Counter[int] = Counter()  # how many began at which offset
        self._end = 0
        self._seen = 0
        self._guard = StandstillGuard()
        self._digest = 0  # of all rows that came
        self.reported: int | None = None
        self.finished = False

    @property
    def received(self) -> int:
        """How many rows have been read, each counted once."""
        return self._end

    @property
    def repeated(self) -> int:
        """How many rows came again, because pages overlap or moved."""
        return self._seen - self._end

    @property
    def limit_is_known(self) -> bool:
        """Whether the server has answered a page of this limit before."""
        return self._limit <= self._taken

    def next_page(self) -> PageRange | None:
        """What to ask for next, or None at the end."""
        if self.finished:
            return None
        if self._probed:
            return PageRange(self._probed[0], self._limit)
        if self._tie:
            return PageRange(self._tie.offset - self._ties_early, self._limit)
        return PageRange(self._offset, self._limit)

    @property
    def _ties_early(self) -> bool:
        """Whether the next answer of an instant that fills more than a page has to begin with the row before it."""
        tie = self._tie
        return tie is not None and tie.offset == tie.start > 0 and self._anchor is not None and self._overlaps

    @property
    def _overlaps(self) -> bool:
        """Whether an answer has room for the row before those that are new."""
        return min(self._max_rows, self._limit) > 1

    def limit_refused(self) -> bool:
        """The server refused the last page for its limit: ask for less.

        :returns: False when it refused what it has given before, or even one row.
        """
        if self._limit <= max(1, self._max_rows):
            return False
        self._limit = self._max_rows or self._limit // 2
        self._may_grow = not self._max_rows
        return True

    def accept(self, rows: Sequence[Row], count: int | None) -> list[Row]:
        """Take an answer and hand on the rows that are certain.

        :param rows: the rows of the page that was asked for, in the server's order.
        :param count: the server's own count of rows, which may mean all rows or those in this answer.
        :raises PagesMovedError: when the slice has to be read again.
        :raises InvalidResponseError: when the rows are not in ascending order.
        :raises IncompletePullError: when an instant cannot be put together.
        """
        if any(row.at == UNDATED for row in rows):
            rows = self._placed(rows)
        if any(after.at < before.at for before, after in pairwise(rows)):
            raise InvalidResponseError(
                "the rows are not in ascending order of time, although that was asked for"
            )
        self._seen += len(rows)
        self._digest = hash((self._digest, *rows))
        self._taken = max(self._taken, self._limit)
        if count is not None and count > len(rows):  # so it cannot mean the rows in this answer
            self.reported = count
        if self._probed:
            return self._accept_probe(rows)
        if self._tie:
            return self._accept_tied(self._tie, rows)
        return self._accept_page(rows)

    def _accept_probe(self, rows: Sequence[Row]) -> list[Row]:
        assert self._probed is not None
        self._check_offset(rows, self._probed[0])
        (offset, held_back), self._probed = self._probed, None
        end, more = offset, bool(rows)
        if self._overlaps:  # it begins with the last row of the page
            if not rows or rows[0].at != held_back[-1].at:
                raise self._moved()
            # A row of that instant that has not been seen is one more, wherever it stands.
            end, more = offset + 1, len(rows) > 1 or rows[0] not in held_back
        if more:
            self._ceiling_is(self._max_rows)
        return self._hand_on(held_back, end=end, at_end=not more)

    def _moved(
        self, message: str = "rows were added or taken away before the place that was read"
    ) -> PagesMovedError:
        return PagesMovedError(message, evidence=(message, self._offset, self.reported, self._digest))

    def _placed(self, rows: Sequence[Row]) -> list[Row]:
        """Give rows without an instant that of the row before: the server has put them there."""
        at = self._before_page
        if at is None:
            at = next((row.at for row in rows if row.at != UNDATED), 0)
        placed = []
        for row in rows:
            at = at if row.at == UNDATED else row.at
            placed.append(Row(at, row.raw))
        return placed

    @property
    def _before_page(self) -> int | None:
        """The instant of a row without one that is the first of the page asked for, if rows came before it."""
        if self._probed:
            rows = self._probed[1]
            return rows[-1].at if rows else self._anchor
        if self._tie and not self._ties_early:
            return self._tie.at
        return self._anchor

    def _check_offset(self, rows: Sequence[Row], offset: int) -> None:
        """Notice a server that answers each page with the first one."""
        before = self._before_page
        if rows and before is not None and rows[0].at < before:
            self._guard.check_first(offset, rows[0])
        elif rows:
            self._guard.remember(rows[0])

    def _accept_page(self, rows: Sequence[Row]) -> list[Row]:
        self._check_offset(rows, self._offset)
        anchored = self._anchor is not None
        if anchored and (
            not rows or rows[0].at != self._anchor or (len(rows) > 1 and rows[1].at == self._anchor)
        ):
            raise self._moved()
        end, new = self._offset + len(rows), list(rows[1:] if anchored else rows)
        short = len(rows) < self._limit
        self._max_rows = max(self._max_rows, len(rows))
        if not short:
            self._max_full = max(self._max_full, len(rows))
            return self._hand_on(new, end=end, at_end=False)
        if self.reported is not None and end < self.reported:
            self._ceiling_is(max(1, self._max_rows))  # one answer may be shorter than the others
            return self._hand_on(new, end=end, at_end=False)
        # As many as came when fewer were asked for may be all that the server gives at once, whatever it counts.
        if not rows or (end == self.reported and len(rows) != self._max_full):
            return self._hand_on(new, end=end, at_end=True)
        if anchored and not new:
            return self._hand_on(new, end=end, at_end=True)
        # Is that all there is, or all that the server gives at once?
        self._probed = end - self._overlaps, new
        return []

    def _ceiling_is(self, rows: int) -> None:
        self._limit, self._may_grow = rows, False

    def _hand_on(self, new: list[Row], *, end: int, at_end: bool) -> list[Row]:
        self._end = max(self._end, end)
        if at_end or (self._stop_at is not None and new and new[-1].at >= self._stop_at):
            return self._finish(new, at_end=at_end)
        certain = len(new)
        while certain and new[certain - 1].at == new[-1].at:
            certain -= 1
        if certain:
            self._offset = end - len(new) + certain - 1
            self._anchor = new[certain - 1].at
            return _by_bytes(new[:certain])
        if self._may_grow and self._limit < MAX_PAGE_SIZE:
            self._limit *= 2  # a single instant fills the page
        else:
            self._begin_tie(_Tie(start=end - len(new), at=new[-1].at if new else None))
        return []

    def _begin_tie(self, tie: _Tie) -> None:
        """Put an instant together, again where more of it came behind its end, but not forever."""
        self._ties_at[tie.start] += 1
        if self._ties_at[tie.start] > MAX_TIES_AT_ONE_PLACE:
            raise self._moved("an instant had more rows each time that its end was reached")
        self._tie = tie

    def _finish(self, rows: list[Row], *, at_end: bool) -> list[Row]:
        if at_end and self.reported is not None and self.reported != self._end:
            raise self._moved(f"{self.reported} rows were reported and {self._end} received")
        self.finished = True
        return _by_bytes(row for row in rows if self._stop_at is None or row.at < self._stop_at)

    def _accept_tied(self, tie: _Tie, rows: Sequence[Row]) -> list[Row]:
        if self._ties_early:
            if len(rows) < 2 or rows[0].at != self._anchor:
                raise self._moved()
            rows = rows[1:]
        if not rows and self.reported is not None and tie.offset < self.reported:
            raise self._moved(f"{self.reported} rows were reported and {tie.offset} received")
        if rows and self._anchor is not None and rows[0].at <= self._anchor:
            raise self._moved("rows were added before an instant that fills more than a page")
        if rows and tie.offset == tie.start and tie.at is not None and rows[0].at != tie.at:
            raise self._moved("rows were added or taken away before an instant that fills more than a page")
        past = self._stop_at is not None and bool(rows) and rows[0].at >= self._stop_at
        if past and tie.offset == tie.start:
            self._end = max(self._end, tie.offset + len(rows))
            return self._finish([], at_end=False)
        whole = tie.accept(rows)
        self._end = max(self._end, tie.reached)
        if whole is None:
            return []
        self._tie = None
        if tie.at_end and whole and self._overlaps:
            self._probed = tie.start + len(whole) - 1, whole
            return []
        if tie.at_end:
            return self._finish(whole, at_end=True)
        self._anchor = whole[0].at
        self._offset = tie.start + len(whole) - 1
        return whole


class _Tie:
    """Puts one instant together from several answers, because one answer cannot hold all its rows.

    How many rows it has is known from where the next instant begins. Which rows they are is certain when
    the answers, each taken by itself, have shown that many different ones; equal rows only count twice if
    one answer holds both. What took several answers is read twice, in case rows were taken away in between.
    Where equal rows never meet in one answer, the order is taken as stable once several passes have given the
    very same rows.

    :param start: the offset of the instant's first row.
    :param at: the instant, where a row of it has come before.
    """

    def __init__(self, start: int, at: int | None) -> None:
        self.start = start
        self.at = at
        self.reached = start
        self.at_end = False
        self._rows: list[Row] = []
        self._shown: Counter[bytes] = Counter()
        self._guard = StandstillGuard()
        self._passes: list[Counter[bytes]] = []
        self._answers = 0  # in this pass

    @property
    def offset(self) -> int:
        return self.start + len(self._rows)

    def accept(self, rows: Sequence[Row]) -> list[Row] | None:
        """Take an answer; return the instant's rows once they are certain.

        :param rows: the rows from ``offset`` on; none mean that the instant was the last.
        """
        self._answers += 1
        self.reached = max(self.reached, self.offset + len(rows))
        first = self._rows[0] if self._rows else rows[0] if rows else None
        if first is None:
            self.at_end = True
            return []
        if rows and rows[0].at < first.at:
            raise PagesMovedError("rows were added before an instant that fills more than a page")
        self.at = first.at
        own = [row for row in rows if row.at == first.at]
        self._rows += own
        self._shown |= Counter(row.raw for row in own)
        if rows and len(own) == len(rows):
            self._guard.check_again([row.raw for row in rows])
            return None
        self.at_end = not rows
        return self._settle(first.at)

    def _settle(self, at: int) -> list[Row] | None:
        size, rows = len(self._rows), Counter(row.raw for row in self._rows)
        self._passes.append(rows)
        self._rows = []
        several, self._answers = self._answers > 1, 0
        if several and len(self._passes) == 1:
            return None  # rows may have been taken away in between; each pass begins with the row before
        if self._shown.total() == size:
            return [Row(at, raw) for raw in sorted(self._shown.elements())]
        if self._shown.total() > size:
            raise PagesMovedError("an instant has fewer rows than it showed before")
        latest = self._passes[-EQUAL_TIE_PASSES:]
        if len(latest) == EQUAL_TIE_PASSES and all(one == rows for one in latest):
            return [Row(at, raw) for raw in sorted(rows.elements())]
        if len(self._passes) >= MAX_TIE_PASSES:
            raise IncompletePullError(
                f"{size} records share one instant (epoch ms {at}), more than the server gives in one answer, and"
                f" {len(self._passes)} readings did not agree on which they are"
            )
        return None


def _by_bytes(rows: Sequence[Row] | Iterator[Row]) -> list[Row]:
    ordered: list[Row] = []
    for _, tied in groupby(rows, key=itemgetter(0)):
        ordered += sorted(tied)
    return ordered
