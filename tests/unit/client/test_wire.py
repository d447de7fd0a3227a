"""Whatever comes over the wire: it is read strictly, within bounds, and what it ends in is an error of the package."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import subprocess
import sys
import threading
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client import body, sender
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.fetching import Fetcher
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.retries import NO_RETRIES, RetrySchedule
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.diagnostics.probe import probe
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    ServiceUnavailableError,
)
from devtools.forward_proxy import ForwardProxy
from devtools.raw_server import RawServer, Script
from devtools.tls import Authority, TlsFront

SERVICES = ("s", "sentinel", "agentVep", "accountConfigReadOnly")
LONG = 30.0
OK = b"HTTP/1.1 200 OK\r\n"


def api_key() -> Credential:
    return ApiKeyCredential(app_key="key", app_secret="hush", access_token="t", access_token_secret="hush")


def app_jwt() -> Credential:
    return AppJwtCredential(client_id="id", client_secret="hush")


def login() -> Credential:
    return LoginCredential(user_name="pat", password="hush")


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, b"", body])


@contextmanager
def talking(
    script: Script,
    credential: Credential | None = None,
    *,
    schedule: RetrySchedule = NO_RETRIES,
    **about: object,
) -> Iterator[tuple[LivePersonClient, RawServer]]:
    """A client of a server that says what the script says, whoever asks for what."""
    with RawServer(script) as server:
        chosen = {"timeout": 5.0, "service_hosts": dict.fromkeys(SERVICES, server.url), **about}
        client = LivePersonClient(
            ClientSettings(account_id="70000001", host=server.url, **chosen),  # type: ignore[arg-type]
            credential or api_key(),
            schedule=schedule,
        )
        with closing(client):
            yield client, server


def get(path: str = "/x", **about: object) -> ApiRequest:
    return ApiRequest(method="GET", service="s", path=path, **about)  # type: ignore[arg-type]


def body_of(answer: Answer) -> bytes:
    if answer.file is None:
        return answer.body
    with answer.file as file:
        return file.read()


# -- requests --------------------------------------------------------------------------------------


def test_a_request_is_sent_in_one_piece():
    """Each piece would wait for Python's lock by itself, while the task reads other answers."""
    arrived: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connected, _ = listener.accept()
        with connected:
            arrived.append(connected.recv(1 << 16))
            connected.sendall(whole(b"{}"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        of_it = ClientSettings(account_id="70000001", host=url, service_hosts=dict.fromkeys(SERVICES, url))
        with closing(LivePersonClient(of_it, api_key(), schedule=NO_RETRIES)) as client:
            client.call(ApiRequest(method="POST", service="s", path="/x", json={"a": "b" * 2000}), body_of)
        thread.join()
    (request,) = arrived
    assert request.startswith(b"POST /x")
    assert request.endswith(b'"%b"}' % (b"b" * 2000))


# -- interim answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100\r\n\r\nHTTP/1.1 103 a\r\nX: y\r\n\r\nHTTP/1.1 199 b\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" * 20,
    ],
)
def test_interim_answers_are_skipped_and_every_answer_is_that_of_its_own_request(interim):
    """Taken for the answer, one would leave the real one to the next request on the same connection."""
    numbers = itertools.count()
    with talking(lambda head: interim + whole(b"%d" % next(numbers))) as (client, server):
        found = [client.call(get(), body_of) for _ in range(5)]
    assert found == [b"0", b"1", b"2", b"3", b"4"]
    assert len(server.heads) == 5


def test_interim_answers_without_end_are_an_unreadable_answer(waits):
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    with talking(lambda head: itertools.repeat(hints)) as (client, _), pytest.raises(InvalidResponseError):
        client.call(get(), body_of)


@pytest.mark.parametrize(
    "status", [b"101 Switching Protocols", b"205 Reset", b"206 Partial Content", b"226 x", b"304 x"]
)
def test_what_is_no_whole_answer_is_never_taken_for_an_empty_one(status, waits):
    with talking(lambda head: whole(b"", status=status)) as (client, _), pytest.raises(InvalidResponseError):
        client.call(get(), body_of)


