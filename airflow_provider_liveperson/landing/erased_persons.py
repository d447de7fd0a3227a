"""Who was erased below a prefix, as keyed hashes: so that nobody of them lands again, and nobody learns who it was.

A file for each account, beside the folders of the datasets. See ``docs/decisions/0090-erased-persons-stay-erased.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing.errors import concurrent_run
from airflow_provider_liveperson.landing.stores import ConflictError, Store, Stored
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.persons import Hashes, Kind
from airflow_provider_liveperson.window import Window, instant, stamp

FOLDER = "_erased"
"""The folder of all such files, beside the folders of the datasets."""

FORMAT = 1
_MAX_TRIES = 20


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """Some persons or conversations, and the windows that must not hold them.

    :param kind: what the ids are ids of.
    :param hashes: the HMAC-SHA256 of each id, with the connection's ``hash_secret`` as the key, sorted.
    :param datasets: in windows of these datasets; None for all.
    :param start: in windows that end after that, ISO 8601, UTC; None for all.
    :param end: in windows that start before that, likewise; None for all that will ever be.
    :param erased_at: when that was asked for last, ISO 8601, UTC.
    """

    kind: Kind
    hashes: list[str]
    datasets: list[str] | None
    start: str | None
    end: str | None
    erased_at: str

    def covers(self, dataset: str, window: Window) -> bool:
        """Whether it is about a window.

        :param dataset: the dataset's name.
        :param window: the window.
        """
        return (
            (self.datasets is None or dataset in self.datasets)
            and (self.start is None or window.end > instant(self.start, "start"))
            and (self.end is None or window.start < instant(self.end, "end"))
        )

    def merged_with(self, later: Erasure) -> Erasure | None:
        """Both as one, or None where they are about other windows.

        :param later: one that was asked for later.
        """
        if (self.kind, self.datasets, self.start) != (later.kind, later.datasets, later.start):
            return None
        if self.end == later.end or (self.end is not None and self.hashes == later.hashes):
            hashes = sorted({*self.hashes, *later.hashes})
            return msgspec.structs.replace(later, hashes=hashes, end=_later(self.end, later.end))
        return None


class _File(msgspec.Struct, frozen=True, kw_only=True):
    erased_format: int = FORMAT
    salt_id: str
    erasures: list[Erasure]


class ErasedPersons:
    """Those of one account, as they were read.

    :param stored: the file; None where there is none.
    :param uri: its address.
    :raises StorageError: when it is not such a file.
    """

    def __init__(self, stored: Stored | None, uri: str) -> None:
        self.stored = stored
        self.uri = uri
        self._file: _File | None = None
        if stored is not None:
            try:
                self._file = raw.decode(msgspec.json.Decoder(_File), stored.data)
            except msgspec.DecodeError:
                # Without the decoder's reason, which may quote what is in the file.
                raise StorageError(
                    f"{uri} cannot be read as the list of erased persons of this account, without which they would"
                    " land again; restore it",
                    permanent=True,
                ) from None
            if self._file.erased_format > FORMAT:
                raise StorageError(
                    f"{uri} was written by a later version of this package; use that version", permanent=True
                )

    @classmethod
    def read(cls, store: Store, key: str) -> ErasedPersons:
        """Read them.

        :param store: where.
        :param key: the file's key.
        :raises StorageError: when the store cannot be read, or something else is there.
        """
        return cls(store.fetch(key), store.uri(key))

    def __bool__(self) -> bool:
        """Whether anybody was ever erased."""
        return self._file is not None

    @property
    def erasures(self) -> list[Erasure]:
        """All of them."""
        return self._file.erasures if self._file is not None else []

    def of(self, dataset: str, window: Window) -> Hashes:
        """Whose records must not be in a window.

        :param dataset: the dataset's name.
        :param window: the window.
        """
        found: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        for erasure in self.erasures:
            if erasure.covers(dataset, window):
                found[erasure.kind].update(erasure.hashes)
        return Hashes(
            conversations=frozenset(found[Kind.CONVERSATION]), participants=frozenset(found[Kind.PARTICIPANT])
        )

    def any_of(self, hashes: Hashes) -> bool:
        """Whether any of some persons were erased before, from whichever windows.

        :param hashes: who.
        """
        return any(not hashes.of(one.kind).isdisjoint(one.hashes) for one in self.erasures)

    def check_salt(self, salt_id: str | None) -> None:
        """Refuse a secret with which nobody of them would be recognized.

        :param salt_id: of the connection's secret; None where it has none.
        :raises ConfigurationError: for another one than that which they were erased with.
        """
        if self._file is not None and self._file.salt_id != salt_id:
            problem = "has none" if salt_id is None else f"has another one ({salt_id})"
            raise ConfigurationError(
                f"{self.uri} lists erased persons by hashes with the hash_secret {self._file.salt_id}, and the"
                f" connection {problem}, so they would land again; put that secret into the connection's extra"
                " hash_secret. To change it, move the file away and erase them again",
                field="hash_secret",
                permanent=True,
            )


def add(store: Store, key: str, salt_id: str, erasures: Iterable[Erasure]) -> ErasedPersons:
    """Note who is erased, before anything is: from then on nobody of them lands again.

    :param store: where.
    :param key: the file's key.
    :param salt_id: of the secret that made the hashes.
    :param erasures: who, and from which windows.
    :returns: whom was noted before.
    :raises ConfigurationError: when others were erased with another secret.
    :raises ConcurrentRunError: when others keep changing the file.
    :raises StorageError: when the store refuses.
    """
    added = list(erasures)
    for _ in range(_MAX_TRIES):
        before = ErasedPersons.read(store, key)
        before.check_salt(salt_id)
        file = _File(salt_id=salt_id, erasures=_merged([*before.erasures, *added]))
        data = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
        if before.stored is not None and before.stored.data == data:
            return before
        try:
            store.swap(key, data, before.stored)
        except ConflictError:
            continue
        return before
    raise concurrent_run(store.uri(key))


def digest_of(hashes: Hashes) -> str | None:
    """What distinguishes a landing without some persons from others; None for nobody.

    :param hashes: who must not land.
    """
    if not hashes:
        return None
    both = [sorted(hashes.conversations), sorted(hashes.participants)]
    return hashlib.sha256(msgspec.json.encode(both)).hexdigest()


def _merged(erasures: Iterable[Erasure]) -> list[Erasure]:
    merged: list[Erasure] = []
    for erasure in erasures:
        for place, earlier in enumerate(merged):
            if (both := earlier.merged_with(erasure)) is not None:
                merged[place] = both
                break
        else:
            merged.append(erasure)
    return merged


def _later(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return None
    return max(one, other, key=lambda text: instant(text, "end"))


def erasure(
    kind: Kind,
    hashes: Iterable[str],
    *,
    datasets: list[str] | None,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
) -> Erasure:
    """An erasure, as the file has it.

    :param kind: what the ids are ids of.
    :param hashes: of the ids.
    :param datasets: the datasets; None for all.
    :param start: the first instant, aware; None for all.
    :param end: the first instant after, aware; None for all that will ever be.
    :param now: the present, aware.
    """
    return Erasure(
        kind=kind,
        hashes=sorted(set(hashes)),
        datasets=sorted(datasets) if datasets is not None else None,
        start=None if start is None else stamp(start),
        end=None if end is None else stamp(end),
        erased_at=stamp(now),
    )
