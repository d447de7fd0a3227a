"""What keeps erased persons from landing again. Where nobody was erased, it costs one small read a pull."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.encoding import RAW
from airflow_provider_liveperson.landing.erased_persons import ErasedPersons, digest_of
from airflow_provider_liveperson.records.line import ErasedLine, Line
from airflow_provider_liveperson.records.persons import Hashes, IdPath, PersonFinder
from airflow_provider_liveperson.records.salt import Salt

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.manifest import SliceCounts
    from airflow_provider_liveperson.records.masking import Masking
    from airflow_provider_liveperson.window import Window


class ErasedFromWindow:
    """The persons that must not land in one window.

    :param hashes: who.
    :param paths: the fields that hold ids.
    :param salt: made the hashes.
    """

    def __init__(self, hashes: Hashes, paths: Sequence[IdPath], salt: Salt) -> None:
        self._hashes = hashes
        self._paths = paths
        self._salt = salt
        self._finder = PersonFinder(paths, hashes, salt)

    @property
    def digest(self) -> str | None:
        """What distinguishes a landing without these persons from others; never who."""
        return digest_of(self._hashes)

    def anew(self) -> ErasedFromWindow:
        """The same, for another slice."""
        return ErasedFromWindow(self._hashes, self._paths, self._salt)

    def mark(self, batch: Sequence[Line], masking: Masking | None) -> list[Line]:
        """Records as they land: masked, and those of erased persons marked.

        :param batch: records as they came.
        :param masking: hashes and drops fields, or None.
        :raises InvalidResponseError: for what is not a JSON object.
        """
        marked: list[Line] = []
        for record in batch:
            is_erased = self._finder.finds(record)
            masked = record if masking is None else masking.apply(record)
            marked.append(ErasedLine(bytes(masked)) if is_erased else masked)
        return marked

    def without(
        self, counts: SliceCounts, still_partial: Sequence[str], erased: int
    ) -> tuple[SliceCounts, list[str]]:
        """A slice's counts and keys without the erased records.

        :param counts: of all its records.
        :param still_partial: the keys of those that LivePerson gave only in part, of those that have one.
        :param erased: how many were erased.
        """
        left = self.left(still_partial)
        partial = counts.still_partial - (len(still_partial) - len(left))
        # Of those without a key, nothing says which are left.
        return counts.without(erased, still_partial=min(partial, counts.kept - erased)), left

    def left(self, keys: Sequence[str]) -> list[str]:
        """The keys that are not those of erased conversations."""
        gone = {*self._hashes.conversations, *self._finder.conversations}
        return [key for key in keys if self._salt.hash_of(key.encode("utf-8", "replace")) not in gone]


def digest(erased: ErasedFromWindow | None) -> str | None:
    """What distinguishes a landing without some persons from others; None for nobody."""
    return None if erased is None else erased.digest


class ErasedLookup:
    """Looks up who was erased from the windows of one pull.

    :param destination: where they land.
    :param dataset: what lands.
    :param account_id: the LivePerson account.
    :param secret: the connection's ``hash_secret``, if it has one.
    """

    def __init__(
        self, destination: Destination, dataset: Dataset, account_id: str, secret: str | None
    ) -> None:
        self._destination = destination
        self._dataset = dataset
        self._key = destination.erased_persons(account_id)
        self._salt = Salt(secret) if secret else None
        # Of files as they came nothing is declared, but the same ids are in them.
        self._paths = DATASETS.get(dataset.name, dataset).id_paths
        self._persons: ErasedPersons | None = None

    def of(self, window: Window, *, is_fresh: bool = False) -> ErasedFromWindow | None:
        """Who must not land in a window; None for nobody.

        :param window: the window.
        :param is_fresh: whether to read again what was read before.
        :raises ConfigurationError: when they cannot be recognized: without the secret that they were erased with, or
            in files that land as they came.
        :raises StorageError: when the store cannot be read.
        """
        if not self._paths:
            return None
        if self._persons is None or is_fresh:
            self._persons = ErasedPersons.read(self._destination.store, self._key)
        hashes = self._persons.of(self._dataset.name, window)
        if not hashes:
            return None
        self._persons.check_salt(self._salt.id if self._salt is not None else None)
        assert self._salt is not None
        if self._destination.encoding.file_format == RAW:
            raise ConfigurationError(
                f"raw is True, which lands files as they came, but persons were erased below this prefix"
                f" ({self._persons.uri}), and would land again in such files; leave raw out, or land them under"
                " another prefix",
                field="raw",
                permanent=True,
            )
        return ErasedFromWindow(hashes, self._paths, self._salt)