def test_a_part_and_a_not_modified_are_for_who_asked_for_them():
    with talking(lambda head: whole(b"ab", status=b"206 Partial")) as (client, _):
        assert client.call(get(headers={"Range": "bytes=0-1"}), body_of) == b"ab"
    with talking(lambda head: b"HTTP/1.1 304 Not Modified\r\n\r\n") as (client, _):
        assert client.call(get(headers={"If-None-Match": '"1"'}), body_of) == b""


# -- lengths ---------------------------------------------------------------------------------------

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("to_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: 2, 3\r\n\r\nabc",
        OK + b"Content-Length: -2\r\n\r\nabc",
        OK + b"Content-Length: +3\r\n\r\nabc",
        OK + b"Content-Length: 3.0\r\n\r\nabc",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
        OK + b"Content-Length: 99\r\n\r\nabc",
        CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"FFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"7fffffffffffffff\r\nabc",
        CHUNKED + b"10000000000\r\nabc",
        CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
        CHUNKED + b"\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n",
        CHUNKED + b"3\r\nab",
        CHUNKED,
    ],
)
def test_a_length_that_is_none_is_an_unreadable_answer(answer, to_disk, waits):
    with talking(lambda head: [answer, b""]) as (client, _), pytest.raises(InvalidResponseError):
        client.call(get(to_disk=to_disk), body_of)


@pytest.mark.parametrize("to_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        CHUNKED + b"1;ext=1\r\na\r\n0002\r\nbc\r\n0\r\nTrailer: x\r\n\r\n",
        CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
        OK + b"Connection: close\r\n\r\nabc",
        OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"abc", mtime=0),
    ],
)
def test_what_is_allowed_is_read(answer, to_disk):
    last = b"" if b"Connection: close" in answer else b"\r\n"
    with talking(lambda head: [answer, b""] if not last else answer) as (client, _):
        assert client.call(get(to_disk=to_disk), body_of) == b"abc"


# -- size ------------------------------------------------------------------------------------------


@cache
def bomb(size: int) -> bytes:
    made = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    return b"".join([*(made.compress(block) for _ in range(size >> 20)), made.flush()])


@cache
def bomb_in_a_bomb(size: int) -> bytes:
    return gzip.compress(bomb(size))


def endless(first: bytes, chunk: bytes) -> Script:
    return lambda head: itertools.chain([first], itertools.repeat(chunk))


MB = 1 << 20


@pytest.mark.parametrize("to_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize(
    "script",
    [
        lambda head: OK + b"Content-Length: 1099511627776\r\n\r\n",
        lambda head: whole(bomb(64 * MB), b"Content-Encoding: gzip"),
        lambda head: whole(bomb_in_a_bomb(256 * MB), b"Content-Encoding: gzip, gzip"),
        endless(CHUNKED, b"100000\r\n" + bytes(MB) + b"\r\n"),
        endless(OK + b"Connection: close\r\n\r\n", bytes(MB)),
    ],
    ids=["announced", "bomb", "bomb in a bomb", "chunks without end", "no end at all"],
)
def test_an_answer_has_a_largest_size_and_is_not_asked_for_again(monkeypatch, script, to_disk, waits):
    monkeypatch.setattr(body, "MAX_BODY", 16 * MB)
    monkeypatch.setattr(body, "MAX_FILE", 16 * MB)
    script(b"")  # bombs are made before the client waits for them
    with talking(script, schedule=RetrySchedule()) as (client, server):
        with pytest.raises(InvalidResponseError, match="limit of 16 MiB") as caught:
            client.call(get(to_disk=to_disk), body_of)
        assert len(server.heads) == 1
    assert waits == []
    assert "GET s /x" in str(caught.value)


def test_a_bomb_takes_no_more_memory_than_the_largest_answer(monkeypatch):
    monkeypatch.setattr(body, "MAX_BODY", 32 * MB)
    packed = bomb(512 * MB)
    with talking(lambda head: whole(packed, b"Content-Encoding: gzip")) as (client, _):
        tracemalloc.start()
        try:
            with pytest.raises(InvalidResponseError, match="larger than"):
                client.call(get(), body_of)
            assert tracemalloc.get_traced_memory()[1] < 32 * MB + 3 * body.BODY_CHUNK
        finally:
            tracemalloc.stop()


# -- duration --------------------------------------------------------------------------------------


