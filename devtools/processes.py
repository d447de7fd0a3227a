"""Programs that run beside a test or a demo, and are ended with all their children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

HOST = "127.0.0.1"

_KILL_WITHIN = 10.0


class Process:
    """A program in its own session, so that it can be ended with everything that it has started.

    It starts at once and writes its output to a file.

    :param name: its name in messages.
    :param command: the program and its arguments.
    :param folder: its working directory.
    :param log: the file to which its stdout and stderr are appended.
    :param environment: its environment; by default that of this process.
    :param user: the user who runs it; by default the user of this process.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process ID, which is also the ID of its session."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def check(self) -> None:
        """Check that it is still running.

        :raises RuntimeError: if it is not; the message ends with its output.
        """
        if not self.runs:
            raise RuntimeError(
                f"{self.name} ended unexpectedly (code {self._process.returncode}). Output:\n{self.last_output()}"
            )

    def last_output(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ask_to_end(self, signal_number: int = signal.SIGTERM) -> None:
        """Send a signal to the program, but not to its children."""
        if self.runs:
            self._process.send_signal(signal_number)

    def kill(self) -> None:
        """Kill it and everything that it has started at once, as a power cut would.

        :raises RuntimeError: if some of it survives.
        """
        deadline = time.monotonic() + _KILL_WITHIN
        # The program itself first, so that it cannot start more.
        if self.runs:
            self._process.kill()
        self._process.wait()
        while left := self._members():
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"{self.name} could not be killed: {', '.join(map(str, left))} still running"
                )
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def stop(self, within: float, signal_number: int = signal.SIGTERM) -> None:
        """Ask it to end, and kill what is left of it after a while.

        :param within: how many seconds it has.
        :param signal_number: the signal that asks it to end.
        """
        self.ask_to_end(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        self.kill()

    def _members(self) -> list[int]:
        """List the processes in its session; children may have their own process groups, but not sessions."""
        found = []
        for pid in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                if os.getsid(pid) == self.pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                    found.append(pid)
        return found


def free_ports(count: int) -> list[int]:
    """Find unused TCP ports on 127.0.0.1.

    :param count: how many.
    """
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind((HOST, 0))
        return [int(free.getsockname()[1]) for free in sockets]


def wait_until(
    what: str,
    true: Callable[[], Any],
    *,
    within: float,
    alive: Iterable[Process] = (),
    every: float = 0.2,
    details: Callable[[], str] = str,
) -> Any:
    """Wait until a condition is true.

    :param what: the condition in words, for the error.
    :param true: returns something truthy once the condition is true.
    :param within: the timeout in seconds.
    :param alive: processes that must not end meanwhile.
    :param every: the seconds between two calls of ``true``.
    :param details: returns more about the state, for the error.
    :returns: what ``true`` returned.
    :raises RuntimeError: if the condition is not true in time, or a process ends.
    """
    deadline = time.monotonic() + within
    while not (answer := true()):
        for process in alive:
            process.check()
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"This did not become true within {within:.0f} s: {what}. {details()}".rstrip()
            )
        time.sleep(every)
    return answer
