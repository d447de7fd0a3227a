"""The trigger of the sensor that waits for a window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.triggers.looking import connected, in_thread, sleep_until
from airflow_provider_liveperson.window import Window, instant


class LivePersonDataReadyTrigger(BaseTrigger):
    """Fires when LivePerson has all records of a window, or never will have.

    All that it knows is in its arguments, as absolute times, so that another triggerer can go on. Its event only says
    that the task should go on: the task looks for itself, and fails with what is wrong.

    :param dataset: the dataset's name.
    :param start: the first instant inside the window, ISO 8601 with an offset.
    :param end: the first instant outside it, likewise.
    :param liveperson_conn_id: the LivePerson connection, for datasets that come in files.
    :param poke_interval: seconds between two looks at the list of files.
    """

    def __init__(
        self, *, dataset: str, start: str, end: str, liveperson_conn_id: str, poke_interval: float
    ) -> None:
        super().__init__()
        self.dataset = dataset
        self.start = start
        self.end = end
        self.liveperson_conn_id = liveperson_conn_id
        self.poke_interval = poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class's path, and the arguments, of which none is secret."""
        names = ("dataset", "start", "end", "liveperson_conn_id", "poke_interval")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and fire once."""
        is_first = True
        while (again := await in_thread(self._look, is_first)) is not None:
            await sleep_until(again)
            is_first = False
        yield TriggerEvent({"dataset": self.dataset, "window_start": self.start, "window_end": self.end})

    def _look(self, is_first: bool) -> datetime | None:
        """Look once: when to look again, or None when the task should go on.

        An error that cannot heal wakes the task, but not at the first look: the task has looked a moment ago, and has
        not met it. What LivePerson refuses to the triggerer's address, but not to the worker's, would have them wake
        each other without a pause.

        :param is_first: whether it is the first look of this trigger.
        """
        from airflow_provider_liveperson.client.responses import is_permanent
        from airflow_provider_liveperson.readiness import Readiness

        now = datetime.now(UTC)
        try:
            window = Window(instant(self.start, "start"), instant(self.end, "end"))
            readiness = Readiness.read(self.dataset, window)
            if readiness.is_ready(now, partial(connected, self.liveperson_conn_id)):
                return None
        except LivePersonError as error:
            if is_permanent(error) and not is_first:
                return None
            self.log.warning("Looking again in %g seconds: %s", self.poke_interval, error)
        else:
            if now < readiness.complete_at:
                return readiness.complete_at
        return now + timedelta(seconds=self.poke_interval)
