"""A whole check: of one connection or two, within its bounds, with its progress."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.diagnostics import checks
from airflow_provider_liveperson.diagnostics.checks import run_checks
from airflow_provider_liveperson.diagnostics.progress import Progress
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from devtools.raw_server import RawServer


def whole(body: object, *headers: bytes) -> bytes:
    text = json.dumps(body).encode()
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % len(text), b"", text])


def dripping() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    ended = threading.Event()
    while not ended.wait(0.01):
        yield b" "


def test_a_comparison_keeps_its_budget_whatever_drips(monkeypatch):
    asked = []

    def script(head: bytes) -> bytes | Iterator[bytes]:
        if b"/metadata/audit" not in head:
            entry = {"service": "accountConfigReadOnly", "account": "1", "baseURI": server.url[7:]}
            return whole({"baseURIs": [entry]})
        asked.append(head)
        if len(asked) <= 2:  # the looks of both checks
            return whole({"data": {"auditData": []}}, b"X-Total-Count: 0")
        return dripping()

    with RawServer(script) as server:
        for conn_id in ("ONE", "TWO"):
            about = {
                "conn_type": "liveperson_api_key",
                "host": server.url,
                "login": "key-of-the-test",
                "password": "secret-of-the-test",
                "extra": {
                    "account_id": "1",
                    "access_token": "token-of-the-test",
                    "access_token_secret": "token-secret-of-the-test",
                },
            }
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id}", json.dumps(about))
        found = run_checks(
            LivePersonHook.for_connection("one"),
            LivePersonHook.for_connection("two"),
            datasets=[DATASETS["audit_trail"]],
            seconds=1.0,
        )
        assert not found.ok
        assert server.wait_until_alone()
    assert len(asked) == 4  # of the comparison one for each side, which are read at the same time
    assert "in time" in str(found.comparison.datasets[0].sentence)


@pytest.mark.usefixtures("airflow_connections")
def test_two_connections_are_checked_together_and_then_compared():
    seen: list[Progress] = []
    report = run_checks(
        LivePersonHook.for_connection("liveperson_default"),
        LivePersonHook.for_connection("liveperson_app_jwt"),
        datasets=[DATASETS["users"], DATASETS["skills"]],
        on_progress=seen.append,
    )
    assert report.ok
    assert [it.connection for it in report.connections] == ["liveperson_default", "liveperson_app_jwt"]
    steps = [it.step for it in seen]
    assert steps == sorted(steps)
    assert {it.step: (it.done, it.total) for it in seen} == {"check": (4, 4), "compare": (2, 2)}


@pytest.mark.usefixtures("airflow_connections")
def test_progress_is_told_of_both_from_the_beginning(monkeypatch):
    """Also where the second one begins once the first is done."""
    seen: list[Progress] = []
    monkeypatch.setattr(checks, "run_within", lambda jobs, **_: [job() for job in jobs])
    run_checks(
        LivePersonHook.for_connection("liveperson_default"),
        LivePersonHook.for_connection("liveperson_app_jwt"),
        datasets=[DATASETS["users"], DATASETS["skills"]],
        on_progress=seen.append,
    )
    checked = [it for it in seen if it.step == "check"]
    assert checked[0] == Progress(step="check", done=0, total=4, current=[])
    assert {it.done for it in checked} == {0, 1, 2, 3, 4}
    assert {it.total for it in checked} == {4}


@pytest.mark.usefixtures("airflow_connections")
def test_one_connection_is_compared_with_nothing():
    report = run_checks(LivePersonHook.for_connection("liveperson_default"), datasets=[DATASETS["users"]])
    assert (report.ok, report.against, report.comparison) == (True, None, None)


@pytest.fixture(autouse=True)
def _patience(waits: list[float]) -> None:
    """Nothing is waited for."""
