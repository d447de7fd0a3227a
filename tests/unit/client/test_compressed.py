"""A compressed answer that lacks its end is no answer, however well it is framed."""

from __future__ import annotations

import gzip
import io
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.compressed import has_ended
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import InvalidResponseError

TEXT = b'[{"id":1,"name":"one"},{"id":2,"name":"two"}]' + bytes(range(256)) * 3


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return made.compress(data) + made.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "two codings": ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
    "two members": ("gzip", lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:])),
}
every_coding = pytest.mark.parametrize("name", CODINGS)


def read(coding: str, body: bytes) -> urllib3.HTTPResponse:
    response = urllib3.HTTPResponse(
        io.BytesIO(body), headers={"content-encoding": coding}, preload_content=False
    )
    response.read(decode_content=True)
    return response


@every_coding
@given(data=st.data())
def test_a_stream_has_ended_exactly_when_all_of_it_is_there(name, data):
    coding, compress = CODINGS[name]
    body = compress(TEXT)
    length = data.draw(st.integers(1, len(body)))
    if name == "two members" and length == len(gzip.compress(TEXT[:50])):
        return  # nobody can know of the second
    assert has_ended(read(coding, body[:length])) is (length == len(body))


def test_what_is_behind_a_whole_gzip_stream_is_no_part_of_it():
    body = gzip.compress(TEXT) + b"\0\0\0\0"
    response = urllib3.HTTPResponse(
        io.BytesIO(body), headers={"content-encoding": "gzip"}, preload_content=False
    )
    with suppress(zlib.error):  # of zlib 1.3.2 and later
        response.read(decode_content=True)
    assert has_ended(response)


@pytest.mark.parametrize("coding", ["", "identity", "something"])
def test_without_a_compression_there_is_no_end_to_miss(coding):
    assert has_ended(read(coding, TEXT))


class _Handler(BaseHTTPRequestHandler):
    """Answers the Domain API, and everything else with what the test wants, in one chunk that is whole."""

    body = b""
    coding = "gzip"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        if "baseURI" in self.path:
            host = f"127.0.0.1:{self.server.server_address[1]}"
            self._give(b'{"service":"s","account":"1","baseURI":"%s"}' % host.encode())
            return
        self.send_header("Content-Encoding", self.coding)
        self._give(self.body)

    def _give(self, body: bytes) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def client(waits: list[float]) -> Iterator[LivePersonClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    key = ApiKeyCredential(app_key="k", app_secret="s", access_token="t", access_token_secret="u")
    made = LivePersonClient(ClientSettings(account_id="1", host=url, service_hosts={"s": url}), key)
    yield made
    made.close()
    server.shutdown()
    thread.join()
    server.server_close()


@every_coding
@pytest.mark.parametrize("to_disk", [False, True])
def test_a_cut_stream_is_noticed_in_memory_and_on_disk(client, waits, monkeypatch, name, to_disk):
    coding, compress = CODINGS[name]
    whole = compress(TEXT)
    monkeypatch.setattr(_Handler, "coding", coding)

    def ask(body: bytes) -> bytes:
        monkeypatch.setattr(_Handler, "body", body)
        request = ApiRequest(method="GET", service="s", path="/x", to_disk=to_disk)
        return client.call(request, _bytes_of)

    assert ask(whole) == TEXT
    assert waits == []
    with pytest.raises(InvalidResponseError, match="cut short"):
        ask(whole[:-6])
    assert waits == [5, 10, 15]


def test_padding_behind_a_gzip_stream_is_skipped_or_refused_in_words(client, monkeypatch):
    monkeypatch.setattr(_Handler, "body", gzip.compress(TEXT) + b"\0\0\0\0")
    try:
        found = client.call(ApiRequest(method="GET", service="s", path="/x"), _bytes_of)
    except InvalidResponseError:
        found = None  # zlib 1.3.2 and later
    assert found in (TEXT, None)


def _bytes_of(answer: Answer) -> bytes:
    if answer.file is None:
        return answer.body
    with answer.file as file:
        return file.read()
