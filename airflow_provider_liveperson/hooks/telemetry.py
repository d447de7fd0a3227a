"""Metrics and a span for each landing, by Airflow's own statistics and traces; ``docs/metrics.md`` lists them.

Where Airflow sends no metrics and no traces, nothing happens here. Nothing here fails a landing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_liveperson.land import wait_until
from airflow_provider_liveperson.records.policy import NO_POLICY

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.land import LandRequest
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.encoding import Encoding
    from airflow_provider_liveperson.pull.pull import PullResult
    from airflow_provider_liveperson.records.policy import ConnectionPolicy

log = logging.getLogger(__name__)

SPAN = "liveperson.pull"
_NAME = re.compile(r"[^\w-]", re.ASCII)


@dataclass(frozen=True)
class Metric:
    """A metric, as ``docs/metrics.md`` describes it.

    :param name: its name below Airflow's prefix.
    :param kind: what it is to StatsD.
    :param meaning: what it counts or shows.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str


PULLS = Metric(
    "liveperson.pulls",
    "counter",
    "tries that have ended; their `state` is `landed`, `unchanged` (the same records were there already) or `failed`",
)
RECORDS = Metric(
    "liveperson.records", "counter", "records of the windows that have landed, unchanged ones aside"
)
BYTES = Metric("liveperson.bytes", "counter", "the size of their files, as stored")
REQUESTS = Metric(
    "liveperson.requests",
    "counter",
    "requests sent to LivePerson, each try of each, those for tokens included",
)
RATE_LIMITED = Metric("liveperson.rate_limited", "counter", "answers with the status 429")
REPEATED = Metric(
    "liveperson.repeated", "counter", "requests that failed and were sent again, those after a 429 included"
)
SECONDS_BEHIND = Metric(
    "liveperson.seconds_behind",
    "gauge",
    "seconds from the end of the window to its landing; not of backfills, of windows before that of the run, such as"
    " gaps that are pulled later, and of datasets that show the present only",
)
METRICS = (PULLS, RECORDS, BYTES, REQUESTS, RATE_LIMITED, REPEATED, SECONDS_BEHIND)


def land(
    request: LandRequest,
    client: LivePersonClient,
    destination: Callable[[Encoding], Destination],
    *,
    privacy: ConnectionPolicy = NO_POLICY,
    wait: Callable[[datetime], None] = wait_until,
    is_latest: bool = True,
) -> PullResult:
    """Land what is asked for, and report it.

    :param request: what is to be landed.
    :param client: as for :meth:`~airflow_provider_liveperson.land.LandRequest.land`.
    :param destination: likewise.
    :param privacy: likewise.
    :param wait: likewise.
    :param is_latest: whether the window's age says how far the data are behind.
    :raises LivePersonError: likewise.
    """
    labels = {"dataset": request.dataset.name, "account_id": client.account_id}
    span = _begin_span(labels)
    state, pulled = "", None
    with _inside(span):
        try:
            pulled = request.land(client, destination, privacy=privacy, wait=wait)
            state = "landed" if pulled.changed else "unchanged"
        except Exception as error:
            state = "failed"
            _fail_span(span, error)
            raise
        finally:
            values = _values(request, client, pulled, state, is_latest=is_latest)
            _send(values, labels, state)
            _describe(span, request, values, state)
    return pulled


def _values(
    request: LandRequest, client: LivePersonClient, pulled: PullResult | None, state: str, *, is_latest: bool
) -> dict[Metric, float]:
    """What there is to report.

    :param state: how the landing has ended; empty where it will go on after a deferral.
    """
    counts = client.tally.take()
    values: dict[Metric, float] = {
        REQUESTS: counts.sent,
        RATE_LIMITED: counts.rate_limited,
        REPEATED: counts.repeated,
    }
    if state:
        values[PULLS] = 1
    if pulled is not None and pulled.changed:
        values |= {RECORDS: pulled.records, BYTES: pulled.bytes}
    if pulled is not None and is_latest and not request.dataset.is_snapshot:
        behind = (datetime.now(UTC) - request.query.window.end).total_seconds()
        values[SECONDS_BEHIND] = round(max(behind, 0.0), 3)
    return values


def _send(values: dict[Metric, float], labels: dict[str, str], state: str) -> None:
    try:
        stats, has_tags = _stats(), _has_tags()
        for metric, value in values.items():
            tags = labels | ({"state": state} if metric is PULLS else {})
            name = metric.name
            if not has_tags:
                name = ".".join([name, *(_NAME.sub("_", tag) for tag in tags.values())])
            if metric.kind == "gauge":
                stats.gauge(name, value, tags=tags)
            else:
                stats.incr(name, int(value), tags=tags)
    except Exception as error:
        log.warning("The metrics of this pull were not sent: %s: %s", type(error).__name__, error)


def _stats() -> Any:
    """Airflow's statistics."""
    try:
        from airflow.sdk.observability.stats import Stats
    except ImportError:  # Airflow 3.1
        from airflow.stats import Stats
    return Stats


def _has_tags() -> bool:
    """Whether metrics have tags where Airflow sends them: StatsD itself knows none."""
    from airflow.configuration import conf

    def is_on(option: str) -> bool:
        return bool(conf.getboolean("metrics", option, fallback=False))

    return not is_on("statsd_on") or is_on("statsd_datadog_enabled") or is_on("statsd_influxdb_enabled")


def _begin_span(labels: dict[str, str]) -> Any:
    """A span of OpenTelemetry, which goes nowhere unless Airflow sends traces; None without OpenTelemetry."""
    try:
        from opentelemetry import trace

        tracer = trace.get_tracer("airflow_provider_liveperson")
        return tracer.start_span(SPAN, attributes={f"liveperson.{name}": it for name, it in labels.items()})
    except Exception as error:
        log.debug("There is no span of this pull: %s: %s", type(error).__name__, error)
        return None


def _inside(span: Any) -> AbstractContextManager[Any]:
    if span is None:
        return nullcontext()
    from opentelemetry import trace

    return trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)


def _fail_span(span: Any, error: Exception) -> None:
    if span is None:
        return
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR, type(error).__name__)
    span.set_attribute("error.type", type(error).__name__)


def _describe(span: Any, request: LandRequest, values: dict[Metric, float], state: str) -> None:
    if span is None:
        return
    window = request.query.window
    span.set_attributes(
        {
            "liveperson.window_start": window.start.isoformat(),
            "liveperson.window_end": window.end.isoformat(),
            "liveperson.state": state or "waiting",
            **{metric.name: value for metric, value in values.items() if metric is not PULLS},
        }
    )
