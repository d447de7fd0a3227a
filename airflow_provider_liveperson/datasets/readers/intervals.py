"""Numbers in intervals of a time frame, in one answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from airflow_provider_liveperson.client.messages import SOURCE, Answer, ApiRequest
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.filters import from_milliseconds
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.slices import Query, Slice
from airflow_provider_liveperson.datasets.readers.answer import (
    AnswerReader,
    Object,
    Row,
    as_text,
    inner,
    read_object,
)
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.values import epoch_ms
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

START = "_interval_start"
END = "_interval_end"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An interval that begins then still has an end, on a grid as well.
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_SPARE = timedelta(minutes=15)  # longer than a request is repeated
_LIST: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class Between:
    """A version that takes the frame's start and end.

    :param version: the value of ``v``; empty where there is none.
    :param range: the arguments.
    """

    version: str
    range: TimeRange = field(default_factory=lambda: TimeRange(start="fromMillis", end="toMillis"))

    def arguments(self, frame: Window, now: datetime, reader: Intervals) -> dict[str, str]:
        """The arguments for a frame that lies on the clock grid."""
        earliest = on_grid(now - reader.reach, reader.length, up=True)
        if frame.start < earliest < frame.end:  # what has just gone out of reach would have it rejected
            frame = Window(earliest, frame.end)
        latest = on_grid(now, reader.length)
        if frame.start < latest < frame.end:
            frame = Window(frame.start, latest)
        named = {name: str(value) for name, value in self.range.arguments(frame).items()}
        return {"v": self.version, **named} if self.version else named


@dataclass(frozen=True)
class UntilNow:
    """A version that counts back from the moment of the request.

    :param version: the value of ``v``.
    :param argument: the argument for the number of minutes.
    """

    version: str
    argument: str = "timeframe"

    def arguments(self, frame: Window, now: datetime, reader: Intervals) -> dict[str, str]:
        """The arguments for a frame that lies on the clock grid.

        A little more is asked for, in case the clocks differ, or the request is sent again some minutes later.
        """
        back = max(now - frame.start, reader.length) + _SPARE
        count = min(-(-back // reader.length), reader.reach // reader.length)
        return {"v": self.version, self.argument: str(count * (reader.length // _MINUTE))}


@dataclass(frozen=True, kw_only=True)
class Intervals(AnswerReader):
    """Reads intervals on a clock grid: each lies in the window in which it begins.

    LivePerson names an interval by its start or by its end, exactly or by when the request came. Its pages contradict
    each other on that, so an answer that has an interval named by only one end of the frame decides. Rows have the
    interval's place on the grid. Sections of the whole frame beside the intervals are passed over.

    :param intervals: the dotted path of the list of intervals.
    :param timestamp: the field of an interval that names it.
    :param named_by: which end of an interval that is.
    :param wrapper: the field around the numbers of an interval, where there is one; it may be absent.
    :param slack: by how much that may come before the interval's place on the grid.
    :param length: the length of an interval, which divides an hour.
    :param reach: how far back the numbers can be had.
    :param frames: how a frame is named, by credential kind.
    :param frame: the same for all other kinds.
    :param has_source: whether the caller's label is sent; where ``source`` means something else, it is not.
    """

    shape: ClassVar[str] = "one answer with intervals, made into rows"

    intervals: str = "metricsByIntervals"
    timestamp: str = "timestamp"
    named_by: Literal["start", "end"] = "start"
    wrapper: str = "metricsData"
    slack: timedelta = timedelta(0)
    length: timedelta = timedelta(minutes=5)
    reach: timedelta = timedelta(hours=24)
    frames: Mapping[CredentialKind, Between | UntilNow] = field(default_factory=dict)
    frame: Between | UntilNow
    has_source: bool = True

    def request(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        window, now = slice_.bounds[query.cursor], datetime.now(UTC)
        frame = Window(on_grid(window.start, self.length), on_grid(window.end, self.length, up=True))
        made = dataset.request.make(
            params={
                **{name: as_text(value) for name, value in {**self.arguments, **query.filters}.items()},
                "interval": str(self.length // _MINUTE),
                **({"source": SOURCE} if self.has_source else {}),
                **self.frame.arguments(frame, now, self),
            }
        )
        return made.for_kinds(
            {
                kind: {
                    **{name: value for name, value in made.params.items() if name not in _named(self.frame)},
                    **version.arguments(frame, now, self),
                }
                for kind, version in self.frames.items()
            }
        )

    def probe(self, dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
        end = slice_.bounds[query.cursor].end
        return self.request(dataset, query, Slice(bounds={query.cursor: Window(end - self.length, end)}))

    def describe(self, dataset: Dataset, query: Query) -> dict[str, Any]:
        minutes = str(self.length // _MINUTE)
        return {**dataset.request.params, **self.arguments, "interval": minutes, **query.filters}

    def rows(self, answer: Answer, query: Query, slice_: Slice) -> Sequence[Row]:
        window = slice_.bounds[query.cursor]
        page, top = read_object(answer)
        found = sorted(self._intervals(top, answer), key=lambda one: one[0])
        ahead = self.length if self._are_ends({at for at, _ in found}, window) else timedelta(0)
        rows: list[Row] = []
        for at, interval in found:
            start = at - ahead
            numbers = inner(interval[self.wrapper]) if interval.get(self.wrapper) else interval
            columns = {START: stamp(start), END: stamp(start + self.length)}
            in_slice = window.start <= start < window.end
            rows += self.sectioned(page, numbers, columns, in_slice=in_slice)
        return rows

    def _intervals(self, top: Object, answer: Answer) -> Iterator[tuple[datetime, Object]]:
        """The intervals, each with the instant on the grid that names it."""
        for step in self.intervals.split(".")[:-1]:
            top = inner(top[step]) if step in top else {}
        last = self.intervals.rpartition(".")[2]
        if last not in top:
            raise InvalidResponseError(
                f"the answer has no {self.intervals}, although intervals were asked for", status=answer.status
            )
        for one in _LIST.decode(top[last]):
            interval = inner(one)
            at = instant(raw.values(interval[self.timestamp])) if self.timestamp in interval else None
            if at is None:
                raise InvalidResponseError(
                    f"an interval has no readable {self.timestamp}", status=answer.status
                )
            yield on_grid(at + self.slack, self.length), interval

    def _are_ends(self, names: set[datetime], window: Window) -> bool:
        """Whether intervals are named by their ends: as declared, unless the frame's own ends say otherwise."""
        first, last = on_grid(window.start, self.length), on_grid(window.end, self.length, up=True)
        if (first in names) is (last in names):
            return self.named_by == "end"
        return last in names


def _named(frame: Between | UntilNow) -> set[str]:
    if isinstance(frame, UntilNow):
        return {"v", frame.argument}
    return {"v", frame.range.start, frame.range.end}


def on_grid(moment: datetime, length: timedelta, *, up: bool = False) -> datetime:
    """The latest instant on a clock grid that is not after a moment; or the earliest that is not before it.

    :param moment: aware.
    :param length: the distance between two instants of the grid.
    :param up: whether the grid's next instant is meant rather than its last.
    """
    if up:
        return _EPOCH - (_EPOCH - moment) // length * length
    return _EPOCH + (moment - _EPOCH) // length * length


def instant(value: Any) -> datetime | None:
    """When an interval begins or ends, as an answer has it; None for what is no time, or too far off to be one.

    :param value: epoch milliseconds, or ISO 8601, which is UTC where it has no offset.
    """
    at = epoch_ms(value)
    if at is None and isinstance(value, str):
        at = epoch_ms(f"{value.strip()}+00:00")
    if at is None:
        return None
    try:
        moment = from_milliseconds(at)
    except OverflowError:
        return None
    return moment if _EPOCH <= moment < _LATEST else None
