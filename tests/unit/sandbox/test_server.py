from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.apis.registry import APIS

SMALL = SandboxSettings(seed=7, audit_rows=10, days=1)


def test_it_answers_on_loopback_until_it_stops() -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "liveperson-sandbox"}
    with SandboxServer(SMALL) as server:
        url = server.url
        assert url.startswith("http://127.0.0.1:")
        answer = requests.get(url + "/_sandbox/health", timeout=10)
        assert answer.status_code == 200
        assert "Server" not in answer.headers
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url + "/_sandbox/health", timeout=10)
    assert {thread for thread in threading.enumerate() if thread.name == "liveperson-sandbox"} == before
    with pytest.raises(RuntimeError, match="is not running"):
        _ = server.url


def test_it_can_start_again_and_keeps_its_state() -> None:
    server = SandboxServer(SMALL)
    for _ in range(2):
        with server:
            requests.get(server.url + "/nowhere", timeout=10)
    assert [recorded.status for recorded in server.requests] == [404, 404]
    server.stop()


def test_it_cannot_start_twice() -> None:
    with SandboxServer(SMALL) as server, pytest.raises(RuntimeError, match="is already running"):
        server.start()


def test_a_taken_port_is_an_error_and_a_chosen_one_is_used() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            SandboxServer(SMALL, port=port).start()
    with SandboxServer(SMALL, port=port) as server:
        assert server.url == f"http://127.0.0.1:{port}"


def test_a_connection_left_open_does_not_hold_up_the_stop() -> None:
    with SandboxServer(SMALL) as server:
        session = requests.Session()
        session.get(server.url + "/_sandbox/health", timeout=10)
        idle = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    idle.close()
    session.close()


def test_where_no_request_is_under_way_nothing_waits_for_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep, waited = asyncio.sleep, []

    async def noted(seconds: float, *result: Any) -> Any:
        waited.append(seconds)
        return await sleep(seconds, *result)

    monkeypatch.setattr(asyncio, "sleep", noted)
    with requests.Session() as session, SandboxServer(SMALL) as server:
        assert session.get(server.url + "/_sandbox/health", timeout=10).ok
    assert set(waited) <= {0}


def test_slow_requests_do_not_wait_for_each_other(sandbox: Any) -> None:
    server = sandbox(latency_ms=300)
    server.rows(first=1)
    with ThreadPoolExecutor(10) as pool:
        sizes = list(pool.map(lambda number: len(server.rows(first=number)), range(1, 11)))
    assert sizes == list(range(1, 11))
    started = [recorded.started for recorded in server.requests[1:]]
    ended = [recorded.started + (recorded.seconds or 0) for recorded in server.requests[1:]]
    assert max(started) < min(ended)


def test_two_sandboxes_do_not_meet(sandbox: Any) -> None:
    first, second = sandbox(), sandbox(seed=8)
    first.faults.add(kind="status", status=500)
    assert second.ask("{auditData{element}}").status_code == 200
    assert requests.post(second.audit_url, auth=first.oauth(), timeout=10).status_code == 401
    assert len(first.requests) == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/api/account/70000001/configuration/metadata/audit", 405)],
)
def test_what_is_not_served_is_refused_in_json(sandbox: Any, method: str, path: str, status: int) -> None:
    answer = requests.request(method, sandbox().url + path, timeout=10)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_it_is_idle_once_nobody_is_connected_and_nothing_is_being_answered():
    with (
        SandboxServer() as server,
        socket.create_connection(("127.0.0.1", urlsplit(server.url).port)) as waits,
    ):
        waits.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert waits.recv(1)
        assert not server.wait_until_idle(0.01)
        waits.close()
        assert server.wait_until_idle(30)


WINDOW = (datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def data() -> SandboxServer:
    """A sandbox that is not running: its data can be read and changed all the same."""
    return SandboxServer(
        SandboxSettings(
            seed=7, audit_rows=6, status_changes=6, conversations=6, agents=5, days=2, until=date(2026, 2, 1)
        )
    )


@pytest.mark.parametrize("dataset", ["audit_trail", "agent_status_changes", "messaging_interactions"])
def test_records_are_added_to_any_dataset_by_its_name(data: SandboxServer, dataset: str) -> None:
    before = len(data.truth(dataset, *WINDOW))
    assert len(data.insert(dataset, 3, NOON)) == 3
    assert len(data.truth(dataset, *WINDOW)) == before + 3
    data.reset()
    assert len(data.truth(dataset, *WINDOW)) == before


@pytest.mark.parametrize("dataset", ["users", "skills", "agent_groups", "messaging_interactions"])
def test_a_record_of_a_dataset_changes(data: SandboxServer, dataset: str) -> None:
    before = data.truth(dataset, *WINDOW)
    assert data.change(dataset)
    assert data.truth(dataset, *WINDOW) != before or dataset == "messaging_interactions"
    data.reset()
    assert data.truth(dataset, *WINDOW) == before


def test_what_cannot_be_done_to_a_dataset_is_said(data: SandboxServer) -> None:
    with pytest.raises(ValueError, match="Records of audit_trail do not change"):
        data.change("audit_trail")
    with pytest.raises(ValueError, match="Records cannot be added to users"):
        data.insert("users", 1)
    for act in (data.change, lambda name: data.insert(name, 1), lambda name: data.truth(name, *WINDOW)):
        with pytest.raises(KeyError, match="no dataset 'color'; known: audit_trail"):
            act("color")


def test_an_api_is_found_by_its_name_and_by_its_alias(data: SandboxServer) -> None:
    for api in APIS:
        found = data.api(api.name)
        assert type(found) is api
        assert data.apis()[api.name] is found
        if api.alias is not None:
            assert getattr(data, api.alias) is found.data
    with pytest.raises(KeyError):
        data.api("color")
    with pytest.raises(AttributeError, match="no attribute 'color'"):
        _ = data.color


def test_only_the_api_that_is_asked_makes_data(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noted(reset: Callable[[Api[Any]], None]) -> Callable[[Api[Any]], None]:
        def reset_and_note(api: Api[Any]) -> None:
            made.append(api.name)
            reset(api)

        return reset_and_note

    for api in APIS:
        monkeypatch.setattr(api, "reset", noted(api.reset))
    server = SandboxServer(SMALL)
    for _ in range(2):
        server.reset()
        server.configure(source_rule="lenient")
        server.truth("users", *WINDOW)
        server.change("users")
    assert made == ["account_config", "account_config"]
