"""A server that writes any bytes, valid HTTP or not."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

Script = Callable[[bytes], Iterable[bytes] | bytes]


class RawServer:
    """Reads a request, writes what a script returns, and reads the next request on the same connection.

    :param script: takes the head of a request and returns what to write: bytes, or chunks of bytes. After an empty
        chunk the connection is closed.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def wait_for(self, count: int, seconds: float = 30) -> bool:
        """Wait until that many requests have arrived."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.heads) >= count, seconds)

    def wait_until_alone(self, seconds: float = 30) -> bool:
        """Wait until no client is connected."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, seconds)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self._open.add(connected)
            threading.Thread(target=self._serve, args=(connected,), daemon=True).start()

    def _serve(self, connected: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError), connected, connected.makefile("rb") as stream:
                while head := _head(stream):
                    with self._changed:
                        self.heads.append(head)
                        self._changed.notify_all()
                    written = self.script(head)
                    for chunk in (written,) if isinstance(written, bytes) else written:
                        if not chunk:
                            return
                        connected.sendall(chunk)
        finally:
            with self._changed:
                self._open.discard(connected)
                self._changed.notify_all()


def _head(stream: Iterable[bytes]) -> bytes:
    lines = []
    length = 0
    for line in stream:
        lines.append(line)
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        if line == b"\r\n":
            stream.read(length)  # type: ignore[attr-defined]
            return b"".join(lines)
    return b""
