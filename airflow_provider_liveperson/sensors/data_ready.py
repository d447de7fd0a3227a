"""The sensor that waits until LivePerson has all records of a window."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.sdk import BaseSensorOperator

from airflow_provider_liveperson.arguments import read_count, read_flag, read_moment, read_text
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.failures import fail, then_say_why
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.window import resolve_window, stamp, window_of_run

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_liveperson.client.client import LivePersonClient


class LivePersonDataReadySensor(BaseSensorOperator):
    """Wait until all records of a window can be pulled from LivePerson.

    The window is that of the operators: ``start`` to ``end`` if they are given, else that of the run's partition key,
    else the run's data interval. It is ready once the dataset's lag has passed since its end; for a dataset that comes
    in files, such as those of Data Access, once its files are listed, too. Only those ask LivePerson; for the others
    no request is sent.

    A window that will never be ready fails at once: one that LivePerson does not keep any more, or not until it is
    complete. So does a dataset that shows the present only, which is always as ready as it will be.

    :param dataset: the dataset's name, such as ``data_access_survey``; ``python -m
        airflow_provider_liveperson datasets`` lists them. (templated)
    :param start: the first instant inside the window: an aware datetime, or ISO 8601 text with an offset. (templated)
    :param end: the first instant outside it, likewise. (templated)
    :param windows_back: wait for the window that lies so many windows of the same length before that. (templated)
    :param deferrable: whether to wait in the triggerer instead of the worker; default: ``[operators]
        default_deferrable`` of Airflow's configuration.
    :param liveperson_conn_id: the LivePerson connection, of any LivePerson type. (templated)
    :param kwargs: what all sensors take: ``poke_interval`` and ``timeout`` (seconds), ``mode``, ``soft_fail``, ….
    :raises ConfigurationError: when the DAG is parsed, for an argument that is not valid and is not a template.
    :raises EmptyWindowError: when the DAG is parsed, likewise, unless ``start`` is before ``end``.
    :raises AirflowFailException: for a permanent error, as for the operators.
    :raises AirflowSensorTimeout: when it is not ready in time.
    :raises LivePersonError: for any other error.
    """

    template_fields: Sequence[str] = ("dataset", "start", "end", "windows_back", "liveperson_conn_id")
    ui_color = "#fff1e6"

    def __init__(
        self,
        *,
        dataset: str,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        windows_back: int | str = 0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        liveperson_conn_id: str = LivePersonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.dataset = dataset
        self.start = start
        self.end = end
        self.windows_back = windows_back
        self.deferrable = read_flag(deferrable, "deferrable")
        self.liveperson_conn_id = liveperson_conn_id
        self._deadline: datetime | None = None
        self._check_arguments()

    def poke(self, context: Context) -> bool:
        """Look once; wait in the triggerer if it is not ready and the sensor is deferrable.

        :param context: the task's context.
        :returns: whether the window is ready.
        """
        try:
            is_ready, trigger = self._look(context)
        except LivePersonError as error:
            fail(error)
        if not is_ready and self.deferrable:
            self._defer(trigger)
        return is_ready

    def resume(self, context: Context, event: Any = None, *, deadline: str | None = None) -> Any:
        """Continue after waiting in the triggerer.

        :param context: the task's context.
        :param event: not needed: whether the window is ready is looked up again.
        :param deadline: when the sensor times out, ISO 8601; missing in ``airflow dags test``, which hands on the event
            only.
        """
        self._deadline = None if deadline is None else datetime.fromisoformat(deadline)
        return self.execute(context)

    def _look(self, context: Context) -> tuple[bool, dict[str, Any]]:
        from airflow_provider_liveperson.readiness import Readiness

        window = window_of_run(context, start=self.start, end=self.end, windows_back=self.windows_back)
        readiness = Readiness.read(self.dataset, window)
        now = datetime.now(UTC)
        is_ready = readiness.is_ready(now, self._connect)
        name = readiness.dataset.name
        if is_ready:
            self.log.info("%s, %s: LivePerson has all records", name, window)
        elif now < readiness.complete_at:
            self.log.info("%s, %s: complete at %s", name, window, stamp(readiness.complete_at))
        else:
            self.log.info("%s, %s: LivePerson does not list the files yet", name, window)
        return is_ready, {"dataset": name, "start": stamp(window.start), "end": stamp(window.end)}

    def _connect(self) -> closing[LivePersonClient]:
        hook = LivePersonHook.for_connection(read_text(self.liveperson_conn_id, "liveperson_conn_id"))
        return closing(hook.new_client())

    def _defer(self, window: dict[str, Any]) -> None:
        from airflow_provider_liveperson.triggers.data_ready import LivePersonDataReadyTrigger
        from airflow_provider_liveperson.version_compat import AirflowSensorTimeout

        now = datetime.now(UTC)
        deadline = self._deadline or now + timedelta(seconds=self.timeout)
        if deadline <= now:
            raise AirflowSensorTimeout(f"The window was not ready within {self.timeout:g} seconds")
        self.defer(
            trigger=LivePersonDataReadyTrigger(
                **window,
                liveperson_conn_id=read_text(self.liveperson_conn_id, "liveperson_conn_id"),
                poke_interval=self.poke_interval,
            ),
            method_name="resume",
            kwargs={"deadline": deadline.isoformat()},
            timeout=deadline - now,
        )

    def _check_arguments(self) -> None:
        """Refuse what can be known to be wrong before any run: arguments that are not templates."""
        from airflow_provider_liveperson.readiness import Readiness, dataset_to_wait_for

        if _is_literal(self.dataset):
            dataset_to_wait_for(self.dataset)
        if _is_literal(self.windows_back):
            read_count(self.windows_back, "windows_back")
        start, end = read_moment(self.start, "start"), read_moment(self.end, "end")
        if (start is not None or end is not None) and _is_literal(start) and _is_literal(end):
            window = resolve_window(start=start, end=end)
            if _is_literal(self.dataset):
                Readiness.read(self.dataset, window)


def _is_literal(value: object) -> bool:
    """Whether an argument is what it will be in a run: neither a template nor another task's result."""
    return value is None or isinstance(value, int | datetime) or (isinstance(value, str) and "{" not in value)
