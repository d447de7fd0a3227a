"""The landings that the deployment lists for the coverage page, and what their manifests say."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow.configuration import conf

from airflow_provider_liveperson.coverage.landed import Landed
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.exceptions import ServiceUnavailableError
from airflow_provider_liveperson.hooks.destinations import store_at
from airflow_provider_liveperson.plugins.access import may_read

KEPT_SECONDS = 120.0
MAX_SCANS = 2
"""How many landings one API server process reads at once: a store that hangs must not take all of its threads."""

_MAX_KEPT = 8
_AT_ONCE = 4
_S3 = "s3"
_S3_CONNECTION = "aws_default"


@dataclass(frozen=True, kw_only=True)
class Landing:
    """A landing.

    :param uri: as it is configured, with its connection.
    """

    uri: str

    @property
    def conn_id(self) -> str | None:
        """The Airflow connection by which it is read; None for the machine's own credentials, or a local folder."""
        scheme, found, rest = self.uri.partition("://")
        named = rest.partition("/")[0].rpartition("@")[0]
        return named or (_S3_CONNECTION if found and scheme == _S3 else None)

    @property
    def address(self) -> str:
        """The address, as manifests are found below it: without the connection."""
        scheme, found, rest = self.uri.rstrip("/").partition("://")
        if not found:
            return f"file://{scheme}"
        bucket, slash, folder = rest.partition("/")
        return f"{scheme}://{bucket.rpartition('@')[2]}{slash}{folder}"


@dataclass(frozen=True, kw_only=True)
class LandingScan:
    """What the manifests of a landing have said.

    :param states: the windows that have landed, by dataset and account.
    :param first: the first day that has landed, likewise.
    :param at: when they were read, in epoch seconds.
    """

    states: dict[Series, list[WindowState]]
    first: dict[Series, datetime | None]
    at: float


def landings(user: Any) -> list[Landing]:
    """The configured landings whose connection a user may read.

    :param user: as the auth manager's own dependency gave it.
    """
    configured = str(conf.get("liveperson", "landings", fallback="") or "")
    uris = dict.fromkeys(configured.replace(",", " ").split())
    return [landing for landing in (Landing(uri=uri) for uri in uris) if may_read(user, landing.conn_id)]


class _Kept:
    """The last scans, for a short while: whoever looks at a day does not have everything read again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scans: dict[tuple[Landing, datetime], LandingScan] = {}

    def get(self, key: tuple[Landing, datetime]) -> LandingScan | None:
        with self._lock:
            scan = self._scans.get(key)
        return scan if scan is not None and time.time() - scan.at < KEPT_SECONDS else None

    def put(self, key: tuple[Landing, datetime], scan: LandingScan) -> None:
        with self._lock:
            self._scans.pop(key, None)
            self._scans[key] = scan
            while len(self._scans) > _MAX_KEPT:
                del self._scans[next(iter(self._scans))]


_kept = _Kept()
_slots = threading.BoundedSemaphore(MAX_SCANS)


def read(landing: Landing, since: datetime, *, again: bool = False) -> LandingScan:
    """What the manifests of a landing say, or said at most two minutes ago.

    :param landing: the landing, whose connection the user may read.
    :param since: only windows that end after this instant.
    :param again: read them now, in any case.
    :raises LivePersonError: when the store refuses, the address is not valid, or others are being read.
    """
    key = (landing, since)
    if not again and (kept := _kept.get(key)) is not None:
        return kept
    if not _slots.acquire(blocking=False):
        raise ServiceUnavailableError("too many landings are being read at once; try again in a minute")
    try:
        scan = _read(landing, since)
    finally:
        _slots.release()
    _kept.put(key, scan)
    return scan


def _read(landing: Landing, since: datetime) -> LandingScan:
    store, prefix = store_at(landing.uri, aws_conn_id=landing.conn_id)
    landed = Landed(store, prefix)

    def read_series(series: Series) -> tuple[datetime | None, list[WindowState]]:
        first = landed.first_day(series)
        found = landed.states(series, max(first, since) if first is not None else since)
        return first, [state for state in found if state.status is not Status.MISSING]

    everything = landed.series()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coverage-page") as pool:
        found = dict(zip(everything, pool.map(read_series, everything), strict=True))
    return LandingScan(
        states={series: states for series, (_, states) in found.items()},
        first={series: first for series, (first, _) in found.items()},
        at=time.time(),
    )
