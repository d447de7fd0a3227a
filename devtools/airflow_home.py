"""A real Airflow with its own home, database and DAGs, removed at the end."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from devtools.airflow_process import AirflowProcess

RUN_WITHIN = 300.0

_FOREIGN = ("AIRFLOW_", "AWS_", "LIVEPERSON_")
_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
_HERE = "{the home}"

_LAST_RUN = "SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY id DESC LIMIT 1"

_MIGRATED: dict[str, Any] = {}
"""What Airflow has made in the first home of this process: its settings, as text, and its database."""

KEEP_RETRIES = {"KEEP_RETRIES": "1"}
"""Environment variables with which a command retries as the DAG asks for; `airflow dags test` waits for the retries."""

_POLICY = '''\
"""Makes a failure visible at once, whatever retries the DAG asks for, and has SQLite not wait for disks."""

import os
import sqlite3

from sqlalchemy import event
from sqlalchemy.engine import Engine


def task_policy(task):
    if "KEEP_RETRIES" not in os.environ:
        task.retries = 0


@event.listens_for(Engine, "connect")
def write_without_waiting(connection, _):
    # The home need not outlast the machine; what a killed process has committed is there all the same.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")
'''


class AirflowHome:
    """An Airflow home as a context manager: SQLite, no examples, none of the developer's own settings.

    Commands run in this Python, with the Airflow that is installed in it. Airflow's database exists once the context
    has been entered.

    :param connections: maps connection IDs to connections in Airflow's JSON or URI form.
    :param environment: additional environment variables, such as ``AIRFLOW__LOGGING__LOGGING_LEVEL``.
    :param retries: whether tasks retry as their DAGs ask for; otherwise a cluster policy makes each fail at its first
        failure, but for commands with :data:`KEEP_RETRIES`.
    :param one_process: whether commands without settings of their own share a process, which is several times faster.
        What Airflow remembers in a process, such as the secrets that it masks, then outlives a command.
    """

    def __init__(
        self,
        *,
        connections: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        retries: bool = False,
        one_process: bool = False,
    ) -> None:
        self._connections = dict(connections or {})
        self._environment = dict(environment or {})
        self._retries = retries
        self._one_process = one_process
        self._process: AirflowProcess | None = None
        self._tasks: AirflowProcess | None = None
        self._folder: Path | None = None

    @property
    def path(self) -> Path:
        """The folder.

        :raises RuntimeError: outside the ``with`` block.
        """
        if self._folder is None:
            raise RuntimeError("The Airflow home exists only inside the with block")
        return self._folder

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="airflow-home-"))
        try:
            (self.path / "dags").mkdir()
            (self.path / "config").mkdir()
            (self.path / "config" / "airflow_local_settings.py").write_text(_POLICY)
            self._make_database()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    def environment(self) -> dict[str, str]:
        """The environment of its processes: that of this process, without the variables of another Airflow or AWS."""
        made = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        # Airflow has some thousand modules: compiling them again in every process takes longer than the work.
        made.pop("PYTHONDONTWRITEBYTECODE", None)
        no_proxy = [made.get("NO_PROXY") or made.get("no_proxy") or "", "127.0.0.1", "localhost"]
        made["NO_PROXY"] = made["no_proxy"] = ",".join(filter(None, no_proxy))
        made |= {
            "AIRFLOW_HOME": str(self.path),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
            "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        made |= {f"AIRFLOW_CONN_{conn_id.upper()}": value for conn_id, value in self._connections.items()}
        if self._retries:
            made |= KEEP_RETRIES
        return made | self._environment

    def add_dag(self, path: Path) -> None:
        """Copy a DAG file into the DAG folder.

        :param path: the file.
        """
        shutil.copy(path, self.path / "dags")

    def run(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = RUN_WITHIN
    ) -> subprocess.CompletedProcess[str]:
        """Run an ``airflow`` command and wait for it.

        :param arguments: such as ``"dags", "test", "my_dag", "2026-01-31"``.
        :param environment: additional environment variables, for this command only.
        :param timeout: seconds after which it is killed.
        :returns: its exit code, with stdout and stderr together in ``stdout``.
        :raises subprocess.TimeoutExpired: if it takes longer.
        """
        own = environment or {}
        if not self._one_process or any(name.startswith("AIRFLOW__") for name in own):
            return self.python("-m", "airflow", *arguments, environment=own, timeout=timeout)
        if self._process is None or not self._process.is_alive:
            self._process = AirflowProcess(self.environment(), self.path)
        return self._process.run(arguments, own, timeout)

    def run_task(
        self, file: str, dag_id: str, task_id: str, *, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a task as a worker does, see ``task_process.py``, in a process that is forked from one for all tasks.

        :param file: the DAG's file below the DAG folder.
        :param dag_id: the DAG.
        :param task_id: the task.
        :param environment: additional environment variables. What Airflow reads while it is imported stays as it was.
        :returns: its exit code, and what the task has logged in ``stdout``.
        :raises subprocess.TimeoutExpired: if it takes longer than :data:`RUN_WITHIN`.
        """
        if self._tasks is None or not self._tasks.is_alive:
            self._tasks = AirflowProcess(self.environment(), self.path)
        return self._tasks.run((file, dag_id, task_id), environment or {}, RUN_WITHIN, is_task=True)

    def python(
        self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = RUN_WITHIN
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python in the home's environment; see :meth:`run`."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env={**self.environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Read Airflow's database.

        :param sql: a query.
        :param parameters: values for its question marks.
        :returns: one dict of column name to value per row.
        """
        connection = sqlite3.connect(f"file:{self.path / 'airflow.db'}?mode=ro", uri=True)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]
        finally:
            connection.close()

    def states(self, dag_id: str) -> dict[str, set[str]]:
        """Return how the tasks of a DAG's last run ended: task ID to the states of its instances."""
        found: dict[str, set[str]] = {}
        for row in self.query(
            f"SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ({_LAST_RUN})",
            dag_id,
            dag_id,
        ):
            found.setdefault(row["task_id"], set()).add(row["state"])
        return found

    def returned(self, dag_id: str, task_id: str) -> list[Any]:
        """Return the XComs of a task in its DAG's last run; for a mapped task, in the order of the mapping."""
        rows = self.query(
            "SELECT value FROM xcom WHERE dag_id = ? AND task_id = ? AND key = 'return_value'"
            f" AND run_id = ({_LAST_RUN}) ORDER BY map_index",
            dag_id,
            task_id,
            dag_id,
        )
        values = [json.loads(row["value"]) for row in rows]
        # Airflow 3.1 stores JSON text inside JSON.
        return [json.loads(value) if isinstance(value, str) else value for value in values]

    def _make_database(self) -> None:
        """Migrate an empty database; where another home of this process has done so, take what came out of it."""
        settings, database = self.path / "airflow.cfg", self.path / "airflow.db"
        is_own = _DATABASE not in self.environment()
        if is_own and _MIGRATED:
            settings.write_text(_MIGRATED["settings"].replace(_HERE, str(self.path)))
            database.write_bytes(_MIGRATED["database"])
            return
        answer = self.run("db", "migrate")
        if answer.returncode:
            raise RuntimeError(f"airflow db migrate failed:\n{answer.stdout}")
        if is_own:
            _MIGRATED["settings"] = settings.read_text().replace(str(self.path), _HERE)
            # Not the file, as what has migrated it may still have it open, with a part of it in a log beside it.
            with closing(sqlite3.connect(database)) as connection:
                _MIGRATED["database"] = connection.serialize()

    def _remove(self) -> None:
        for process in (self._process, self._tasks):
            if process is not None:
                process.close()
        self._process = self._tasks = None
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
