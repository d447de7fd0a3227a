"""An SMTP server on this machine that keeps what it is sent."""

from __future__ import annotations

import email
import socketserver
import threading
from email import policy
from email.message import EmailMessage
from queue import SimpleQueue
from typing import Self


class Mailbox:
    """An SMTP server as a context manager: no TLS, no login, just enough of RFC 5321 for one mail at a time.

    :ivar mails: what has arrived, in order.
    """

    def __init__(self) -> None:
        self.mails: SimpleQueue[EmailMessage] = SimpleQueue()
        mails = self.mails

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say(b"220 ready")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self._say(b"354 go on")
                        lines = iter(self.rfile.readline, b".\r\n")
                        text = b"".join(one[1:] if one.startswith(b"..") else one for one in lines)
                        mails.put(email.message_from_bytes(text, policy=policy.default))
                    self._say(b"221 bye" if verb == b"QUIT" else b"250 fine")
                    if verb == b"QUIT":
                        return

            def _say(self, text: bytes) -> None:
                self.wfile.write(text + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def connection(self) -> str:
        """The Airflow connection of the type SMTP, as JSON."""
        host, port = self._server.server_address[:2]
        extra = '{"disable_ssl": true, "disable_tls": true, "from_email": "airflow@acme.test"}'
        return f'{{"conn_type": "smtp", "host": "{host!s}", "port": {port}, "extra": {extra}}}'

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
