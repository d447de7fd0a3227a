"""Whatever an S3 endpoint answers becomes an error of this package that says what to do, or what was asked for."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import s3 as stores
from airflow_provider_liveperson.landing.s3 import S3Store
from airflow_provider_liveperson.landing.stores import ConflictError, RefusedError


class Endpoint:
    """Answers every request with the same bytes, and closes."""

    def __init__(self) -> None:
        self.answer = b""
        self.requests: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                with connection, contextlib.suppress(OSError):
                    self.requests.append(_request(connection))
                    connection.sendall(self.answer)

    def close(self) -> None:
        self._listening.close()


def _request(connection: socket.socket) -> bytes:
    """Read a request with its body, so that closing does not reset what is on its way."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if b"expect: 100-continue" in head.lower():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.splitlines() if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length and (more := connection.recv(65536)):
        body += more
    return data


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.close()


@pytest.fixture(scope="module")
def store(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Store]:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        patch.setenv("AWS_CONFIG_FILE", str(tmp_path_factory.mktemp("aws") / "none"))
        made = S3Store("lake", lambda: S3Hook(aws_conn_id=None))
        _ = made._client
        yield made


ACTS = {
    "fetch": lambda store: store.fetch("f/k"),
    "digest": lambda store: store.digest("f/k"),
    "entries": lambda store: store.entries("f"),
    "folders": lambda store: store.folders("f"),
    "create": lambda store: store.create("f/k", io.BytesIO(b"x")),
    "write": lambda store: store.write("f/k", b"x"),
    "swap": lambda store: store.swap("f/k", b"x", None),
    "copy": lambda store: store.copy("f/k", "f/l", None),
    "delete": lambda store: store.delete(["f/k"]),
}
EVERY_ACT = pytest.mark.parametrize("act", ACTS)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def error(status: str, code: str, message: str = "no") -> bytes:
    return http(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())


def listing(contents: str, more: str = "<IsTruncated>false</IsTruncated>") -> bytes:
    return http("200 OK", f"<ListBucketResult>{more}{contents}</ListBucketResult>".encode())


BOMB = (
    '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{of};" * 20}">' for of, name in zip("abcdefg", "bcdefgh", strict=True))
    + "]><ListBucketResult><Page><Key>&h;</Key></Page></ListBucketResult>"
).encode()

HOSTILE = {
    "moved": error("301 Moved Permanently", "PermanentRedirect"),
    "moved, with a region": http("301 Moved Permanently", b"", "x-amz-bucket-region: nowhere-9"),
    "moved to itself": http("307 Temporary Redirect", b"", "Location: http://127.0.0.1:9/"),
    "moved without a word": http("301 Moved Permanently"),
    "no XML": http("500 Internal Server Error", b"<html>"),
    "no XML, but well": http("200 OK", b"\x00\xff<<<"),
    "an error without a code": http("400 Bad Request", b"<Error/>"),
    "an error of lists": http("403 Forbidden", b"<Error><Code><x/></Code><Code>2</Code></Error>"),
    "a bomb": http("200 OK", BOMB),
    "nesting": http("200 OK", b"<a>" * 50_000),
    "sizes that are none": listing("<Page><Key>f/k</Key><Size>many</Size></Page>"),
    "sizes beyond all": listing(f"<Page><Key>f/k</Key><Size>{'9' * 5000}</Size></Page>"),
    "a date that is none": listing(
        "<Page><Key>f/k</Key><Size>1</Size><LastModified>then</LastModified></Page>"
    ),
    "a year that is none": listing(
        "<Page><Key>f/k</Key><Size>1</Size><LastModified>99999-01-01T00:00:00Z</LastModified></Page>"
    ),
    "an entry without anything": listing("<Page/>"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "a body that breaks off": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<List",
    "a chunk that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nx\r\n",
    "lengths that differ": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
    "a length beyond all": f"HTTP/1.1 200 OK\r\nContent-Length: {'9' * 5000}\r\n\r\n".encode(),
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a header beyond all": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "a thousand headers": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n",
}


@EVERY_ACT
@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
def test_nothing_but_an_error_of_this_package_comes_of_it(store, endpoint, act, answer):
    endpoint.answer = answer
    told = came_of(lambda: ACTS[act](store))
    if told is not None:
        assert "s3://lake/f" in told
        assert "hush" not in told
        assert len(told) < 2000
        assert "\n" not in told


def came_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except StorageError as error:
        return str(error)
    return None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.sampled_from(["200 OK", "206 Partial", "301 x", "403 x", "404 x", "409 x", "412 x", "500 x"]),
    body=st.binary(max_size=60)
    | st.from_regex(rb"\A<(Error|ListBucketResult|DeleteResult)>(<(Code|Key|Size|Page)>[^<>&]?){0,4}\Z"),
    act=st.sampled_from(sorted(ACTS)),
)
def test_whatever_it_answers(store, endpoint, status, body, act):
    endpoint.answer = http(status, body)
    with contextlib.suppress(StorageError):
        ACTS[act](store)


