"""A real Redis on this machine, from the system's packages."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Self

from devtools.processes import HOST, Process, free_ports, wait_until

START_WITHIN = 30.0
STOP_WITHIN = 5.0


class Redis:
    """A Redis server as a context manager. It listens on 127.0.0.1 only, requires a password, and keeps no data.

    :param log: the file for its output.
    :raises RuntimeError: on entering, if Redis is not installed or does not start; the message ends with its
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
        """The URL of its first database, including the password."""
        return f"redis://:{self._password}@{HOST}:{self._port}/0"

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
        import redis

        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("Redis is not installed. On Debian: apt-get install redis-server")
        folder = self._folder = Path(tempfile.mkdtemp(prefix="redis-"))
        (self._port,) = free_ports(1)
        settings = {
            "bind": HOST,
            "port": self._port,
            "requirepass": self._password,
            "dir": folder,
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
        }
        file = folder / "redis.conf"
        file.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        process = self._process = Process("Redis", [program, file], folder=folder, log=self._log)

        def answers() -> bool:
            try:
                with redis.Redis.from_url(self.url, socket_timeout=5) as client:
                    return bool(client.ping())
            except redis.ConnectionError:
                return False

        wait_until(
            "Redis answers",
            answers,
            within=START_WITHIN,
            alive=[process],
            every=0.1,
            details=process.last_output,
        )

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.stop(STOP_WITHIN)
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
