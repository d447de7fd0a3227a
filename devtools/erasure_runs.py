"""Erasures and landings of a day that can be paused at each store request, for tests of how they interleave."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.erasure.erase import EraseRequest
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.pull.pull import PullResult, pull
from airflow_provider_liveperson.window import Window
from devtools.landing_runs import Stepped

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
NOW = datetime(2026, 2, 1, tzinfo=UTC)
PREFIX = "lake"
DATASET = "messaging_interactions"
_SECRET = "a long random secret"

T = TypeVar("T")


class _RememberingClient:
    """A client that sends each request once, and gives the same answer again: what differs here are the stores.

    :param client: sends them.
    :param replaced: texts in answers, and what is put in their places.
    """

    def __init__(self, client: LivePersonClient, replaced: Mapping[str, str]) -> None:
        self._client = client
        self._replaced = replaced
        self._answers: dict[str, Answer] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def call(self, request: ApiRequest, parse: Callable[[Answer], T], **choices: Any) -> T:
        about = repr((request, request.json))
        if about not in self._answers:
            answer = self._client.call(request, lambda answer: answer, **choices)
            body = answer.body
            for old, new in self._replaced.items():
                body = body.replace(old.encode(), new.encode())
            self._answers[about] = replace(answer, body=body)
        return parse(self._answers[about])


class LandedDay:
    """The window of a day, in a store.

    :param store: where.
    :param client: asks LivePerson, for each page once.
    :param replaced: texts in LivePerson's answers, and what is put in their places.
    """

    def __init__(
        self, store: Any, client: LivePersonClient, replaced: Mapping[str, str] | None = None
    ) -> None:
        self.store = store
        self._client: Any = _RememberingClient(client, replaced or {})

    def land(self, store: Any = None, name: str = DATASET) -> PullResult:
        """Land it, in several parts.

        :param store: the store as it is seen by who lands; default: itself.
        :param name: the dataset's name.
        """
        dataset = dataset_named(name)
        destination = Destination(
            store=store or self.store,
            prefix=PREFIX,
            encoding=Encoding(),
            roll_at=150_000,
            share_below=8_000,
        )
        return pull(self._client, dataset, dataset.query(DAY), destination, secret=_SECRET, now=NOW)

    def erase(self, ids: Iterable[str], store: Any = None, *, participants: Iterable[str] = ()) -> None:
        """Erase conversations and consumers from it.

        :param ids: the ids of the conversations.
        :param store: the store as it is seen by who erases; default: itself.
        :param participants: the ids of the consumers.
        """
        request = EraseRequest.read(conversation_ids=ids, participant_ids=participants, secret=_SECRET)
        request.erase(store or self.store, PREFIX, "70000001", now=NOW)

    def landing(self, **choices: Any) -> Stepped:
        """A landing that can be paused."""
        return Stepped(self.store, self.land, **choices)

    def erasure(self, ids: Iterable[str], *, participants: Iterable[str] = (), **choices: Any) -> Stepped:
        """An erasure that can be paused."""
        wanted, persons = list(ids), list(participants)
        return Stepped(self.store, lambda store: self.erase(wanted, store, participants=persons), **choices)

    def clear(self) -> None:
        """Remove everything."""
        self.store.delete(self.store.entries(PREFIX))

    def wrongs(self, gone: Iterable[str], *, is_at_rest: bool = True, name: str = DATASET) -> list[str]:
        """What is not as it must be.

        :param gone: the ids of the conversations that must be nowhere.
        :param is_at_rest: whether nothing may be left that the manifest does not name.
        :param name: the dataset's name.
        """
        listed = [key for key in self.store.entries(PREFIX) if f"/{name}/" in key or "/_erased/" in key]
        manifests = [key for key in listed if key.endswith("/_manifest.json")]
        if len(manifests) != 1:
            return [f"{len(manifests)} manifests"]
        folder = manifests[0].rpartition("/")[0]
        manifest = Manifest.decode(self.store.read(manifests[0]) or b"", manifests[0])
        wrongs = []
        records = 0
        for part in manifest.parts:
            data = self.store.read(f"{folder}/{part.name}")
            if data is None:
                wrongs.append(f"{part.name} is not there")
                continue
            if hashlib.sha256(data).hexdigest() != part.sha256:
                wrongs.append(f"{part.name} is not as the manifest says: {len(data)} of {part.bytes} bytes")
                continue
            records += len(gzip.decompress(data).splitlines())
        counts = manifest.counts
        if records != counts.kept or counts.received != counts.kept + counts.erased + counts.outside_window:
            wrongs.append(f"{records} records, and {counts}")
        names = [self.store.uri(f"{folder}/{part.name}") for part in manifest.parts]
        (key,) = [key for key in listed if key.endswith(".txt")]
        if (self.store.read(key) or b"").decode().splitlines() != names:
            wrongs.append("the list names other parts")
        there = {self.store.uri(key) for key in listed if "/part-" in key}
        if is_at_rest and there != set(names):
            wrongs.append(f"{len(there - set(names))} parts are left over")
        lost = set(gone)
        for key in listed:
            data = self.store.read(key) or b""
            text = gzip.decompress(data) if key.endswith(".gz") else data
            if found := {one for one in lost if one.encode() in text}:
                wrongs.append(f"{len(found)} erased conversations are in {key}")
        return wrongs