def dripping(first: bytes, drop: bytes) -> Script:
    """One drop every few milliseconds, so that no wait for the next byte is ever long."""

    def script(head: bytes) -> Iterator[bytes]:
        yield first
        ended = threading.Event()
        while not ended.wait(0.01):
            yield drop

    return script


DRIPS = {
    "status line": dripping(b"H", b"T"),
    "headers": dripping(OK + b"X: ", b"y"),
    "interim answer": dripping(b"HTTP/1.1 103 a\r\nX: ", b"y"),
    "body": dripping(OK + b"Content-Length: 100000\r\n\r\n", b"y"),
    "chunks": dripping(CHUNKED, b"1\r\ny\r\n"),
    "chunk size": dripping(CHUNKED + b"1;", b"y"),
    "trailers": dripping(CHUNKED + b"0\r\n", b"X: y\r\n"),
    "until the connection closes": dripping(OK + b"Connection: close\r\n\r\n", b"y"),
    "refusal": dripping(b"HTTP/1.1 400 Bad\r\nContent-Length: 100000\r\n\r\n", b"y"),
}


@pytest.mark.parametrize("to_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize("drip", DRIPS)
def test_a_request_ends_whatever_drips(monkeypatch, drip, to_disk):
    monkeypatch.setattr(sender, "MAX_REQUEST_TIMEOUTS", 0.02)
    monkeypatch.setattr(sender, "MAX_FILE_TIMEOUTS", 0.02)
    with talking(DRIPS[drip], timeout=5) as (client, server):
        with pytest.raises(LivePersonError) as caught:
            client.call(get(to_disk=to_disk), body_of)
        assert server.wait_until_alone()
    if drip != "refusal":
        assert type(caught.value) is ServiceUnavailableError
        assert "did not finish in time" in str(caught.value)
        assert caught.value.field == "timeout"


def test_what_is_late_is_asked_for_again(monkeypatch, waits):
    monkeypatch.setattr(sender, "MAX_REQUEST_TIMEOUTS", 0.04)
    numbers = itertools.count()

    def script(head: bytes) -> object:
        return whole(b"there") if next(numbers) == 2 else DRIPS["body"](head)

    with talking(script, schedule=RetrySchedule()) as (client, _):  # type: ignore[arg-type]
        assert client.call(get(), body_of) == b"there"
    assert waits == [5, 10]


@pytest.mark.parametrize("drip", DRIPS)
def test_a_budget_is_kept_whatever_drips(monkeypatch, drip):
    monkeypatch.setattr(sender, "_GRACE", 0.05)
    with RawServer(DRIPS[drip]) as server:
        about = ClientSettings(account_id="70000001", host=server.url, timeout=60)
        client = LivePersonClient(about, api_key(), schedule=NO_RETRIES, budget=0.1)
        with closing(client), pytest.raises(LivePersonError):
            client.services()
        assert server.wait_until_alone()


@pytest.mark.parametrize("drip", ["headers", "body", "chunks", "until the connection closes"])
def test_tls_and_a_proxys_tunnel_drip_no_longer(monkeypatch, tmp_path, drip):
    monkeypatch.setattr(sender, "MAX_REQUEST_TIMEOUTS", 0.04)
    authority = Authority(tmp_path)
    with (
        RawServer(DRIPS[drip]) as server,
        TlsFront(int(server.url.rpartition(":")[2]), authority.server()) as front,
        ForwardProxy() as proxy,
    ):
        for proxies in ({}, {"https": f"http://{proxy.netloc}"}):
            about = {"verify": str(authority.file), "proxies": proxies, "timeout": 5}
            client = LivePersonClient(
                ClientSettings(account_id="1", host=front.url, service_hosts={"s": front.url}, **about),
                api_key(),
                schedule=NO_RETRIES,
            )
            with closing(client), pytest.raises(ServiceUnavailableError, match="did not finish in time"):
                client.call(get(), body_of)


@pytest.mark.parametrize("drip", ["status line", "headers", "interim answer"])
def test_a_proxy_that_drips_ahead_of_its_tunnel_ends_too(monkeypatch, drip):
    monkeypatch.setattr(sender, "MAX_REQUEST_TIMEOUTS", 0.02)
    with RawServer(DRIPS[drip]) as proxy:
        about = ClientSettings(account_id="1", proxies={"https": proxy.url}, timeout=5)
        client = LivePersonClient(about, api_key(), schedule=NO_RETRIES)
        with closing(client), pytest.raises(ServiceUnavailableError, match="did not finish in time"):
            client.services()


def test_when_a_budget_is_spent_nothing_more_is_asked_but_a_logout():
    def script(head: bytes) -> object:
        if b"/login" in head:
            return _TOKEN
        return whole(b"{}") if b"/logout" in head else DRIPS["body"](head)

    with RawServer(script) as server:  # type: ignore[arg-type]
        hosts = dict.fromkeys(SERVICES, server.url)
        about = ClientSettings(account_id="70000001", host=server.url, service_hosts=hosts)
        client = LivePersonClient(about, login(), schedule=NO_RETRIES, budget=0.5)
        with closing(client):
            with pytest.raises(ServiceUnavailableError, match="did not finish in time"):
                client.call(get(), body_of)
            with pytest.raises(ServiceUnavailableError, match="time limit of this check has been reached"):
                client.call(get(), body_of)
        assert [head.split()[1].partition(b"?")[0].rpartition(b"/")[2] for head in server.heads] == [
            b"login",
            b"x",
            b"logout",
        ]


def test_the_watch_ends_with_its_client():
    with talking(lambda head: whole(b"x")) as (client, _):
        client.call(get(), body_of)
        watch = client._sender._watchdog._thread
    if watch is not None:
        watch.join(LONG)
        assert not watch.is_alive()


# -- close and failure -----------------------------------------------------------------------------


def outcome_in_thread(job: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(job())
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, ended


def silent(head: bytes) -> Iterator[bytes]:
    threading.Event().wait(LONG)
    yield b""


@pytest.mark.parametrize(
    "script",
    [
        silent,
        DRIPS["headers"],
        DRIPS["body"],
        DRIPS["until the connection closes"],
        lambda head: whole(b"", b"Retry-After: 100", status=b"429 Slow down"),
        lambda head: whole(b"", b"Retry-After: 100", status=b"503 Busy"),
        lambda head: whole(b"", status=b"500 Broken"),
    ],
    ids=["silence", "headers", "body", "open end", "rate limit", "busy", "broken"],
)
@pytest.mark.parametrize("make", [api_key, app_jwt])
def test_after_close_nothing_waits_and_nothing_is_asked(script, make):
    with talking(script, make(), schedule=RetrySchedule(), timeout=60) as (client, server):
        thread, ended = outcome_in_thread(lambda: client.call(get(), body_of))
        assert server.wait_for(1)
        client.close()
        thread.join(LONG)
        assert not thread.is_alive()
        assert isinstance(ended[0], LivePersonError)
        count = len(server.heads)
        with pytest.raises(LivePersonError, match="closed"):
            client.call(get(), body_of)
        assert len(server.heads) == count


def test_a_reading_that_ends_early_ends_what_it_has_under_way_and_leaves_its_client_in_use():
    def script(head: bytes) -> object:
        return whole(b"here") if b" /here " in head else silent(head)

    with talking(script, timeout=60, schedule=RetrySchedule()) as (client, server):  # type: ignore[arg-type]
        with Fetcher(client, 4) as fetcher:
            handed = [fetcher.submit(get(f"/{number}"), body_of) for number in range(4)]
            assert server.wait_for(4)
        for asked in handed:
            assert isinstance(asked.answer.exception(LONG), LivePersonError)
        assert client.call(get("/here"), body_of) == b"here"
        assert len(server.heads) == 5


def test_a_login_under_way_is_let_finish_and_is_logged_out():
    begun, go_on = threading.Event(), threading.Event()

    def script(head: bytes) -> bytes:
        if b"/login" in head:
            begun.set()
            assert go_on.wait(LONG)
            return whole(json.dumps({"bearer": "b", "csrf": "c", "sessionTTl": "60000"}).encode())
        return whole(b"{}")

    with talking(script, login(), timeout=60) as (client, server):
        thread, ended = outcome_in_thread(lambda: client.call(get(), body_of))
        assert begun.wait(LONG)
        closer, _ = outcome_in_thread(client.close)
        closer.join(0.2)
        go_on.set()
        closer.join(LONG)
        thread.join(LONG)
        assert isinstance(ended[0], LivePersonError)
        assert [head.split()[1].rpartition(b"/")[2].partition(b"?")[0] for head in server.heads] == [
            b"login",
            b"logout",
        ]


PROGRAM = """
import sys, threading
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.fetching import Fetcher
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.client.settings import ClientSettings

url = sys.argv[1]
key = ApiKeyCredential(app_key="k", app_secret="s", access_token="t", access_token_secret="u")
client = LivePersonClient(ClientSettings(account_id="1", host=url, service_hosts={"s": url}, timeout=3600), key)
with Fetcher(client, 4) as fetcher:
    for number in range(4):
        fetcher.submit(ApiRequest(method="GET", service="s", path=f"/{number}"), lambda answer: answer)
    sys.stdin.readline()
    raise SystemExit("the pull has failed")
"""


def test_a_failed_pull_lets_its_process_end():
    with RawServer(silent) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, server.url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.wait_for(4, 60)
            _, told = child.communicate("\n", timeout=60)
        finally:
            child.kill()
            child.wait()
        assert "the pull has failed" in told
        assert child.returncode == 1


# -- whatever comes --------------------------------------------------------------------------------

_TOKEN = whole(b'{"access_token":"t","expires_in":3600,"bearer":"b","csrf":"c"}')
_ODD_DATES = st.sampled_from(
    [
        b"Mon, 01 Jan 0001 00:00:00 +9999",
        b"Fri, 31 Dec 9999 23:59:59 -9959",
        b"Fri, 31 Dec 99999999999 23:59:59 GMT",
        b"Fri, 31 Dec 2026 23:59:59 +" + b"9" * 400,
        b"9" * 5000,
        b"1e9",
        b"-5",
    ]
)
_NUMBERS = st.integers(-(2**70), 2**70).map(lambda number: b"%d" % number) | st.just(b"9" * 4400)
_VALUES = (
    st.binary(max_size=60)
    | _ODD_DATES
    | _NUMBERS
    | st.sampled_from([b"chunked", b"gzip", b"deflate, gzip", b"br"])
)
_NAMES = st.sampled_from(
    [
        b"Content-Length",
        b"Transfer-Encoding",
        b"Content-Encoding",
        b"Content-Type",
        b"Date",
        b"Retry-After",
        b"Set-Cookie",
        b"Location",
        b"Connection",
        b"X-\xff\xfe",
        b"",
    ]
)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES).map(lambda pair: b": ".join(pair) + b"\r\n"), max_size=6)
_CODES = (100, 103, 200, 200, 200, 204, 206, 301, 304, 400, 401, 408, 429, 503, 999)
_LINES = [
    *(b"HTTP/1.1 %d x" % code for code in _CODES),
    b"HTTP/1.1 200",
    b"HTTP/1.0 200 OK",
    b"HTTP/9.9 200 OK",
    b"HTTP/1.1 2e2 OK",
    b"HTTP/1.1 -200 OK",
    b"\xff\xfe",
    b"",
]
_STATUS = st.sampled_from(_LINES) | st.binary(max_size=30)
_SIZES = st.sampled_from([b"3", b"0", b"-3", b"ffffffffffffffffffff", b"zz", b"", b"3;x=y"])
_CHUNK = st.tuples(_SIZES, st.binary(max_size=5)).map(lambda pair: b"%b\r\n%b\r\n" % pair)
_DEEP = st.sampled_from(
    [b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud83d"', b"\xff", b"{}", b"null", b"[1e999]"]
)
_BODIES = (
    st.binary(max_size=80)
    | st.lists(_CHUNK, max_size=4).map(b"".join)
    | st.binary(max_size=80).map(gzip.compress)
    | st.binary(max_size=80).map(lambda data: gzip.compress(data)[:-3])
    | _DEEP
)
_ANSWERS = st.builds(
    lambda status, headers, body: b"%b\r\n%b\r\n%b" % (status, b"".join(headers), body),
    _STATUS,
    _HEADERS,
    _BODIES,
) | st.binary(max_size=100)


@pytest.fixture(scope="module")
def hostile() -> Iterator[RawServer]:
    with RawServer(lambda head: b"") as server:
        yield server


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answer=_ANSWERS,
    make=st.sampled_from([api_key, app_jwt, login]),
    first=st.booleans(),
    to_disk=st.booleans(),
)
def test_nothing_but_errors_of_the_package_comes_of_whatever_comes(hostile, answer, make, first, to_disk):
    """First: also the token and the Domain API are answered so."""

    def script(head: bytes) -> list[bytes]:
        is_token = b"/token" in head or b"/login" in head
        return [_TOKEN if is_token and not first else answer, b""]

    hostile.script = script
    hosts = {} if first else dict.fromkeys(SERVICES, hostile.url)
    about = ClientSettings(account_id="70000001", host=hostile.url, timeout=2, service_hosts=hosts)
    with closing(LivePersonClient(about, make(), schedule=NO_RETRIES)) as client:
        for job in (
            lambda: client.call(get(to_disk=to_disk), body_of),
            lambda: client.request("GET", "s", "/x").json(),
            lambda: probe(client),
            client.services,
            client.credential.token,
        ):
            try:
                job()
            except LivePersonError as error:
                assert "hush" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "named",
    ["x..liveperson.net", ".liveperson.net", "a" * 64 + ".liveperson.net", "a." * 140 + "liveperson.net"],
)
def test_a_host_that_cannot_be_one_is_refused_by_name(named):
    def script(head: bytes) -> bytes:
        return whole(json.dumps({"service": "s", "account": "1", "baseURI": named}).encode())

    with RawServer(script) as server:
        about = ClientSettings(account_id="70000001", host=server.url)
        client = LivePersonClient(about, api_key(), schedule=NO_RETRIES)
        with closing(client), pytest.raises(LivePersonError, match="no credential is sent there"):
            client.call(get(), body_of)
    with pytest.raises(ConfigurationError, match="host must be a host"):
        LivePersonClient(ClientSettings(account_id="1", host=f"https://{named}"), api_key())


