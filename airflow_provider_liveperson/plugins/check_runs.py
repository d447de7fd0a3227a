"""Checks in the background of the API server: a few at once, with their progress where every API server finds it.

See `docs/decisions/0041-checks-run-in-the-background.md`.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_liveperson.diagnostics.checks import run_checks
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.diagnostics.report import CheckReport
from airflow_provider_liveperson.exceptions import LivePersonError, ServiceUnavailableError
from airflow_provider_liveperson.plugins import check_results
from airflow_provider_liveperson.plugins.access import FAILURES, liveperson_connections
from airflow_provider_liveperson.plugins.check_results import CheckRun

if TYPE_CHECKING:
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

log = logging.getLogger(__name__)

MAX_RUNS = 4
"""How many checks one API server process runs at once."""

MAX_RECORDS = 200
"""How many records of a dataset the page compares."""

COMPARISON_SECONDS = 300.0
"""How long a comparison on the page may take."""

SAVE_EVERY = 1.0
"""Seconds between two writes of the progress."""

_UNEXPECTED = "The check failed unexpectedly; the API server's log says why."

_slots = threading.BoundedSemaphore(MAX_RUNS)
_threads: set[threading.Thread] = set()
_starting = threading.Lock()


def start(owner: str, pair: tuple[str, str], hooks: list[LivePersonHook]) -> None:
    """Start a check, unless the same one is running.

    :param owner: the user and the browser, see :func:`~airflow_provider_liveperson.plugins.signatures.owner`.
    :param pair: the connection, and the one to compare it with, or empty.
    :param hooks: their hooks.
    :raises ServiceUnavailableError: when too many checks are running, or the database does not answer.
    """
    # Of two clicks at once, the second has to find what the first has saved.
    with _starting:
        last = check_results.kept(owner, pair)
        if last is not None and last.state == "running":
            return
        if not _slots.acquire(blocking=False):
            raise ServiceUnavailableError(f"{MAX_RUNS} checks are running already; try again in a minute")
        try:
            run = _Run(owner, pair, hooks)
            run.save()
            thread = threading.Thread(target=run.run, name="liveperson-check-run", daemon=True)
            _threads.add(thread)
            thread.start()
        except BaseException:
            _slots.release()
            raise


def join(seconds: float) -> None:
    """Wait until the checks of this process have ended.

    :param seconds: how long to wait for each.
    """
    for thread in list(_threads):
        thread.join(seconds)


class _Run:
    """A check that is running.

    :param owner: as for :func:`start`.
    :param pair: as for :func:`start`.
    :param hooks: as for :func:`start`.
    """

    def __init__(self, owner: str, pair: tuple[str, str], hooks: list[LivePersonHook]) -> None:
        self._owner = owner
        self._pair = pair
        self._hooks = hooks
        self._ended = threading.Event()
        self._progress: Progress | None = None
        self._outcome: CheckReport | str = _UNEXPECTED
        now = time.time()
        self._last = CheckRun(started_at=now, seen_at=now)

    def run(self) -> None:
        """Run the check in one thread, and save its progress from another, until it has ended."""
        try:
            threading.Thread(target=self._check, name="liveperson-check", daemon=True).start()
            while not self._ended.wait(SAVE_EVERY):
                self._try_to_save()
            self._try_to_save()
        finally:
            _slots.release()
            _threads.discard(threading.current_thread())

    def save(self) -> None:
        """Save how far it is.

        :raises ServiceUnavailableError: when the database does not answer.
        """
        about: dict[str, Any] = {"seen_at": time.time(), "progress": self._progress}
        if self._ended.is_set():
            is_report = isinstance(self._outcome, CheckReport)
            about["report" if is_report else "error"] = self._outcome
        check_results.keep(msgspec.structs.replace(self._last, **about), self._owner, self._pair)

    def _try_to_save(self) -> None:
        try:
            self.save()
        except LivePersonError as error:
            log.warning("The progress of a check could not be saved: %s", error)

    def _check(self) -> None:
        try:
            report = run_checks(
                *self._hooks,
                max_records=MAX_RECORDS,
                seconds=COMPARISON_SECONDS,
                on_progress=self._note,
            )
            self._outcome = report
            for connection in report.connections:
                _remember(connection.connection, ok=connection.ok, sentence=connection.sentence)
        except FAILURES as error:
            self._outcome = str(error)
            if not self._pair[1]:
                _remember(self._pair[0], ok=False, sentence=str(error))
        except Exception:
            log.exception("A check of connection %s failed unexpectedly", self._pair[0])
        finally:
            self._ended.set()

    def _note(self, progress: Progress) -> None:
        self._progress = progress


def _remember(conn_id: str, *, ok: bool, sentence: str) -> None:
    conn = next((conn for conn in liveperson_connections() if conn.conn_id == conn_id), None)
    if conn is not None:
        check_results.remember(conn, ok=ok, sentence=sentence)
