"""Why a request failed, as users are told."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import RemoteDisconnected

import pytest
import requests
import urllib3

from airflow_provider_liveperson.client import wire
from airflow_provider_liveperson.client.causes import MAX_DEPTH, cause_of
from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import ServiceUnavailableError

POOL = urllib3.connectionpool.HTTPSConnectionPool("va.example", 443)
CONNECTION = urllib3.connection.HTTPConnection("va.example", 80)


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    POOL,
                    "/path?secret=hush",
                    caused(
                        urllib3.exceptions.NewConnectionError(CONNECTION, "Failed to establish: no"),
                        OSError(101, "Network is unreachable"),
                    ),
                )
            ),
            "Network is unreachable",
        ),
        (
            urllib3.exceptions.NewConnectionError(CONNECTION, "Failed to establish a new connection"),
            "Failed to establish a new connection",
        ),
        (urllib3.exceptions.ReadTimeoutError(POOL, "/p", "Read timed out."), "Read timed out."),
        (
            urllib3.exceptions.ConnectTimeoutError(CONNECTION, "va.example timed out."),
            "va.example timed out.",
        ),
        (
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError(
                    "Connection aborted.", RemoteDisconnected("Remote end closed")
                )
            ),
            "Remote end closed",
        ),
        (requests.exceptions.ChunkedEncodingError("the body ends early"), "the body ends early"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_is_at_the_bottom(error, cause):
    assert cause_of(error) == cause


def test_what_refers_to_itself_ends():
    error = ValueError("one")
    other = ValueError(error)
    error.args = (other,)
    assert cause_of(error) == "ValueError"
    deep = ValueError("bottom")
    for _ in range(MAX_DEPTH - 1):
        deep = ValueError(deep)
    assert cause_of(deep) == "bottom"


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port of this machine on which nobody listens, and which nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("through", ["http", "https", "proxy"])
def test_a_dead_server_is_told_by_its_host_and_the_cause_only(free_port, through, monkeypatch):
    dead = f"{'https' if through == 'https' else 'http'}://127.0.0.1:{free_port}"
    about = {"host": dead}
    if through == "proxy":
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        about = {"host": "https://api.liveperson.net", "proxies": {"https": dead}}
    client = LivePersonClient(
        ClientSettings(account_id="70000001", timeout=5.0, **about),
        AppJwtCredential(client_id="some-client", client_secret="hush-hush"),
        schedule=NO_RETRIES,
    )
    with closing(client), pytest.raises(ServiceUnavailableError) as raised:
        client.services()
    told = str(raised.value)
    assert about["host"].partition("://")[2] in told
    assert "(Connection refused)" in told
    classes = [name for name, value in vars(wire).items() if isinstance(value, type)]
    assert [name for name in classes if re.search(rf"\b{name}\b", told)] == []
    assert not re.search(r"Pool|Errno|0x|version=", told)