def test_a_bucket_elsewhere_is_told_as_such(store, endpoint):
    endpoint.answer = error("301 Moved Permanently", "PermanentRedirect")
    with pytest.raises(StorageError, match="is in another region, or behind another endpoint") as caught:
        store.fetch("f/k")
    assert caught.value.field == "aws_conn_id"


@pytest.mark.parametrize(
    ("code", "says", "field", "permanent"),
    [
        ("InvalidAccessKeyId", "does not accept the AWS key of", "aws_conn_id", True),
        ("SignatureDoesNotMatch", "does not accept the AWS key of", "aws_conn_id", True),
        ("InvalidToken", "does not accept the AWS key of", "aws_conn_id", True),
        ("ExpiredToken", "The AWS key of .* has expired", "aws_conn_id", None),
        ("AccessDenied", "lacks a permission .* or a policy requires", "bucket", True),
        ("NoSuchBucket", "There is no bucket 'lake'", "bucket", True),
        ("InvalidBucketName", "cannot be a bucket's name", "bucket", True),
        ("SlowDown", "asked to slow down", "bucket", None),
    ],
)
@EVERY_ACT
def test_each_refusal_is_told_with_its_field_and_whether_it_can_heal(
    store, endpoint, act, code, says, field, permanent
):
    endpoint.answer = error("503 Slow Down" if code == "SlowDown" else "403 Forbidden", code)
    with pytest.raises(StorageError, match=says) as caught:
        ACTS[act](store)
    assert (caught.value.field, caught.value.permanent) == (field, permanent)
    assert isinstance(caught.value, RefusedError) == (code != "SlowDown")
    assert "it needs" not in str(caught.value)


def test_the_connection_is_named(endpoint, monkeypatch):
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    extra = f'{{"endpoint_url": "{endpoint.url}", "region_name": "us-east-1"}}'
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWS_LAKE",
        f'{{"conn_type": "aws", "login": "a", "password": "hush-hush", "extra": {extra}}}',
    )
    endpoint.answer = error("403 Forbidden", "InvalidAccessKeyId")
    with pytest.raises(StorageError, match="does not accept the AWS key of connection 'aws_lake'"):
        S3Store("lake", lambda: S3Hook(aws_conn_id="aws_lake")).fetch("f/k")


@pytest.mark.parametrize("code", ["412 Precondition Failed", "409 Conflict"])
@pytest.mark.parametrize("act", ["create", "swap", "copy"])
def test_a_condition_that_is_not_met_is_a_conflict(store, endpoint, act, code):
    endpoint.answer = error(code, "PreconditionFailed" if "412" in code else "ConditionalRequestConflict")
    with pytest.raises(ConflictError):
        ACTS[act](store)


def test_a_listing_without_an_end_ends(store, endpoint, monkeypatch):
    monkeypatch.setattr(stores, "_MAX_PAGES", 5)
    token = "<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"
    endpoint.answer = listing("", token)
    with pytest.raises(StorageError, match="s3://lake/f"):
        store.entries("f")


def test_an_object_larger_than_any_manifest_is_not_read(store, endpoint, monkeypatch):
    monkeypatch.setattr(stores, "MAX_READ", 100)
    endpoint.answer = http("200 OK", b"x" * 101)
    with pytest.raises(StorageError, match="more than 100 bytes"):
        store.fetch("f/k")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, (10, 30, {"mode": "standard", "total_max_attempts": 8})),
        ({"read_timeout": 5}, (10, 5, {"mode": "standard", "total_max_attempts": 8})),
        (
            {"retries": {"mode": "adaptive", "max_attempts": 2}, "connect_timeout": 1},
            (1, 30, {"mode": "adaptive", "total_max_attempts": 3}),
        ),
    ],
)
def test_the_connection_decides_how_long_to_wait_and_the_rest_has_bounds(monkeypatch, told, expected):
    import json

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    extra = {"region_name": "us-east-1", "config_kwargs": told}
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWS_LAKE",
        json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": extra}),
    )
    config = S3Store("lake", lambda: S3Hook(aws_conn_id="aws_lake"))._client.meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries) == expected
