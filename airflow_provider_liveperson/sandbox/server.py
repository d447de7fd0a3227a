"""The sandbox as a running server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import uvicorn

from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.connections import SandboxConnection, connections_to
from airflow_provider_liveperson.sandbox.http.application import build_application
from airflow_provider_liveperson.sandbox.http.faults import FaultQueue
from airflow_provider_liveperson.sandbox.http.request_log import RecordedRequest
from airflow_provider_liveperson.sandbox.identity.grants import GrantStore
from airflow_provider_liveperson.sandbox.identity.logins import LoginService
from airflow_provider_liveperson.sandbox.identity.people import Person, people
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.state import SandboxState

HOST = "127.0.0.1"
_TURNS_TO_CLOSE = 5


class SandboxServer:
    """A LivePerson on this machine, in a thread of its own.

    >>> with SandboxServer(SandboxSettings(seed=7)) as sandbox:
    ...     sandbox.faults.add(kind="status", match="/audit", status=429)  # doctest: +SKIP

    :param settings: data, credentials and switches; the defaults when omitted.
    :param port: TCP port on 127.0.0.1; 0 for a free one.
    """

    def __init__(self, settings: SandboxSettings | None = None, *, port: int = 0) -> None:
        self._state = SandboxState(settings or SandboxSettings())
        self._port = port
        self._running: _Running | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; when this returns, requests are answered.

        :raises OSError: if the port is taken.
        :raises RuntimeError: if it is already running, or did not start.
        """
        if self._running is not None:
            raise RuntimeError("The sandbox is already running")
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, self._port))
        except BaseException:
            listening.close()
            raise
        self._running = _Running(self._state, listening)
        try:
            self._running.start()
        except BaseException:
            self._running = None
            raise

    def stop(self) -> None:
        """Close every connection and end the thread. Does nothing if it is not running."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def wait(self) -> None:
        """Wait until another thread stops the sandbox."""
        if self._running is not None:
            self._running.thread.join()

    @property
    def url(self) -> str:
        """Base URL of every service.

        :raises RuntimeError: if it is not running.
        """
        if self._running is None:
            raise RuntimeError("The sandbox is not running")
        return f"http://{HOST}:{self._running.port}"

    @property
    def settings(self) -> SandboxSettings:
        """The settings as they are now."""
        return self._state.settings

    @property
    def faults(self) -> FaultQueue:
        """Faults that wait for their requests; see :meth:`FaultQueue.add`."""
        return self._state.faults

    def api(self, name: str) -> Any:
        """Return one of LivePerson's APIs: its switches, its records and what can be done with them.

        :param name: the API's name, that of its module in ``datasets/``, such as ``agent_activity``.
        :return: an :class:`~airflow_provider_liveperson.sandbox.apis.api.Api`.
        :raises KeyError: if there is none of that name.
        """
        return self._state.apis[name].ready()

    def apis(self) -> dict[str, Api[Any]]:
        """Return all of LivePerson's APIs that the sandbox plays, by name."""
        return {name: api.ready() for name, api in self._state.apis.items()}

    def __getattr__(self, name: str) -> Any:
        """Return the records of the API that goes by this name, such as ``sandbox.audit``."""
        if not name.startswith("_"):
            for api in self._state.apis.values():
                if api.alias == name:
                    return api.ready().data
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return what a complete read of a dataset must give for a half-open window.

        :param dataset: the dataset's name.
        :param start: first instant inside, aware.
        :param end: first instant outside, aware.
        :raises KeyError: if there is no such dataset.
        """
        return self._state.api_of(dataset).truth(dataset, start, end)

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add records to a dataset, as when they reach LivePerson late, or now.

        :param dataset: the dataset's name.
        :param count: how many.
        :param when: their moment, aware; the sandbox's present when omitted.
        :return: their keys, or the records.
        :raises KeyError: if there is no such dataset.
        :raises ValueError: if records cannot be added to it.
        """
        return self._state.api_of(dataset).insert(dataset, count, when)

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change a record that exists.

        :param dataset: the dataset's name.
        :param when: the moment of the change, aware; the sandbox's present when omitted.
        :return: the record as it is now, or its key.
        :raises KeyError: if there is no such dataset.
        :raises ValueError: if its records do not change.
        """
        return self._state.api_of(dataset).change(dataset, when)

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far but those to ``/_sandbox/``, oldest first, with headers and body.

        Passwords, codes, opaque tokens and cookies are hidden; ``redaction.hidden(value)`` gives the mark in
        the place of one.
        """
        return list(self._state.requests)

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds."""
        return self._state.now()

    def configure(self, **switches: Any) -> None:
        """Change switches while it runs.

        :param switches: field names of :class:`SandboxSettings` and their new values.
        :raises ValueError: for an unknown name, a value that does not fit, or a field that shapes the data.
        """
        self._state.configure(**switches)

    def reset(self) -> None:
        """Return to the first settings and data; forget tokens, nonces, faults and requests."""
        self._state.reset()

    def wait_until_idle(self, seconds: float = 5.0) -> bool:
        """Wait until no connection is open and no request is being answered, such as those that a client gave up.

        :param seconds: how long to wait at most.
        :returns: whether it is idle; False if clients keep their connections open.
        """
        return self._running is None or self._running.wait_until_idle(seconds)

    def rotate_keys(self) -> str:
        """Sign V2 App-JWTs and id tokens with new keys from now on.

        :return: the id of the new key of V2 App-JWTs.
        """
        return self._state.rotate_keys()

    def expire_tokens(self) -> None:
        """Expire every token that data APIs have accepted so far; refresh tokens stay valid."""
        self._state.expire_tokens()

    def revoke_tokens(self) -> None:
        """Revoke every token that data APIs have accepted so far; refresh tokens stay valid."""
        self._state.revoke_tokens()

    @property
    def grants(self) -> GrantStore:
        """What users allowed the web application; see :meth:`GrantStore.issue` for tokens without a browser."""
        return self._state.grants

    @property
    def logins(self) -> LoginService:
        """The logins at the Login Service; see :meth:`LoginService.open` for a bearer without a request."""
        return self._state.logins

    def people(self) -> dict[str, Person]:
        """Return the users who may log in, by kind: ``user``, ``bot`` and ``sso_user``."""
        return people(self.settings)

    def secrets(self) -> set[str]:
        """Return every secret so far, for tests that look where none may be: keys, passwords, codes and tokens."""
        return self._state.secrets()

    def connections(self) -> dict[str, SandboxConnection]:
        """Return ready-made Airflow connections, by connection id.

        :raises RuntimeError: if it is not running.
        """
        return connections_to(self.settings, self.url)


class _Running:
    """One run of the server: its socket, its thread and its connections.

    :param state: what the sandbox remembers.
    :param listening: a bound socket.
    """

    def __init__(self, state: SandboxState, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self._socket = listening
        self._server = _Uvicorn(
            uvicorn.Config(
                build_application(state, self),
                # The front door adds a Date header from the sandbox's own clock.
                date_header=False,
                server_header=False,
                proxy_headers=False,
                access_log=False,
                log_config=None,
                log_level="error",
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self.thread = threading.Thread(target=self._run, name="liveperson-sandbox", daemon=True)

    def start(self) -> None:
        self.thread.start()
        self._server.ready.wait()
        if not self._server.started:
            raise RuntimeError("The sandbox did not start")

    def stop(self) -> None:
        loop = self._server.loop
        if loop is not None:
            # The loop may have ended by itself in the meantime.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._server.stopping.set)
        self.thread.join()

    async def pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.stopping.wait(), seconds)

    def hang_up(self, client: tuple[str, int]) -> None:
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and getattr(connection, "client", None) == client:
                transport.close()

    def wait_until_idle(self, seconds: float) -> bool:
        state = self._server.server_state

        async def idle() -> None:
            while state.connections or state.tasks:
                await asyncio.sleep(0.002)

        loop = self._server.loop
        if loop is None:
            return True
        waiting = asyncio.run_coroutine_threadsafe(asyncio.wait_for(idle(), seconds), loop)
        try:
            waiting.result()
        except TimeoutError:
            return False
        return True

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()
            self._server.ready.set()


class _Uvicorn(uvicorn.Server):
    """uvicorn that says when it listens, and stops on an event rather than by looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self.stopping = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.loop = asyncio.get_running_loop()
        self.ready.set()

    async def main_loop(self) -> None:
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close every connection; only those in use hold up the end, while uvicorn waits a tenth of a second anyway."""
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(_TURNS_TO_CLOSE):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
