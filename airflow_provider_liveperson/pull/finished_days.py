"""Which days of a longer window an earlier try has landed, so that a retry does not ask for them again."""

from __future__ import annotations

import hashlib
import logging

import msgspec

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.verification import missing_parts
from airflow_provider_liveperson.records import raw

log = logging.getLogger(__name__)

NAME = "_finished_days.json"


class FinishedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that has landed.

    :param folder: its folder.
    :param fingerprint: of its request.
    :param finished_at: epoch seconds by the clock of the machine that wrote this.
    :param manifest: the SHA-256 of its manifest's bytes.
    """

    folder: str
    fingerprint: str
    finished_at: float
    manifest: str


class FinishedDays:
    """The days of one longer window, in a file in the folder of its first day until the last day has landed.

    :param destination: where the window lands.
    :param folder: the folder of its first day.
    :param not_before: epoch seconds; days that finished before are read again.
    """

    def __init__(self, destination: Destination, folder: str, *, not_before: float) -> None:
        self._store = destination.store
        self._key = f"{folder}/{NAME}"
        data = self._store.read(self._key)
        try:
            days = raw.decode(msgspec.json.Decoder(list[FinishedDay]), data) if data is not None else []
        except msgspec.DecodeError:
            days = []  # which only means to read them again
        self._days = {day.folder: day for day in days if day.finished_at >= not_before}
        self._is_there = data is not None

    def recall(self, folder: str, fingerprint: str) -> Manifest | None:
        """The manifest of a day that an earlier try has landed, if all of it is still there as it was.

        :param folder: the day's folder.
        :param fingerprint: of its request.
        """
        day = self._days.get(folder)
        if day is None or day.fingerprint != fingerprint:
            return None
        key = f"{folder}/{manifests.NAME}"
        data = self._store.read(key)
        if data is None or _digest(data) != day.manifest:
            return None
        manifest = Manifest.decode(data, self._store.uri(key))
        if missing_parts(self._store, folder, manifest.parts):
            return None
        return manifest

    def remember(self, folder: str, fingerprint: str, *, now: float) -> None:
        """Remember that a day has landed.

        :param folder: the day's folder.
        :param fingerprint: of its request.
        :param now: epoch seconds.
        """
        data = self._store.read(f"{folder}/{manifests.NAME}")
        if data is None:
            return
        self._days[folder] = FinishedDay(
            folder=folder, fingerprint=fingerprint, finished_at=now, manifest=_digest(data)
        )
        self._store.write(self._key, msgspec.json.encode(list(self._days.values())))
        self._is_there = True

    def forget(self) -> None:
        """Remove the file, once the whole window has landed."""
        if self._is_there:
            try:
                self._store.delete([self._key])
            except StorageError as error:  # the window has landed all the same
                log.warning("%s may stay: %s", self._store.uri(self._key), error)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
