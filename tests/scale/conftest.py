"""Ends all processes if the run is interrupted, and shows their logs if a test fails."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

LOGS = Path(__file__).resolve().parents[2] / "test-results" / "scale"
SHOWN_LINES = 25


def _stop_orderly(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="session", autouse=True)
def _ended_by_a_signal() -> Iterator[None]:
    """SIGTERM stops all processes too."""
    before = signal.signal(signal.SIGTERM, _stop_orderly)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def logs(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder for logs; it is kept if a test fails."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    yield LOGS
    if not request.session.testsfailed:
        shutil.rmtree(LOGS)


@pytest.fixture(scope="session")
def remarks(request: pytest.FixtureRequest) -> list[str]:
    """Sentences for the end of the report."""
    found: list[str] = []
    request.config.stash[_REMARKS] = found
    return found


_REMARKS = pytest.StashKey[list[str]]()


def _errors() -> Counter[str]:
    """The errors in tasks, with their number."""
    found: Counter[str] = Counter()
    for log in (LOGS / "tasks").rglob("attempt=*.log"):
        for line in log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("level") in ("error", "critical"):
                    causes = [
                        f"{one['exc_type']}: {one['exc_value']}" for one in said.get("error_detail") or ()
                    ]
                    found[" | ".join([said["event"], *causes])] += 1
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if remarks := config.stash.get(_REMARKS, []):
        terminalreporter.section("what happened")
        for remark in remarks:
            terminalreporter.write_line(remark)
    if errors := _errors():
        terminalreporter.section("errors in tasks")
        for error, times in errors.most_common(10):
            terminalreporter.write_line(f"{times} times: {error[:1000]}")
    for log in sorted(LOGS.glob("*.log")):
        terminalreporter.section(f"the end of {log}")
        for line in log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]:
            terminalreporter.write_line(line[:400])
