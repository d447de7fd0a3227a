"""The tables and messages of docs/troubleshooting.md, made from the code that raises the errors.

``python -m devtools.error_reference`` writes them into the page.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from airflow_provider_liveperson import exceptions
from airflow_provider_liveperson.client.host_guard import HostGuard
from airflow_provider_liveperson.client.responses import Action, Outcome, is_permanent, rows
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.landing import manifest
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.overlaps import refuse_overlaps
from airflow_provider_liveperson.landing.s3_errors import s3_error
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.records.masking import Masking
from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.spool import spool_errors
from airflow_provider_liveperson.window import Window, resolve_window
from devtools.memory_store import MemoryStore
from devtools.sample_records import SANDBOX, clients_of
from devtools.tables import fill

PAGE = Path(__file__).resolve().parents[1] / "docs" / "troubleshooting.md"
_MAX_MESSAGE = 600
_NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_TODAY = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))

_AFTERWARDS = {
    Action.RENEW: "renews the token and asks once more; then it fails, and Airflow does not retry it",
    Action.WAIT: "waits as long as LivePerson says and asks again, up to six times; then Airflow's retries follow",
    Action.RETRY: "asks again after 5, 10 and 15 seconds; then Airflow's retries follow",
    Action.FAIL: "fails at once, and Airflow does not retry it",
}

# S3's names of what it refuses; one of each kind.
_S3_CODES = (
    "NoSuchBucket",
    "AccessDenied",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "NoCredentialsError",
    "PermanentRedirect",
    "SlowDown",
)


def answers() -> str:
    """What the table of outcomes does with each answer, by what its error says."""
    lines = ["| the error says | after | the task |", "| --- | --- | --- |"]
    said: dict[int, tuple[Outcome, list[str]]] = {}
    for what, outcome in rows():
        said.setdefault(id(outcome), (outcome, []))[1].append(_after(what))
    lines += [
        f"| {outcome.hint} | {', '.join(afters)} (`{outcome.error.__name__}`) | {_AFTERWARDS[outcome.action]} |"
        for outcome, afters in said.values()
    ]
    return "\n".join(lines)


def classes() -> str:
    """The classes of errors, and whether Airflow retries a task that fails with one."""
    lines = ["| error | meaning | Airflow retries the task |", "| --- | --- | --- |"]
    for name, kind in inspect.getmembers(exceptions, inspect.isclass):
        if issubclass(kind, LivePersonError) and kind is not LivePersonError:
            meaning = " ".join((kind.__doc__ or "").split()).replace("``", "`")
            lines.append(f"| `{name}` | {meaning} | {'no' if is_permanent(kind('')) else 'yes'} |")
    return "\n".join(lines)


def s3() -> str:
    """What S3 refuses, and what the error says then."""
    lines = ["| S3 says | the error says | Airflow retries the task |", "| --- | --- | --- |"]
    for code in _S3_CODES:
        error = s3_error(
            "write",
            "s3://my-lake/liveperson",
            "",
            bucket="my-lake",
            identity="connection 'aws_default'",
            code=code,
        )
        hint = str(error).partition(": . ")[2]
        lines.append(f"| `{code}` | {hint} | {'no' if is_permanent(error) else 'yes'} |")
    return "\n".join(lines)


def page(text: str) -> str:
    """Return the page with its tables and messages as they have to be.

    :param text: the page.
    """
    messages = {name: f"> {_message(cause)}" for name, cause in CAUSES.items()}
    return fill(text, {"answers": answers(), "classes": classes(), "s3": s3(), **messages})


def _after(what: str) -> str:
    return what if not what[0].isdigit() else f"status {what}"


def _message(cause: Callable[[], object]) -> str:
    try:
        cause()
    except LivePersonError as error:
        text = " ".join(str(error).split())
        return text if len(text) < _MAX_MESSAGE else f"{text[:_MAX_MESSAGE].rpartition(' ')[0]} …"
    raise AssertionError(f"{cause} raised nothing")


def _no_window() -> None:
    resolve_window(start=None, end=None)


def _empty_interval() -> None:
    resolve_window(start=None, end=None, data_interval_start=_NOON, data_interval_end=_NOON)


def _too_early() -> None:
    DATASETS["messaging_interactions"].check_range(_TODAY, _TODAY.end)


def _too_late() -> None:
    DATASETS["messaging_queue_health"].check_range(_TODAY, _TODAY.end + 2 * _DAY)


def _past_snapshot() -> None:
    DATASETS["users"].check_range(_TODAY, _TODAY.end + 7 * _DAY)


def _schedule() -> None:
    limits = DATASETS["messaging_queue_health"].limits
    assert not limits.can_serve(_DAY)
    raise exceptions.ConfigurationError(limits.why_not("messaging_queue_health", _DAY))


def _overlap() -> None:
    class Lake(MemoryStore):
        def uri(self, key: str) -> str:
            return f"s3://my-lake/{key}"

    lake = Destination(store=Lake(), prefix="liveperson", encoding=Encoding("jsonl", "gzip"))
    hour = Window(_TODAY.start, _TODAY.start + timedelta(hours=1))
    folder = lake.folder("messaging_interactions", "12345678", hour)
    lake.store.objects[f"{folder}/{manifest.NAME}"] = b"{}"
    refuse_overlaps(lake, "messaging_interactions", "12345678", [_TODAY])


def _undeclared() -> None:
    dataset = DATASETS["messaging_interactions"]
    Masking(drop_fields=["consumerParticipants.emial"]).refuse_undeclared(dataset.name, dataset.columns)


def _untrusted() -> None:
    HostGuard("https://api.liveperson.net", {"msgHist": "gateway.example.com"}, ())


def _misspelled() -> None:
    dataset_named("messaging_interaction")


def _disk_full() -> None:
    with mock.patch.object(tempfile, "gettempdir", return_value="/tmp"), spool_errors():
        raise OSError(28, "No space left on device")


def _incomplete() -> None:
    dataset, settings = DATASETS["messaging_interactions"], SANDBOX
    with SandboxServer(settings) as sandbox, clients_of(sandbox) as clients:
        sandbox.faults.add(kind="count_drift", rows=1, match="/search", times=1000)
        for _ in records(clients[CredentialKind.API_KEY], dataset, dataset.query(_TODAY)):
            pass


CAUSES: dict[str, Callable[[], object]] = {
    "no window": _no_window,
    "empty interval": _empty_interval,
    "too early": _too_early,
    "too late": _too_late,
    "past snapshot": _past_snapshot,
    "schedule": _schedule,
    "overlap": _overlap,
    "undeclared": _undeclared,
    "untrusted": _untrusted,
    "misspelled": _misspelled,
    "disk full": _disk_full,
    "incomplete": _incomplete,
}
"""What makes each message of the page, by its name there."""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
