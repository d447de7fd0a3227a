"""Programs that run beside a test or a demo, each with all that it starts."""

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
    """A program in a session of its own, so that it can be ended with everything that it has started.

    It starts at once. What it says goes to a file.

    :param name: what people call it.
    :param command: the program and its arguments.
    :param folder: where it runs.
    :param log: the file that takes both of its outputs; text is added at the end.
    :param environment: its environment; by default this process's own.
    :param user: the user who runs it; by default the one who runs this process.
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
        """Its process ID, which is that of its session, too."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def check(self) -> None:
        """See that it has not ended.

        :raises RuntimeError: if it has; the message ends with what it said.
        """
        if not self.runs:
            raise RuntimeError(
                f"{self.name} ended by itself with code {self._process.returncode}. It said:\n{self.said()}"
            )

    def said(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ask_to_end(self, signal_number: int = signal.SIGTERM) -> None:
        """Send it, and only it, a signal."""
        if self.runs:
            self._process.send_signal(signal_number)

    def kill(self) -> None:
        """End it and everything that it has started at once, as a power cut would.

        :raises RuntimeError: if some of it lives on.
        """
        deadline = time.monotonic() + _KILL_WITHIN
        # The program itself first: then nobody is left who could start more.
        if self.runs:
            self._process.kill()
        self._process.wait()
        while left := self._members():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} could not be killed: {', '.join(map(str, left))} live on")
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def stop(self, within: float, signal_number: int = signal.SIGTERM) -> None:
        """Ask it to end, and kill what is left of it after a while.

        :param within: the seconds that it has.
        :param signal_number: how it is asked.
        """
        self.ask_to_end(signal_number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        self.kill()

    def _members(self) -> list[int]:
        """Who lives in its session; children may have made process groups, but not sessions, of their own."""
        found = []
        for pid in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                if os.getsid(pid) == self.pid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                    found.append(pid)
        return found


def free_ports(count: int) -> list[int]:
    """TCP ports on 127.0.0.1 that nobody uses.

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
    told: Callable[[], str] = str,
) -> Any:
    """Wait for something to come true.

    :param what: what is waited for, for the error.
    :param true: gives something that counts as true once it is so.
    :param within: seconds after which it is given up.
    :param alive: processes that must not end meanwhile.
    :param every: seconds between two looks.
    :param told: more about the state of affairs, for the error.
    :returns: what ``true`` gave.
    :raises RuntimeError: if it does not come true in time, or a process ends.
    """
    deadline = time.monotonic() + within
    while not (answer := true()):
        for process in alive:
            process.check()
        if time.monotonic() > deadline:
            raise RuntimeError(f"Waited {within:.0f} s in vain: {what}. {told()}".rstrip())
        time.sleep(every)
    return answer
