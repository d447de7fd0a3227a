"""The web pages and the API of an Airflow home, for tests that use a browser."""

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
from types import TracebackType
from typing import Self

from devtools.airflow_home import AirflowHome
from devtools.tls import Issued, TlsFront

HOST = "127.0.0.1"

_SECONDS_TO_START = 180.0
_SECONDS_TO_STOP = 10.0


class AirflowServer:
    """The API server of an Airflow home, which also serves the web pages, as a context manager.

    There is no scheduler: connections can be created and tested, but no DAG runs. Every user is an administrator, so
    it listens on loopback only.

    >>> with AirflowHome() as home, AirflowServer(home) as airflow:  # doctest: +SKIP
    ...     print(airflow.url)

    :param home: a home that has been entered.
    :param path: the path below which it is served, such as ``/airflow``; default: none.
    :param issued: the certificate of a proxy in front of it that ends TLS, and that Airflow does not know of but by its
        ``base_url``; default: no proxy.
    """

    def __init__(self, home: AirflowHome, *, path: str = "", issued: Issued | None = None) -> None:
        self._home = home
        self._path = path
        self._port = _free_port()
        self._front = None if issued is None else TlsFront(self._port, issued)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base URL of pages and API, without a trailing slash."""
        return self._own_url if self._front is None else f"{self._front.url}{self._path}"

    @property
    def _own_url(self) -> str:
        """The same, without the proxy."""
        return f"http://{HOST}:{self._port}{self._path}"

    def __enter__(self) -> Self:
        try:
            if self._front is not None:
                self._front.__enter__()
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._front is not None:
            self._front.__exit__(kind, error, trace)

    def log(self) -> str:
        """The server's log so far."""
        return (self._home.path / "api-server.log").read_text(errors="replace")

    def _start(self) -> None:
        with (self._home.path / "api-server.log").open("wb") as log:
            # The app "core" is everything but the API for task processes, which nothing uses here.
            options = ["--apps", "core", "--workers", "1", "--host", HOST, "--port", str(self._port)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "airflow", "api-server", *options],
                cwd=self._home.path,
                env=self._home.environment()
                | {
                    "AIRFLOW__API__BASE_URL": self.url,
                    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its children join its process group, so that they end with it.
                start_new_session=True,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(f"Airflow's API server exited unexpectedly:\n{self.log()[-3000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"Airflow's API server did not answer in {_SECONDS_TO_START:.0f} s:\n{self.log()[-3000:]}"
                )
            time.sleep(0.2)

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal_number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_SECONDS_TO_STOP)

    def _answers(self) -> bool:
        # A proxy from the environment could not reach loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self._own_url}/api/v2/version", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
