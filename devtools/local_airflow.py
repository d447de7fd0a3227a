"""A complete Airflow on this machine, like `airflow standalone`: DAGs run, and users have to log in."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import requests

from devtools.airflow_home import AirflowHome
from devtools.processes import HOST, Process, free_ports, wait_until

START_WITHIN = 240.0
USER = "admin"


class LocalAirflow:
    """API server, scheduler and DAG processor on SQLite with the LocalExecutor, as a context manager.

    :param dags: DAG files.
    :param environment: additional environment variables.
    :param home: a home that has been entered, with its past runs; by default a new one.
    """

    def __init__(
        self,
        dags: Iterable[Path],
        *,
        environment: dict[str, str] | None = None,
        home: AirflowHome | None = None,
    ) -> None:
        self._dags = list(dags)
        self._home = home
        self._environment = dict(environment or {})
        self._stack = contextlib.ExitStack()
        self._processes: dict[str, Process] = {}
        self._logs = Path()
        self.password = secrets.token_urlsafe(12)
        """The password of :data:`USER`, an administrator."""
        (self._port,) = free_ports(1)

    @property
    def url(self) -> str:
        """The base URL of pages and API, without a trailing slash."""
        return f"http://{HOST}:{self._port}"

    @property
    def logs(self) -> Path:
        """The folder for the logs of processes and tasks."""
        return self._logs

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        from cryptography.fernet import Fernet

        settings = {
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            **self._environment,
        }
        home = self._home
        if home is None:
            home = self._stack.enter_context(AirflowHome())
            # An existing home has its own key, with which its connections are encrypted.
            settings["AIRFLOW__CORE__FERNET_KEY"] = Fernet.generate_key().decode()
        for path in self._dags:
            home.add_dag(path)
        passwords = home.path / "simple_auth_manager_passwords.json.generated"
        passwords.write_text(json.dumps({USER: self.password}))
        self._logs = home.path / "logs"
        self._logs.mkdir(exist_ok=True)
        self._stack.callback(self._stop)
        for name, *options in (
            ("api-server", "--workers", "1", "--host", HOST, "--port", str(self._port)),
            ("scheduler", "--skip-serve-logs"),
            ("dag-processor",),
        ):
            self._processes[name] = Process(
                name,
                [sys.executable, "-m", "airflow", name, *options],
                folder=home.path,
                log=self._logs / f"{name}.log",
                environment=home.environment() | settings,
            )
        wait_until(
            "the API server, the scheduler and the DAG processor are healthy",
            self._healthy,
            within=START_WITHIN,
            alive=self._processes.values(),
            details=self.last_output,
        )

    def last_output(self) -> str:
        """The last lines of each process's log."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-2000:]}"
            for path in self._logs.glob("*.log")
        )

    def task_logs(self) -> str:
        """The logs of all tasks."""
        return "\n".join(path.read_text(errors="replace") for path in self._logs.rglob("dag_id=*/**/*.log"))

    def _healthy(self) -> bool:
        try:
            with requests.Session() as session:
                session.trust_env = False
                health = session.get(f"{self.url}/api/v2/monitor/health", timeout=10).json()
        except (requests.RequestException, ValueError):
            return False
        return all(
            health.get(part, {}).get("status") == "healthy"
            for part in ("metadatabase", "scheduler", "dag_processor")
        )

    def _stop(self) -> None:
        for process in self._processes.values():
            process.stop(10.0)
