"""A real distributed Airflow on this machine: CeleryExecutor, PostgreSQL, Redis, and workers that can be killed."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests

from devtools.airflow_home import AirflowHome
from devtools.postgres import Postgres
from devtools.processes import HOST, Process, free_ports, wait_until
from devtools.redis import Redis

START_WITHIN = 240.0
STOP_WITHIN = 3.0

# How soon Airflow notices that a worker is gone. Its defaults range from minutes to a day.
LOSS_SETTINGS = {
    # A running task whose worker has been silent for this long has failed and is retried (default: 300 s).
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    # A task that a worker has taken but not started is queued again after this long (default: 600 s, checked every
    # 120 s).
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    # Redis delivers an unacknowledged message to another worker after this long (default: 24 h). It must be longer
    # than any task takes.
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "45",
}

_TRIES = """
SELECT {columns} FROM task_instance WHERE dag_id = %(dag_id)s AND run_id = %(run_id)s
UNION ALL
SELECT {columns} FROM task_instance_history WHERE dag_id = %(dag_id)s AND run_id = %(run_id)s
ORDER BY task_id, map_index, try_number
"""
_COLUMNS = "task_id, map_index, try_number, state, hostname, start_date, end_date"

_CONNECTION_FIELDS = ("conn_type", "host", "login", "password", "schema", "port")

_HOST_NAME = '''\
"""Gives every worker its own host name, as if it ran on its own machine."""

import os


def name():
    return os.environ["WORKER_NAME"]
'''


class CeleryAirflow:
    """A distributed Airflow as a context manager: PostgreSQL, Redis, API server, scheduler, DAG processor, workers.

    Each runs in this Python or comes from a system package, listens on 127.0.0.1 only, and ends with the ``with``
    block. Every user of the API is an administrator.

    :param dags: DAG files.
    :param logs: the folder for all logs, including those of the tasks. It is kept.
    :param workers: the workers' names; each reports to Airflow as a host of that name.
    :param concurrency: how many tasks a worker runs at once.
    :param environment: additional environment variables for all of Airflow's processes.
    :raises RuntimeError: on entering, if something is not installed or does not start.
    """

    def __init__(
        self,
        *,
        dags: Sequence[Path],
        logs: Path,
        workers: Sequence[str] = ("worker-1", "worker-2"),
        concurrency: int = 2,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._dags = dags
        self._logs = logs
        self._names = workers
        self._concurrency = concurrency
        self._environment = dict(environment or {})
        self._port = 0
        self._processes: dict[str, Process] = {}
        self._stack = contextlib.ExitStack()
        self._http = requests.Session()
        # A proxy from the environment could not reach loopback.
        self._http.trust_env = False

    @property
    def url(self) -> str:
        """The base URL of pages and API, without a trailing slash."""
        return f"http://{HOST}:{self._port}"

    @property
    def processes(self) -> list[Process]:
        """Airflow's processes, except those that were killed on purpose."""
        return list(self._processes.values())

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def api(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request to Airflow's REST API.

        :param method: such as ``GET``.
        :param path: what follows ``/api/v2``.
        :param body: sent as JSON.
        :returns: the JSON of the response.
        :raises RuntimeError: if Airflow answers with an error.
        """
        answer = self._http.request(method, f"{self.url}/api/v2{path}", json=body, timeout=30)
        if not answer.ok:
            raise RuntimeError(
                f"Airflow answered {method} {path} with {answer.status_code}: {answer.text[:500]}"
            )
        return answer.json()

    def add_connection(self, conn_id: str, connection: str) -> None:
        """Create a connection in Airflow's database, where the tasks find it.

        :param conn_id: its ID.
        :param connection: the connection in Airflow's JSON form.
        """
        made = json.loads(connection)
        fields = {name: made[name] for name in _CONNECTION_FIELDS if name in made}
        extra = json.dumps(made.get("extra", {}))
        self.api("POST", "/connections", {**fields, "connection_id": conn_id, "extra": extra})

    def add_pool(self, name: str, slots: int, description: str) -> None:
        """Create a pool.

        :param name: its name.
        :param slots: how many of its tasks may run at once.
        :param description: what it is for.
        """
        self.api("POST", "/pools", {"name": name, "slots": slots, "description": description})

    def trigger(self, dag_id: str, *, within: float = 120.0) -> str:
        """Start a run of a DAG as soon as Airflow has found the DAG.

        :param dag_id: the DAG.
        :param within: how many seconds Airflow has to find it.
        :returns: the run's ID.
        """
        wait_until(
            f"Airflow knows the DAG {dag_id}",
            lambda: any(dag["dag_id"] == dag_id for dag in self.api("GET", "/dags")["dags"]),
            within=within,
            alive=self.processes,
            details=lambda: json.dumps(self.api("GET", "/importErrors")["import_errors"]),
        )
        run = self.api("POST", f"/dags/{dag_id}/dagRuns", {"logical_date": None})
        return str(run["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a DAG run."""
        (row,) = self.query("SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", dag_id, run_id)
        return str(row["state"])

    def tries(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return every try of every task of a run, including failed ones.

        :returns: ``task_id, map_index, try_number, state, hostname, start_date, end_date`` of each, in the order of
            task, mapping and try.
        """
        return self.query(_TRIES.format(columns=_COLUMNS), {"dag_id": dag_id, "run_id": run_id})

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Read Airflow's database.

        :param sql: a query.
        :param parameters: values for its ``%s``, or one mapping for its named ones.
        :returns: one dict of column name to value per row.
        """
        named = parameters[0] if len(parameters) == 1 and isinstance(parameters[0], dict) else parameters
        with self._database.cursor() as cursor:
            cursor.execute(sql, named)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def kill_worker(self, name: str) -> None:
        """Kill a worker and all its children at once, as a power cut would.

        :param name: the worker's name.
        """
        self._processes.pop(name).kill()

    def _start(self) -> None:
        stack = self._stack
        postgres = stack.enter_context(Postgres(self._logs / "postgres.log"))
        redis = stack.enter_context(Redis(self._logs / "redis.log"))
        (self._port,) = free_ports(1)
        home = stack.enter_context(
            AirflowHome(
                environment={
                    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                    "AIRFLOW__CORE__FERNET_KEY": _fernet_key(),
                    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
                    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
                    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
                    "AIRFLOW__API__BASE_URL": self.url,
                    "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
                    "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
                    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url,
                    "AIRFLOW__CELERY__BROKER_URL": redis.url,
                    "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{postgres.url}",
                    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self._logs / "tasks"),
                    **LOSS_SETTINGS,
                    **self._environment,
                },
                retries=True,
            )
        )
        for path in self._dags:
            home.add_dag(path)
        self._database = stack.enter_context(contextlib.closing(postgres.connect()))
        stack.callback(self._stop)
        self._run(
            home, "api-server", "api-server", "--workers", "1", "--host", HOST, "--port", str(self._port)
        )
        self._run(home, "scheduler", "scheduler", "--skip-serve-logs")
        self._run(home, "dag-processor", "dag-processor")
        for name in self._names:
            self._run_worker(home, name)
        wait_until(
            "the API server, the scheduler and the DAG processor are healthy",
            self._healthy,
            within=START_WITHIN,
            alive=self.processes,
            details=self._last_output,
        )
        wait_until(
            "all workers answer through Redis",
            lambda: self._answering(redis.url) >= {f"celery@{name}" for name in self._names},
            within=START_WITHIN,
            alive=self.processes,
            details=self._last_output,
        )

    def _run(
        self, home: AirflowHome, name: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._processes[name] = Process(
            name,
            [sys.executable, "-m", "airflow", *arguments],
            folder=home.path,
            log=self._logs / f"{name}.log",
            environment={**home.environment(), **(environment or {})},
        )

    def _run_worker(self, home: AirflowHome, name: str) -> None:
        modules = home.path / "worker"
        modules.mkdir(exist_ok=True)
        (modules / "worker_host.py").write_text(_HOST_NAME)
        environment = home.environment()
        self._run(
            home,
            name,
            "celery",
            "worker",
            "--concurrency",
            str(self._concurrency),
            "--celery-hostname",
            name,
            "--skip-serve-logs",
            "--pid",
            str(home.path / f"{name}.pid"),
            environment={
                "AIRFLOW__CORE__HOSTNAME_CALLABLE": "worker_host.name",
                "PYTHONPATH": ":".join(filter(None, [str(modules), environment.get("PYTHONPATH")])),
                "WORKER_NAME": name,
            },
        )

    def _healthy(self) -> bool:
        try:
            health = self.api("GET", "/monitor/health")
        except (requests.RequestException, RuntimeError):
            return False
        return all(
            health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")
        )

    def _answering(self, broker: str) -> set[str]:
        from celery import Celery

        with Celery(broker=broker, set_as_current=False) as celery:
            return {name for answer in celery.control.ping(timeout=2) for name in answer}

    def _last_output(self) -> str:
        return "\n".join(f"\n{process.name}:\n{process.last_output()}" for process in self.processes)

    def _stop(self) -> None:
        processes, self._processes = self._processes, {}
        for process in processes.values():
            process.ask_to_end()
        deadline = time.monotonic() + STOP_WITHIN
        with contextlib.ExitStack() as stack:
            # On a stack, a failure to kill one does not keep the others from being killed.
            for process in processes.values():
                stack.callback(process.kill)
            while any(process.runs for process in processes.values()) and time.monotonic() < deadline:
                time.sleep(0.05)


def _fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
