"""A forward proxy like a company's: tunnels https, forwards http, may require a user and a password."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from devtools.tls import HOST, pump

_HOP_BY_HOP = {"connection", "proxy-authorization", "proxy-connection", "transfer-encoding", "content-length"}


class ForwardProxy:
    """A proxy on a free port. Use it as a context manager.

    :param user: the user who may use it, or None for everybody.
    :param password: the password of that user.
    """

    def __init__(self, *, user: str | None = None, password: str = "") -> None:
        self.asked: list[str] = []
        """The requests that it let through: ``CONNECT host:port``, or method and URL."""
        self.refused: list[str] = []
        wanted = f"{user}:{password}".encode()
        allowed = None if user is None else "Basic " + base64.b64encode(wanted).decode()
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self, allowed))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def netloc(self) -> str:
        """Its address and port."""
        return f"{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(proxy: ForwardProxy, allowed: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def log_message(self, *_: Any) -> None:
            pass

        def _may(self) -> bool:
            asked = f"{self.command} {self.path}"
            shown = self.headers.get("Proxy-Authorization")
            if allowed in (None, shown):
                proxy.asked.append(asked)
                return True
            proxy.refused.append(asked)
            body = f"who are you, {shown}?".encode()
            self.send_response(407)
            self.send_header("Proxy-Authenticate", 'Basic realm="acme"')
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True
            return False

        def do_CONNECT(self) -> None:
            if not self._may():
                return
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as target:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=pump, args=(target, self.connection), daemon=True)
                back.start()
                pump(self.connection, target)
                back.join()
            self.close_connection = True

        def _hand_on(self) -> None:
            if not self._may():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urlsplit(self.path)
            target = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=30)
            path = url.path + (f"?{url.query}" if url.query else "")
            kept = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
            target.request(self.command, path, body=body or None, headers=kept)
            answer = target.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            target.close()

        do_GET = do_POST = _hand_on

    return Handler
