"""Erasing persons from everything that has landed of an account, and from what lands again."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.erasure.window import WindowEraser
from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import erased_persons
from airflow_provider_liveperson.landing.erased_persons import ErasedPersons
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.records.persons import Hashes, Kind
from airflow_provider_liveperson.records.salt import Salt
from airflow_provider_liveperson.window import Window, instant

log = logging.getLogger(__name__)

_MAX_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class EraseRequest:
    """Who is to be erased, and from where; see :meth:`read`. Ids are in it as hashes only.

    :param salt: made the hashes.
    :param hashes: who.
    :param datasets: the datasets; None for all.
    :param start: in windows that end after that, aware; None for all.
    :param end: in windows that start before that, aware; None for all.
    """

    salt: Salt
    hashes: Hashes
    datasets: list[str] | None
    start: datetime | None
    end: datetime | None

    @classmethod
    def read(
        cls,
        *,
        conversation_ids: Iterable[object],
        participant_ids: Iterable[object],
        secret: str | None,
        datasets: Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
    ) -> EraseRequest:
        """Read arguments. No error quotes an id.

        :param conversation_ids: ids of conversations, or of chats.
        :param participant_ids: ids of consumers or visitors.
        :param secret: the connection's ``hash_secret``.
        :param datasets: names of datasets; None for all.
        :param start: an aware datetime, or ISO 8601 text with an offset; None for all.
        :param end: likewise.
        :raises ConfigurationError: for one that is not valid; its field is the argument.
        """
        if not secret or not secret.strip():
            raise ConfigurationError(
                "erased persons are remembered by hashes, and the connection has no secret for these; put a long"
                " random text into its extra hash_secret, for example the output of `openssl rand -hex 32`",
                field="hash_secret",
                permanent=True,
            )
        first = None if start is None else instant(start, "start")
        last = None if end is None else instant(end, "end")
        if first is not None and last is not None and first >= last:
            raise ConfigurationError("start must be before end", field="start")
        names = None
        if datasets is not None:
            names = sorted({dataset_named(name).name for name in datasets})
            anonymous = [name for name in names if not DATASETS[name].id_paths]
            if anonymous or not names:
                raise ConfigurationError(
                    f"datasets: {', '.join(anonymous) or 'an empty list'} holds no ids of conversations or consumers;"
                    f" it must be some of {', '.join(personal_datasets())}",
                    field="datasets",
                )
        salt = Salt(secret)
        hashes = Hashes(
            conversations=_hashed(conversation_ids, salt, "conversation_ids"),
            participants=_hashed(participant_ids, salt, "participant_ids"),
        )
        return cls(salt=salt, hashes=hashes, datasets=names, start=first, end=last)

    def erase(
        self, store: Store, prefix: str, account_id: str, *, now: datetime | None = None
    ) -> EraseResult:
        """Erase them: from what has landed, and from what will land of the same windows.

        Who is erased is noted first. A crash after that leaves what the next try finishes.

        :param store: where.
        :param prefix: the folder below which the layout begins; may be empty.
        :param account_id: the LivePerson account.
        :param now: the present, aware; default: this machine's clock.
        :raises ConfigurationError: when others were erased with another secret, or the prefix is not valid.
        :raises StorageError: when the store refuses, or a window is not as it was landed.
        """
        return _Eraser(self, store, prefix, account_id, now or datetime.now(UTC)).erase()

    def refuse_empty(self, store: Store, prefix: str, account_id: str) -> None:
        """Fail where nothing of any dataset has landed, as at a misspelled address.

        :param store: where.
        :param prefix: the folder below which the layout begins; may be empty.
        :param account_id: the LivePerson account.
        :raises ConfigurationError: naming the address and the account.
        :raises StorageError: when the store refuses.
        """
        where = store.uri(Layout(prefix=prefix).prefix)
        if self.hashes and not Landed(store, prefix).series(account_id=account_id):
            raise ConfigurationError(
                f"nothing of account {account_id} has landed in {where}, so nobody was erased; check the address, and"
                " whether the connection is of that account. If nothing has landed yet, set allow_unsearched=True: they"
                " will not land",
                field="uri",
                permanent=True,
            )


@dataclass
class EraseResult:
    """What was erased: the operator's return value. Never who.

    :param account_id: the LivePerson account.
    :param records: how many records were taken out.
    :param windows: how many windows were searched.
    :param changed: the URIs of the manifests of the windows that were changed.
    :param unsearched: the URIs of the manifests of windows that could not be searched, each with the reason.
    """

    account_id: str
    records: int = 0
    windows: int = 0
    changed: list[str] = field(default_factory=list)
    unsearched: dict[str, str] = field(default_factory=dict)

    def refuse_unsearched(self) -> None:
        """Fail where any window could not be searched.

        :raises StorageError: naming the windows and the reasons.
        """
        if not self.unsearched:
            return
        named = [f"{uri}: {why}" for uri, why in list(self.unsearched.items())[:_MAX_SHOWN]]
        more = len(self.unsearched) - len(named)
        raise StorageError(
            f"{len(self.unsearched)} window(s) could not be searched for the persons to erase:"
            f" {'; '.join(named)}{f'; and {more} more' if more else ''}. Everything else was erased:"
            f" {self.records} record(s). Remove those windows or land them again with ids; or set"
            " allow_unsearched=True if that is as it should be",
            permanent=True,
        )


def personal_datasets() -> list[str]:
    """The datasets whose records hold ids of conversations or consumers, in the order of the catalog."""
    return [name for name, dataset in DATASETS.items() if dataset.id_paths]


class _Eraser:
    def __init__(
        self, request: EraseRequest, store: Store, prefix: str, account_id: str, now: datetime
    ) -> None:
        self._request = request
        self._hashes = request.hashes
        self._earlier: ErasedPersons | None = None
        """Whom was noted before, if any of the same persons were."""
        self._store = store
        self._layout = Layout(prefix=prefix)
        self._landed = Landed(store, prefix)
        self._account_id = account_id
        self._now = now
        self._windows = WindowEraser(store, self._layout, request.salt, now=now)
        self._searched: set[str] = set()
        self._result = EraseResult(account_id=account_id)

    def erase(self) -> EraseResult:
        if not self._hashes:
            log.info("No ids were given: nothing to erase")
            return self._result
        before = self._note(self._hashes)
        if before.any_of(self._hashes):
            # An earlier try may have taken out what says whose a conversation is.
            self._earlier = before
        names = self._request.datasets or personal_datasets()
        by_person = [name for name in names if self._has(name, Kind.PARTICIPANT)]
        if self._hashes.participants:
            # First where consumers are named: that says which conversations are theirs.
            self._erase_from(by_person, Kind.PARTICIPANT)
        if self._hashes.conversations or self._earlier:
            by_conversation = [name for name in names if self._has(name, Kind.CONVERSATION)]
            self._erase_from(by_conversation, Kind.CONVERSATION)
        result = self._result
        result.windows = len(self._searched)
        if not result.windows:
            log.warning(
                "Nothing of account %s that could hold them has landed in %s; if it should have, check the address"
                " and the connection",
                self._account_id,
                self._store.uri(self._layout.prefix),
            )
        log.info(
            "Erased %d record(s) of account %s from %d of %d window(s)",
            result.records,
            self._account_id,
            len(result.changed),
            result.windows,
        )
        return result

    def _erase_from(self, names: Iterable[str], by: Kind) -> None:
        request = self._request
        for name in names:
            series = Series(dataset=name, account_id=self._account_id)
            for folder, window in self._landed.folders(series, request.start, request.end):
                hashes = self._hashes_for(name, window)
                if not hashes.of(by):
                    continue
                done = self._windows.erase(folder, hashes, self._note_conversations)
                if done.manifest is None:
                    continue
                self._searched.add(folder)
                self._result.records += done.records
                if done.records and done.manifest not in self._result.changed:
                    self._result.changed.append(done.manifest)
                if done.unsearched is not None:
                    self._result.unsearched[done.manifest] = done.unsearched

    def _hashes_for(self, dataset: str, window: Window) -> Hashes:
        """Who is looked for in a window: also conversations that an earlier try has learned of."""
        if self._earlier is None:
            return self._hashes
        noted = self._earlier.of(dataset, window).conversations
        return replace(self._hashes, conversations=self._hashes.conversations | noted)

    def _note_conversations(self, found: Collection[str]) -> None:
        """Erase the conversations of consumers, too, wherever else they are."""
        new = set(found) - self._hashes.conversations
        if new:
            self._note(Hashes(conversations=new))
            self._hashes = replace(self._hashes, conversations=self._hashes.conversations | new)

    def _note(self, hashes: Hashes) -> ErasedPersons:
        """Note them, and say whom was noted before."""
        request = self._request
        # A consumer may come back after the erasure; a conversation is what it is.
        ends = {Kind.CONVERSATION: request.end, Kind.PARTICIPANT: request.end or self._now}
        erasures = [
            erased_persons.erasure(
                kind,
                hashes.of(kind),
                datasets=request.datasets,
                start=request.start,
                end=ends[kind],
                now=self._now,
            )
            for kind in Kind
            if hashes.of(kind)
        ]
        key = self._layout.erased_persons(self._account_id)
        return erased_persons.add(self._store, key, request.salt.id, erasures)

    @staticmethod
    def _has(name: str, kind: Kind) -> bool:
        return any(one.kind is kind for one in DATASETS[name].id_paths)


def _hashed(ids: Iterable[object], salt: Salt, name: str) -> frozenset[str]:
    if isinstance(ids, str | bytes):
        raise ConfigurationError(f"{name} must be a list of ids, not a text", field=name)
    found: set[str] = set()
    for number, one in enumerate(ids, start=1):
        text = str(one).strip() if isinstance(one, str | int) and not isinstance(one, bool) else ""
        if not text:
            raise ConfigurationError(
                f"{name} must be a list of ids; entry {number} of the list is empty, or not a text",
                field=name,
            )
        found.add(salt.hash_of(text.encode("utf-8", "replace")))
    return frozenset(found)
