"""Whether two connections to one account read the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import Dataset, Query
from airflow_provider_liveperson.diagnostics.report import (
    Compared,
    Comparison,
    Keys,
    Outcome,
    Report,
    cleaned,
)
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    LivePersonError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.spool import open_spool, telling_when_full
from airflow_provider_liveperson.window import Window, resolve_window, stamp

MOST = 1000
"""Records of a dataset that are compared unless another number is wanted."""

LOOKS = 2
"""How often both sides are read until they agree: a record may change between one reading and the other."""

EXAMPLES = 5
_DAY = timedelta(days=1)
_NONE = Keys(count=0, examples=[])
_DEEPEST = 4


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two connections.

    :param client: asks LivePerson, with all retries.
    :param report: what it can reach; its name is in there.
    """

    client: LivePersonClient
    report: Report

    @property
    def name(self) -> str:
        """What people call the connection."""
        return self.report.connection


def compare(
    first: Side,
    second: Side,
    *,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    most: int = MOST,
    now: datetime | None = None,
) -> Comparison:
    """Read the same through two connections, of every dataset that both reports say can be read.

    Both sides go through disk, one dataset at a time: of each record, memory holds no more than its key.

    :param first: the connection to be proven against, such as the API key that is to go.
    :param second: the connection that is to be proven.
    :param start: first instant inside, aware or ISO 8601 with an offset. Default, with ``end``: for each dataset the
        last whole day in UTC that is past its lag. Collections that show the present only are read as they are.
    :param end: first instant outside, likewise.
    :param most: how many records of a dataset to compare at most; collections are compared whole, since they come so.
    :param now: the present, aware; default: this machine's clock.
    :raises ConfigurationError: when the accounts differ, for a bad window, and for a ``most`` below 1.
    """
    check_accounts(first.client, second.client, names=(first.name, second.name))
    if most < 1:
        raise ConfigurationError(f"most is {most}; it must be at least 1", field="most")
    wanted = None if start is None and end is None else resolve_window(start=start, end=end)
    moment = now or datetime.now(UTC)
    compared = [
        _compare_dataset(first, second, DATASETS[access.dataset], wanted, most, moment)
        for access in first.report.datasets
    ]
    ok, sentence = _conclusion(first, second, compared)
    comparison = Comparison(
        connections=(first.name, second.name),
        account_id=first.client.account_id,
        ok=ok,
        most=most,
        sentence=sentence,
        datasets=compared,
    )
    return cleaned(comparison, [*first.client.credential.secrets, *second.client.credential.secrets])


def check_accounts(first: LivePersonClient, second: LivePersonClient, *, names: tuple[str, str]) -> None:
    """Refuse connections to different accounts.

    :param first: one client.
    :param second: the other.
    :param names: what people call their connections.
    :raises ConfigurationError: naming both accounts.
    """
    if first.account_id != second.account_id:
        raise ConfigurationError(
            f"{names[0]} is of account {first.account_id} and {names[1]} of account {second.account_id}: what they read"
            " cannot be the same. Compare connections to one account",
            field="account_id",
        )


def _compare_dataset(
    first: Side, second: Side, dataset: Dataset, wanted: Window | None, most: int, now: datetime
) -> Compared:
    one, other = first.report.access(dataset.name), second.report.access(dataset.name)
    if "unknown" in (one.status, other.status):
        if not (one.has_service and other.has_service):
            return _uncompared(
                dataset, "skipped", "The account has no such service; there is nothing to compare."
            )
        which = first.name if one.status == "unknown" else second.name
        return _uncompared(dataset, "unknown", f"Not compared, because {which} could not be checked for it.")
    if one.status != other.status:
        reads, not_reads = (first, second) if one.status == "readable" else (second, first)
        return _uncompared(dataset, "one side", f"Only {reads.name} can read it, {not_reads.name} may not.")
    if one.status == "refused":
        return _uncompared(dataset, "skipped", "Neither may read it; there is nothing to compare.")
    try:
        query = dataset.query(_window(dataset, wanted, now))
        if not dataset.is_snapshot:
            dataset.check_range(query.window, now)
        return _compare_query(first, second, dataset, query, most)
    except RecursionError:
        return _uncompared(dataset, "unknown", "Not compared, because a record is nested too deeply.")
    except WindowOutOfRangeError as error:
        return _uncompared(dataset, "unknown", f"Not compared: {str(error).partition(';')[0]}.")
    except LivePersonError as error:
        return _uncompared(dataset, "unknown", f"Not compared, because reading failed: {error}")


