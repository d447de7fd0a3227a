"""HTTP/1.1 read from the wire, more strictly than http.client does.

What http.client accepts and this does not: interim answers (1xx other than 100), which it returns as if they were the
answer, so that the real answer is taken for that of the next request; and lengths and chunk sizes that are not numbers
or contradict each other, after which it reads for as long as data arrives.
"""

from __future__ import annotations

import http.client
import re
import socket
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from airflow_provider_liveperson.client.exchange import current_exchange

MAX_INTERIM_ANSWERS = 32
_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*\r?\n?")
_SWITCHING_PROTOCOLS = 101


class MalformedAnswerError(http.client.HTTPException):
    """An answer that HTTP/1.1 does not allow (RFC 9112)."""


class Response(http.client.HTTPResponse):
    """An answer without its interim answers, and with valid lengths."""

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MAX_INTERIM_ANSWERS):
            try:
                version, status, reason = super()._read_status()  # type: ignore[misc]
            except http.client.RemoteDisconnected:
                raise
            except http.client.BadStatusLine:  # which quotes the line: it may be customers' data
                raise MalformedAnswerError("the answer does not begin with an HTTP status line") from None
            if not 100 <= status < 200 or status == _SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise MalformedAnswerError(f"more than {MAX_INTERIM_ANSWERS} interim answers (1xx) and no final one")

    def begin(self) -> None:
        if self.headers is not None:
            return
        super().begin()
        if self.status == _SWITCHING_PROTOCOLS:
            raise MalformedAnswerError("the answer switches to another protocol, which was not requested")
        lengths = {
            length.strip()
            for value in self.headers.get_all("Content-Length", ())
            for length in str(value).split(",")
        }
        if len(lengths) > 1:
            raise MalformedAnswerError("the answer has several lengths that differ")
        if any(not _LENGTH.fullmatch(length) for length in lengths):
            raise MalformedAnswerError("the answer's Content-Length is not a valid length")

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(65537)
        found = _CHUNK_SIZE.fullmatch(line.partition(b";")[0])
        if found is None or len(line) > 65536:
            self._close_conn()  # type: ignore[attr-defined]
            if not line:
                raise http.client.IncompleteRead(b"")
            raise MalformedAnswerError("a chunk of the answer has a size that is not a number")
        return int(found[1], 16)


class _Plain(HTTPConnection):
    response_class = Response
    _pieces: list[bytes] | None = None

    def connect(self) -> None:
        super().connect()
        _note(self.sock)

    def getresponse(self) -> Any:
        _note(self.sock)
        return super().getresponse()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request in one piece: after each, a thread waits until another one lets it run Python again."""
        _note(self.sock)
        self._pieces = []
        try:
            super().request(*args, **kwargs)
            whole = b"".join(self._pieces)
        finally:
            self._pieces = None
        self.send(whole)

    def send(self, data: Any) -> None:
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)

    def _tunnel(self) -> None:
        _note(self.sock)
        super()._tunnel()


class _Secure(_Plain, HTTPSConnection):
    """The same, secured: by the order of its bases, the methods of :class:`_Plain` come first."""


def _note(connected: socket.socket | None) -> None:
    if connected is not None and (exchange := current_exchange()) is not None:
        exchange.use_socket(connected)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class Adapter(HTTPAdapter):
    """Sends requests, directly or through a proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def close(self) -> None:
        """Close all connections now: urllib3 waits until nothing refers to their pool, such as an error's traceback."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - not a dict: it cannot be iterated itself
                if (pool := manager.pools.get(key)) is not None:
                    pool.close()
        super().close()
