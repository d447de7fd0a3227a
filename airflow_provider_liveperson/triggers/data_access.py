"""The trigger of an asset watcher for new files of Data Access."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.triggers.looking import connected, in_thread
from airflow_provider_liveperson.window import DAY, Window, file_stamp, instant, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

HOUR = timedelta(hours=1)
MAX_POLL_INTERVAL = 3600.0
"""Seconds between two looks, at most, however often they fail."""
MAX_RANGE = timedelta(days=7)
"""How much one look takes in at most: LivePerson lists a day at a time, and the requests of a look have a budget."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Seen(NamedTuple):
    """What a look has found.

    :param payloads: of the events to fire, one for each hour, in order.
    :param watermark: before which nothing new is expected.
    """

    payloads: list[dict[str, Any]]
    watermark: datetime


class LivePersonDataAccessTrigger(BaseEventTrigger):
    """Fires for each hour of which Data Access has new files: for an ``AssetWatcher``, without end.

    An hour is fired once, when it is complete: when the dataset's lag has passed since its end, and its files are
    listed. Hours without files are not fired. The event's payload is ``{"dataset", "account_id", "window_start",
    "window_end", "files"}``; the window is what the operators take as ``start`` and ``end``.

    How far it has come, its watermark, is in a Variable, so that a triggerer that starts again goes on there. Each
    event arrives at least once: the watermark is written at the look after the one that fired, so a triggerer that
    stops in between fires the events of that look again. Pulling an hour again changes nothing.

    Whatever goes wrong is logged, and it looks again later, at least once an hour.

    :param dataset: one of the datasets of Data Access, such as ``data_access_survey``.
    :param liveperson_conn_id: the LivePerson connection.
    :param since: where to begin if there is no watermark yet: an aware datetime, or ISO 8601 text with an offset.
        Default: with the first hour that is not complete at the first look, so that nothing fires for what is there.
    :param poll_interval: seconds between two looks. LivePerson is asked only while a complete hour has not been seen.
    :raises ConfigurationError: when the DAG is parsed, for an argument that is not valid.
    """

    def __init__(
        self,
        *,
        dataset: str,
        liveperson_conn_id: str = "liveperson_default",
        since: datetime | str | None = None,
        poll_interval: float = 300.0,
    ) -> None:
        super().__init__()
        self.dataset = _dataset(dataset).name
        self.liveperson_conn_id = liveperson_conn_id
        self.since = None if since is None else stamp(instant(since, "since"))
        if (
            isinstance(poll_interval, bool)
            or not isinstance(poll_interval, int | float)
            or not 0 < poll_interval < math.inf
        ):
            raise ConfigurationError(
                f"poll_interval must be a positive number of seconds, not {poll_interval!r}",
                field="poll_interval",
            )
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path, and the arguments, of which none is secret."""
        names = ("dataset", "liveperson_conn_id", "since", "poll_interval")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    @property
    def variable(self) -> str:
        """The Variable with the watermark. Watchers that differ in ``poll_interval`` only share it."""
        from airflow_provider_liveperson.hooks.consents import variable_key

        since = f".{file_stamp(instant(self.since, 'since')).lower()}" if self.since else ""
        return variable_key("liveperson_watermark", f"{self.liveperson_conn_id}.{self.dataset}{since}")

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire for each new hour. It ends only when it is canceled: Airflow would start it again at once."""
        watermark, pause = None, self.poll_interval
        while True:
            try:
                seen = await in_thread(self._look, watermark, datetime.now(UTC))
            except Exception as error:
                pause = max(self.poll_interval, min(pause * 2, MAX_POLL_INTERVAL))
                self.log.warning(
                    "%s: looking again later, as this look failed: %s",
                    self.dataset,
                    error,
                    exc_info=not isinstance(error, LivePersonError),
                )
            else:
                pause = self.poll_interval
                for payload in seen.payloads:
                    yield TriggerEvent(payload)
                watermark = seen.watermark
            # While it sleeps, the triggerer stores the events.
            await asyncio.sleep(pause)

    def _look(self, watermark: datetime | None, now: datetime) -> Seen:
        """Look once.

        :param watermark: of the look before, whose events are stored by now; None for the first one.
        :param now: the present, aware.
        """
        return self._new_hours(self._keep(watermark, now), now)

    def _keep(self, watermark: datetime | None, now: datetime) -> datetime:
        """Write the watermark, or read it for the first look."""
        from airflow_provider_liveperson.hooks.consents import VariableStore

        store, name = VariableStore(), self.variable
        kept = store.get(name)
        if watermark is None and kept is not None:
            return instant(kept, f"the Variable {name}")
        if watermark is None:
            since = instant(self.since, "since") if self.since else now - _dataset(self.dataset).limits.lag
            watermark = _hour(since)
        if kept != stamp(watermark):
            store.put(name, stamp(watermark))
        return watermark

    def _new_hours(self, watermark: datetime, now: datetime) -> Seen:
        from airflow_provider_liveperson.pull.listing import listed_files

        dataset = _dataset(self.dataset)
        oldest, newest = dataset.limits.available(now)
        start = watermark if oldest is None else max(watermark, _hour(oldest) + HOUR)
        complete = _hour(newest)
        if start >= complete:
            return Seen([], watermark)
        end = min(complete, start + MAX_RANGE)
        with connected(self.liveperson_conn_id) as client:
            account_id = client.account_id
            begun = [
                file.start_ms for file in listed_files(client, dataset, dataset.query(Window(start, end)))
            ]
        files = Counter(_hour(_EPOCH + timedelta(milliseconds=moment)) for moment in begun)
        payloads = [
            {
                "dataset": dataset.name,
                "account_id": account_id,
                "window_start": stamp(hour),
                "window_end": stamp(hour + HOUR),
                "files": count,
            }
            for hour, count in sorted(files.items())
        ]
        # Files are made in the order of their hours: hours after the last file may still get theirs, for a day.
        over = min(complete - DAY, end)
        return Seen(payloads, max(over, max(files, default=start - HOUR) + HOUR, watermark))


def _dataset(name: object) -> Dataset:
    # The only datasets needed, as their catalog takes a while to import.
    from airflow_provider_liveperson.datasets.data_access import DATASETS

    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    raise ConfigurationError(
        f"dataset is {name!r}; it must be one of {', '.join(dataset.name for dataset in DATASETS)}",
        field="dataset",
    )


def _hour(moment: datetime) -> datetime:
    """The beginning of the hour that an instant is in."""
    return moment - (moment - _EPOCH) % HOUR