def _window(dataset: Dataset, wanted: Window | None, now: datetime) -> Window:
    if dataset.is_snapshot:
        return Window(now - timedelta(seconds=1), now)
    if wanted is not None:
        return wanted
    end = (now - dataset.lag).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(end - _DAY, end)


def _compare_query(first: Side, second: Side, dataset: Dataset, query: Query, most: int) -> Compared:
    for _ in range(LOOKS):
        with ExitStack() as stack:
            sides = [
                stack.enter_context(
                    _Taken.reading(side.client, dataset, query, None if dataset.is_snapshot else most)
                )
                for side in (first, second)
            ]
            compared = _compare_taken(first, second, dataset, query, *sides)
        if compared.outcome == "agree":
            break
    return compared


def _compare_taken(
    first: Side, second: Side, dataset: Dataset, query: Query, one: _Taken, other: _Taken
) -> Compared:
    only_first, only_second = one.without(other), other.without(one)
    differing, fields = _differing(one, other)
    agree = not (only_first.count or only_second.count or differing.count)
    window = None if dataset.is_snapshot else (stamp(query.window.start), stamp(query.window.end))
    is_cut = one.is_cut or other.is_cut
    return Compared(
        dataset=dataset.name,
        outcome="agree" if agree else "differ",
        window=window,
        records=(one.count, other.count),
        is_cut=is_cut,
        only_first=only_first,
        only_second=only_second,
        differing=differing,
        fields=fields,
        sentence=_told(first, second, (one.count, other.count), is_cut, only_first, only_second, differing),
    )


def _told(
    first: Side,
    second: Side,
    counts: tuple[int, int],
    is_cut: bool,
    only_first: Keys,
    only_second: Keys,
    differing: Keys,
) -> str:
    stopped = " There are more; reading stopped there." if is_cut else ""
    if not (only_first.count or only_second.count or differing.count):
        if not any(counts):
            return "Both read no record; another window would tell more."
        return f"Both read the same {_records(min(counts))}.{stopped}"
    wrong = [
        f"{_records(keys.count)} {which}"
        for keys, which in (
            (only_first, f"only through {first.name}"),
            (only_second, f"only through {second.name}"),
            (differing, "not alike"),
        )
        if keys.count
    ]
    return f"Of {counts[0]} and {_records(counts[1])}: {', '.join(wrong)}.{stopped}"


