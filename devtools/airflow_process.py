"""One Python process that runs ``airflow`` commands, one after another.

Airflow takes seconds to import, and more to build the API that a task of ``airflow dags test`` talks to; this process
does so once. Each command has its own environment variables, but what Airflow reads while it is imported, such as the
level of its logs, stays that of the process. A task can have a process of its own that is forked from it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO


class AirflowProcess:
    """A process for ``airflow`` commands, which lives until it is closed.

    :param environment: the environment variables of all commands.
    :param folder: its working directory.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it can run a command."""
        return self._process.poll() is None

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        timeout: float,
        *,
        is_task: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for it.

        :param arguments: the command's arguments, without ``airflow``.
        :param environment: additional environment variables, for this command only.
        :param timeout: seconds after which the process is killed.
        :param is_task: whether it is ``task_process.py``, to be run in a process that is forked from this one. To fork,
            it may have run no commands but such.
        :returns: its exit code, with stdout and stderr together in ``stdout``.
        :raises subprocess.TimeoutExpired: if it takes longer.
        """
        assert self._process.stdin
        assert self._process.stdout
        with tempfile.NamedTemporaryFile() as output:
            command = {
                "arguments": list(arguments),
                "environment": dict(environment),
                "output": output.name,
                "is_task": is_task,
            }
            expired = threading.Event()
            overdue = threading.Timer(timeout, self._expire, [expired])
            overdue.start()
            try:
                self._process.stdin.write(json.dumps(command) + "\n")
                self._process.stdin.flush()
                code = self._process.stdout.readline()
            finally:
                overdue.cancel()
            said = Path(output.name).read_text(errors="replace")
        if not code:
            self.close()
            if expired.is_set():
                raise subprocess.TimeoutExpired(list(arguments), timeout, said)
            raise RuntimeError(f"Airflow's process ended with {self._process.returncode}:\n{said}")
        return subprocess.CompletedProcess(["airflow", *arguments], int(code), said)

    def _expire(self, expired: threading.Event) -> None:
        expired.set()
        self._kill()

    def close(self) -> None:
        """End the process, and those that it has started and left running."""
        self._kill()
        self._process.communicate()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _serve(commands: TextIO, answers: TextIO) -> None:
    for line in commands:
        command = json.loads(line)
        before = dict(os.environ)
        os.environ.update(command["environment"])
        try:
            with Path(command["output"]).open("wb") as output, _into(output.fileno()):
                code = (_run_task if command["is_task"] else _run)(command["arguments"])
        finally:
            os.environ.clear()
            os.environ.update(before)
        answers.write(f"{code}\n")
        answers.flush()


@functools.cache
def _keep_api_server() -> None:
    """Have Airflow 3.1 build the API for tasks once, as later versions do, instead of for each task."""
    from airflow.sdk.execution_time import supervisor

    if not hasattr(supervisor.in_process_api_server, "cache_info"):
        supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)


def _run(arguments: list[str]) -> int:
    from airflow.__main__ import main

    _keep_api_server()
    _beside("botocore_files").read_once()
    sys.argv = ["airflow", *arguments]
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


@functools.cache
def _beside(name: str) -> Any:
    """A module beside this one, which cannot be imported in the usual way."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run_task(arguments: list[str]) -> int:
    main = _beside("task_process").main
    assert threading.active_count() == 1
    child = os.fork()
    if not child:
        code = 1
        try:
            code = main(*arguments)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def _into(file: int) -> Any:
    """Inside, whatever is printed goes to a file, also from code that keeps its own reference to stdout."""
    kept = [os.dup(1), os.dup(2)]
    os.dup2(file, 1)
    os.dup2(file, 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, saved in enumerate(kept, start=1):
            os.dup2(saved, number)
            os.close(saved)


if __name__ == "__main__":
    # Answers have a file of their own: what Airflow prints between commands is lost.
    _answers = os.fdopen(os.dup(1), "w")
    _nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(_nowhere, 1)
    # As with `python -m airflow`, the folder of this file is no place to import from.
    sys.path.pop(0)
    _serve(sys.stdin, _answers)
