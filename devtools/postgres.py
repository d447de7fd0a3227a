"""A real PostgreSQL on this machine, from the system's packages."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from devtools.processes import HOST, Process, free_ports, wait_until

USER = "airflow"
START_WITHIN = 60.0
STOP_WITHIN = 5.0

# On Debian, Red Hat and Homebrew the server is not on PATH.
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


class Postgres:
    """A PostgreSQL server as a context manager, with one empty database.

    It listens on 127.0.0.1 only, requires a password, and keeps its data in a temporary folder. PostgreSQL refuses to
    run as root; if this process is root, it runs as the user ``postgres``, whom the packages create.

    :param log: the file for its output.
    :raises RuntimeError: on entering, if PostgreSQL is not installed or does not start; the message ends with its
        output.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._password = secrets.token_hex(16)
        self._port = 0
        self._folder: Path | None = None
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The URL of its database for SQLAlchemy, with the driver psycopg2."""
        return f"postgresql+psycopg2://{USER}:{self._password}@{HOST}:{self._port}/{USER}"

    def connect(self, database: str = USER) -> Any:
        """Open a psycopg2 connection in autocommit mode.

        :param database: the database's name.
        """
        import psycopg2

        connection = psycopg2.connect(
            host=HOST, port=self._port, user=USER, password=self._password, dbname=database, connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self) -> None:
        import psycopg2

        user = _unprivileged_user()
        folder = self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        password = folder / "password"
        password.write_text(self._password)
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(password, user)
        data = folder / "data"
        made = subprocess.run(
            [
                _program("initdb"),
                f"--pgdata={data}",
                f"--username={USER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            ],
            cwd=folder,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"PostgreSQL's initdb failed:\n{made.stdout}")
        (self._port,) = free_ports(1)
        settings = {
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": folder,
            "max_connections": 200,
            # Its data is removed in any case.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        process = self._process = Process(
            "PostgreSQL",
            [
                _program("postgres"),
                "-D",
                data,
                *(option for name, value in settings.items() for option in ("-c", f"{name}={value}")),
            ],
            folder=folder,
            log=self._log,
            user=user,
        )

        def answers() -> bool:
            try:
                connection = self.connect("postgres")
            except psycopg2.OperationalError:
                return False
            connection.cursor().execute(f"CREATE DATABASE {USER}")
            connection.close()
            return True

        wait_until(
            "PostgreSQL answers",
            answers,
            within=START_WITHIN,
            alive=[process],
            every=0.1,
            details=process.last_output,
        )

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            # Immediate shutdown, the fastest of its three modes.
            process.stop(STOP_WITHIN, signal.SIGQUIT)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """The user who runs the server, if not the user of this process."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise RuntimeError(
            "PostgreSQL does not run as root, and there is no user 'postgres'. On Debian: apt-get install postgresql"
        ) from None


def _program(name: str) -> Path:
    """Find a program of PostgreSQL: on PATH, else the newest from the system's packages."""
    if found := shutil.which(name):
        return Path(found)
    if folders := sorted(_installed(name), key=_version):
        return folders[-1] / name
    raise RuntimeError("PostgreSQL is not installed. On Debian: apt-get install postgresql")


def _installed(name: str) -> Iterator[Path]:
    for pattern in _FOLDERS:
        yield from (folder for folder in Path("/").glob(pattern.lstrip("/")) if (folder / name).is_file())


def _version(folder: Path) -> int:
    return int(next(iter(re.findall(r"\d+", str(folder))), 0))
