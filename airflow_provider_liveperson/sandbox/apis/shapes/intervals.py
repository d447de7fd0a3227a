"""Numbers of a time frame, in intervals on a clock grid, and their totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.shapes.parameters import Parameters

MINUTE_MS = 60_000


@dataclass(frozen=True)
class Interval:
    """Part of a frame. Moments are UTC epoch milliseconds.

    :param start: where it begins, on the grid.
    :param end: where it ends, on the grid.
    :param timestamp: how the answer names it.
    """

    start: int
    end: int
    timestamp: int

    def buckets(self, grid_ms: int = 5 * MINUTE_MS) -> range:
        """Return the beginnings of the grid's cells in it, from which its numbers are added up.

        :param grid_ms: length of a cell.
        """
        return range(self.start, self.end, grid_ms)


@dataclass(frozen=True)
class Frame:
    """The time range of a request. Moments are UTC epoch milliseconds.

    :param start: where it begins, as it was given.
    :param end: where it ends.
    :param interval_ms: length of its intervals; None where the request names no interval.
    """

    start: int
    end: int
    interval_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class IntervalMetrics:
    """Reads a frame that ends now, or lies in the recent past, and cuts it into intervals.

    :param max_timeframe: the longest frame, in minutes, which is also how far back it reaches.
    :param min_interval: the shortest interval, in minutes; the grid of LivePerson's numbers.
    :param stamp: whether an interval is named by its start or by its end.
    :param rounded: whether that name is on the grid; if not, it depends on the moment of the request.
    :param one_more: whether one interval more comes back than the frame holds: both the one in which it begins and
        the one in which it ends.
    :param widened: whether the frame is widened outward to the grid and cut from its end: the first interval is then
        what is left over, and names are on the grid.
    :param newest_first: the intervals' order.
    :param wrapper: name of the object around the numbers of an interval; None for none.
    """

    max_timeframe: int = 1440
    min_interval: int = 5
    stamp: Literal["start", "end"] = "start"
    rounded: bool = True
    one_more: bool = False
    widened: bool = False
    newest_first: bool = False
    wrapper: str | None = None

    @property
    def grid_ms(self) -> int:
        """Length of the cells that numbers are kept for, in milliseconds."""
        return self.min_interval * MINUTE_MS

    def frame(self, parameters: Parameters, now: float) -> Frame:
        """Read ``timeframe`` and ``interval``, both in minutes.

        :param parameters: the query's, or those of the body; what is wrong is noted there.
        :param now: the sandbox's time, epoch seconds.
        """
        parameters.require("timeframe")
        minutes = parameters.number("timeframe", self.max_timeframe, minimum=1, maximum=self.max_timeframe)
        end = int(now * 1000)
        return self._with_interval(parameters, end - minutes * MINUTE_MS, end)

    def frame_between(
        self, parameters: Parameters, now: float, start: str = "fromMillis", end: str = "toMillis"
    ) -> Frame:
        """Read where a frame begins and ends, in epoch milliseconds, and ``interval``.

        :param parameters: the query's, or those of the body; what is wrong is noted there.
        :param now: the sandbox's time, epoch seconds.
        :param start: the parameter that says where it begins.
        :param end: the parameter that says where it ends.
        """
        parameters.require(start, end)
        first, last = parameters.milliseconds(start), parameters.milliseconds(end)
        present, reach = int(now * 1000), self.max_timeframe * MINUTE_MS
        if first is None or last is None:
            return Frame(present - reach, present)
        if last < first:
            parameters.wrong(start, f"must not be after {end}")
        elif first < present - reach:
            parameters.wrong(start, f"must be within the last {self.max_timeframe // 60} hours")
        return self._with_interval(parameters, first, last)

    def intervals(self, frame: Frame) -> list[Interval]:
        """Cut a frame.

        :param frame: a frame with an interval's length.
        :return: its intervals in the order of the answer.
        """
        length = frame.interval_ms
        assert length is not None
        made = self._widened(frame, length) if self.widened else self._counted(frame, length)
        if self.newest_first:
            made.reverse()
        return made

    def _widened(self, frame: Frame, length: int) -> list[Interval]:
        whole = self.whole(frame)
        bounds = [(max(end - length, whole.start), end) for end in range(whole.end, whole.start, -length)]
        return [
            Interval(start, end, start if self.stamp == "start" else end) for start, end in reversed(bounds)
        ]

    def _counted(self, frame: Frame, length: int) -> list[Interval]:
        made = []
        grid = self.grid_ms
        count = (frame.end - frame.start) // length + self.one_more
        for number in range(count):
            start = (frame.start + number * length) // grid * grid
            # With one more, the last interval is the one that is under way.
            name = start if self.stamp == "start" else start + length
            unrounded = 0 if self.rounded else frame.start % grid
            made.append(Interval(start, start + length, name + unrounded))
        return made

    def rendered(
        self, frame: Frame, numbers: Callable[[Interval], Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the list of intervals as an answer has it.

        :param frame: a frame with an interval's length.
        :param numbers: returns the sections of an interval, such as ``skillsMetrics`` and ``metricsTotal``.
        """
        made: list[dict[str, Any]] = []
        for interval in self.intervals(frame):
            inside = dict(numbers(interval))
            made.append(
                {
                    "timestamp": interval.timestamp,
                    **({self.wrapper: inside} if self.wrapper is not None else inside),
                }
            )
        return made

    def whole(self, frame: Frame) -> Interval:
        """Return a frame as one interval, widened outward to the grid.

        :param frame: the frame.
        """
        grid = self.grid_ms
        return Interval(frame.start // grid * grid, -(-frame.end // grid) * grid, frame.start)

    def _with_interval(self, parameters: Parameters, start: int, end: int) -> Frame:
        if "interval" not in parameters:
            return Frame(start, end)
        minutes = parameters.number("interval", self.min_interval, minimum=self.min_interval)
        length = minutes * MINUTE_MS
        if length > end - start or (end - start) % length:
            parameters.wrong("interval", "must divide the time frame without a remainder")
            return Frame(start, end)
        return Frame(start, end, length)


def grid(start: int, end: int, step_ms: int) -> Iterator[Interval]:
    """Return every interval of a clock grid that begins in a half-open window, for truths.

    :param start: epoch milliseconds.
    :param end: epoch milliseconds.
    :param step_ms: length of an interval.
    """
    for moment in range(-(-start // step_ms) * step_ms, end, step_ms):
        yield Interval(moment, moment + step_ms, moment)