class _Taken:
    """The records that one side gave: on disk, with their keys in memory. Use it as a context manager.

    :param dataset: of which dataset.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._spool = open_spool()
        self.places: dict[bytes, list[int]] = {}
        self.count = 0
        self.is_cut = False

    @classmethod
    def reading(cls, client: LivePersonClient, dataset: Dataset, query: Query, most: int | None) -> Self:
        """Read a query through a client, up to a number of records, or all.

        :raises LivePersonError: when that fails.
        """
        taken = cls(dataset)
        try:
            for row in records(client, dataset, query, max_records=None if most is None else most + 1):
                if most is None or taken.count < most:
                    taken.add(row)
                else:
                    taken.is_cut = True
        except BaseException:
            taken.__exit__(None, None, None)
            raise
        return taken

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, row: bytes) -> None:
        """Take a record."""
        with telling_when_full():
            self.places.setdefault(_key(self._dataset, row), []).append(self._spool.seek(0, 2))
            self._spool.write(row + b"\n")
        self.count += 1

    def at(self, key: bytes) -> list[bytes]:
        """The records with a key, sorted, so that their order does not count."""
        rows = []
        for place in self.places[key]:
            self._spool.seek(place)
            rows.append(self._spool.readline())
        return sorted(rows)

    def without(self, other: _Taken) -> Keys:
        """The records that the other side has not.

        Where reading the other side stopped, those behind the last that both have may only have been out of its reach;
        but if both sides go on behind that, each with other records, they differ.
        """
        missing, behind = self._apart_from(other)
        if not other.is_cut or other._apart_from(self)[1]:
            missing += behind
        return Keys(
            count=sum(number for _, number in missing),
            examples=self.names(key for key, _ in missing[:EXAMPLES]),
        )

    def names(self, keys: Iterable[bytes]) -> list[str]:
        """What people call records by their keys."""
        return [self._name(key) for key in keys]

    def _apart_from(self, other: _Taken) -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
        """Keys that the other side has not, or less often, with how much more often this one has them.

        :returns: those before the last that both have, and those behind it.
        """
        order = list(self.places)
        last = max((at for at, key in enumerate(order) if key in other.places), default=-1)
        before: list[tuple[bytes, int]] = []
        behind: list[tuple[bytes, int]] = []
        for at, key in enumerate(order):
            held = other.places.get(key, [])
            more = len(self.places[key]) - len(held)
            if more > 0 and not (held and other.is_cut and key == next(reversed(other.places))):
                (before if at <= last else behind).append((key, more))
        return before, behind

    def _name(self, key: bytes) -> str:
        record = raw.record(self.at(key)[0])
        if self._dataset.primary_key:
            return " / ".join(str(_at(record, path)) for path in self._dataset.primary_key)
        time = next((str(_at(record, cursor)) for cursor in self._dataset.cursors), "")
        return f"{time} #{key.hex()[:12]}"


def _differing(one: _Taken, other: _Taken) -> tuple[Keys, list[str]]:
    """The records that both have, but not alike, and the names of the fields in which they differ."""
    unlike: list[bytes] = []
    fields: set[str] = set()
    count = 0
    for key in one.places:
        if key not in other.places:
            continue
        found: set[str] = set()
        for left, right in zip(one.at(key), other.at(key), strict=False):
            if left != right:
                found |= _differences(raw.record(left), raw.record(right))
        if found:
            count += 1
            fields |= found
            if len(unlike) < EXAMPLES:
                unlike.append(key)
    return Keys(count=count, examples=one.names(unlike)), sorted(fields)


def _differences(left: Any, right: Any, path: str = "") -> set[str]:
    """Paths of the fields that differ; of a list, only that it does."""
    if isinstance(left, dict) and isinstance(right, dict) and path.count(".") < _DEEPEST:
        found: set[str] = set()
        for name in left.keys() | right.keys():
            inner = f"{path}.{name}" if path else name
            if name in left and name in right:
                found |= _differences(left[name], right[name], inner)
            else:
                found.add(inner)
        return found
    return set() if type(left) is type(right) and left == right else {path}


def _key(dataset: Dataset, row: bytes) -> bytes:
    """What tells a record from others: a hash of its key, or of all of it where it has none."""
    record = raw.record(row)
    told = [_at(record, path) for path in dataset.primary_key] or record
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).digest()


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _uncompared(dataset: Dataset, outcome: Outcome, sentence: str) -> Compared:
    return Compared(
        dataset=dataset.name,
        outcome=outcome,
        window=None,
        records=(0, 0),
        is_cut=False,
        only_first=_NONE,
        only_second=_NONE,
        differing=_NONE,
        fields=[],
        sentence=sentence,
    )


def _conclusion(first: Side, second: Side, compared: list[Compared]) -> tuple[bool, str]:
    names = {
        outcome: [it.dataset for it in compared if it.outcome == outcome]
        for outcome in ("agree", "differ", "one side", "unknown")
    }
    both = f"{first.name} and {second.name}"
    ok = bool(names["agree"]) and not (names["differ"] or names["one side"] or names["unknown"])
    if ok:
        return True, f"{both} agree in {', '.join(names['agree'])}."
    wrong = [
        f"{text} {', '.join(names[outcome])}"
        for outcome, text in (
            ("differ", "they differ in"),
            ("one side", "only one may read"),
            ("unknown", "nothing is known of"),
        )
        if names[outcome]
    ]
    return (
        False,
        f"{both} do not agree: {'; '.join(wrong) or 'there is nothing that both can read'}.",
    )


def _records(count: int) -> str:
    return f"{count} record" if count == 1 else f"{count} records"