@pytest.mark.parametrize("path", ["/\ud83d", "/x y\x00", "/%zz", "/é"])
def test_a_path_that_cannot_be_sent_is_an_error_of_the_package(path):
    with talking(lambda head: whole(b"x")) as (client, _):
        try:
            client.request("GET", "s", path)
        except LivePersonError as error:
            assert "GET s" in str(error)  # noqa: PT017


# -- spaces ----------------------------------------------------------------------------------------


def test_a_space_in_a_query_is_sent_and_signed_as_rfc_5849_spells_it(sandbox, connect):
    with talking(lambda head: whole(b"x")) as (client, server):
        client.call(get(params={"q": "two words + more", "b c": "d"}), body_of)
        line = server.heads[0].partition(b"\r\n")[0]
    assert line == b"GET /x?q=two%20words%20%2B%20more&b%20c=d HTTP/1.1"


# -- what an error may not hold --------------------------------------------------------------------

_CUSTOMERS = b'{"stateChanges": [{"agentLoginName": "ann@example.org"}]}'


@pytest.mark.parametrize(
    "answer",
    [
        whole(_CUSTOMERS, status=b"206 Partial Content"),
        whole(_CUSTOMERS, status=b"226 x"),
        whole(_CUSTOMERS, status=b"299 x"),
        _CUSTOMERS + b"\r\n\r\n",  # the rest of an answer that was longer than it said
        b"HTTP/1.1 ann@example.org\r\n\r\n",
    ],
)
@pytest.mark.parametrize("to_disk", [False, True])
def test_an_answer_that_is_none_is_told_without_the_data_in_it(answer, to_disk, caplog):
    caplog.set_level("DEBUG", logger="airflow_provider_liveperson")
    with (
        talking(lambda head: [answer, b""]) as (client, _),
        pytest.raises(InvalidResponseError) as caught,
    ):
        client.call(get(to_disk=to_disk), body_of)
    assert "example.org" not in "".join(traceback.format_exception(caught.value)) + caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"null", b'{"a":\xff}', b"<html>"])
def test_what_a_reader_cannot_decode_is_an_error_of_the_package(body, waits):
    """Whoever reads an answer need not think of it."""

    def parse(answer: Answer) -> object:
        return msgspec.json.decode(answer.body, type=dict[str, int])

    with talking(lambda head: whole(body), schedule=RetrySchedule()) as (client, server):
        with pytest.raises(InvalidResponseError, match="is not what LivePerson documents") as caught:
            client.call(get(), parse)
        assert caught.value.status == 200
        assert len(server.heads) == 4  # it is asked for again
