"""An Airflow with nothing but its web pages and its API, for whoever wants to look at it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"

_SECONDS_TO_START = 120.0
_SECONDS_TO_STOP = 10.0


class AirflowServer:
    """Airflow's API server, which also serves the web pages, on an empty SQLite database.

    There is no scheduler: connections can be made and tested, but no DAG runs. Everybody who reaches it is an
    administrator, so it listens on loopback only.

    >>> with AirflowServer(Path("/tmp/home")) as airflow:  # doctest: +SKIP
    ...     print(airflow.url)

    :param home: the folder to keep everything in; made if it is missing.
    :param settings: further environment variables, such as ``AIRFLOW__API__INSTANCE_NAME``.
    :param python: the interpreter of the environment whose Airflow is wanted; this one when omitted.
    """

    def __init__(
        self, home: Path, *, settings: Mapping[str, str] | None = None, python: str = sys.executable
    ) -> None:
        self._home = home
        self._python = python
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")
        } | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **(settings or {}),
        }

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Base URL of pages and API, without a slash at its end."""
        return f"http://{HOST}:{self._port}"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self._home / "api-server.log"

    def start(self) -> None:
        """Make the database and listen; when this returns, requests are answered.

        :raises RuntimeError: if Airflow does not come up; the message ends with what it said last.
        """
        (self._home / "dags").mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            migration = subprocess.run(
                [self._python, "-m", "airflow", "db", "migrate"],
                env=self._environment,
                cwd=self._home,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if migration.returncode:
                raise RuntimeError(f"`airflow db migrate` failed:\n{self._last_words()}")
            self._process = subprocess.Popen(
                [self._python, "-m", "airflow", "api-server", "--host", HOST, "--port", str(self._port)],
                env=self._environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its helpers join its group, so that stop() reaches them too.
                start_new_session=True,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"Airflow's API server ended by itself:\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"Airflow's API server did not answer within {_SECONDS_TO_START:.0f} s:\n{self._last_words()}"
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """End it and everything that it started. Does nothing if it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_STOP)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v2/version", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
