"""What a browser could be tricked into, tried with raw requests, as only browsers choose these headers."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest
import requests

FAULT = json.dumps({"kind": "status", "match": "/metadata/audit", "status": 429})
OWN_PAGES = ("127.0.0.1", "localhost", "LOCALHOST.", "lp.localhost", "[::1]", "127.9.9.9")
LIVEPERSON = ("api.liveperson.net", "va.msghist.liveperson.net", "apac.livepersonapis.com", "liveperson.com")
STRANGERS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evillocalhost",
    "evil-liveperson.net",
    "api.liveperson.net.evil.example",
    "0.0.0.0",
    "192.168.0.7",
    "[::]",
    "2130706433",
)
UNREADABLE = (
    "",
    "127.0.0.1@evil.example",
    "evil.example#127.0.0.1",
    "[::1",
    "a b",
    "127.0.0.1:x",
    "..",
    "a,b",
)


def ask(
    server: Any, path: str, *, method: str = "GET", body: str = "", **headers: str
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        headers.setdefault("Host", server.url.partition("://")[2])
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() or None)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}
    finally:
        connection.close()


def service_path(server: Any) -> str:
    return f"/api/account/{server.settings.account_id}/service/agentVep/baseURI.json?version=1.0"


@pytest.mark.parametrize("path", ["control", "liveperson"])
@pytest.mark.parametrize("port", ["", ":8765", ":443"])
@pytest.mark.parametrize("host", [*OWN_PAGES, *LIVEPERSON])
def test_its_own_names_and_those_of_liveperson_are_answered(
    sandbox: Any, path: str, port: str, host: str
) -> None:
    server = sandbox()
    target = "/_sandbox/settings" if path == "control" else service_path(server)
    assert ask(server, target, Host=host + port)[0] == 200


@pytest.mark.parametrize("host", STRANGERS)
def test_another_name_is_refused_everywhere_and_leaves_no_trace(sandbox: Any, host: str) -> None:
    server = sandbox()
    server.faults.add(kind="status", match="", status=500)
    for path, method in (
        ("/_sandbox/requests", "GET"),
        ("/_sandbox/reset", "POST"),
        (service_path(server), "GET"),
    ):
        status, told = ask(server, path, method=method, Host=f"{host}:8765")
        assert status == 421
        assert f"--allow-host {host}" in told["message"]
    assert (server.requests, len(server.faults)) == ([], 1)


@pytest.mark.parametrize("host", UNREADABLE)
def test_a_host_that_cannot_be_one_is_refused(sandbox: Any, host: str) -> None:
    assert ask(sandbox(), "/_sandbox/health", Host=host)[0] == 400


@pytest.mark.parametrize("lines", [b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"])
def test_a_request_has_exactly_one_host(sandbox: Any, lines: bytes) -> None:
    server = sandbox()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as raw:
        raw.sendall(b"GET /_sandbox/health HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
        assert b" 400 " in raw.makefile("rb").readline()


def test_more_names_can_be_allowed_at_the_start_and_while_it_runs(sandbox: Any) -> None:
    server = sandbox(allowed_hosts="Sandbox,*.corp.example")
    for host, status in (
        ("sandbox", 200),
        ("sandbox:9999", 200),
        ("lp.corp.example", 200),
        ("corp.example", 421),
        ("evil.example", 421),
    ):
        assert ask(server, "/_sandbox/health", Host=host)[0] == status
    server.configure(allowed_hosts="*")
    assert ask(server, "/_sandbox/health", Host="evil.example")[0] == 200


@pytest.mark.parametrize(
    "source",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://api.liveperson.net"},
        {"Origin": "file://127.0.0.1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json"]
)
def test_no_other_page_moves_the_controls(sandbox: Any, source: dict[str, str], media_type: str) -> None:
    server = sandbox()
    before = server.settings
    for path, method, body in (
        ("faults", "POST", FAULT),
        ("faults", "DELETE", ""),
        ("settings", "POST", '{"pkce": "ignored"}'),
        ("conversations", "POST", '{"insert": 1}'),
        ("clock-offset", "POST", '{"seconds": 60}'),
        ("rotate-keys", "POST", ""),
        ("reset", "POST", ""),
    ):
        status, _ = ask(
            server, f"/_sandbox/{path}", method=method, body=body, Content_Type=media_type, **source
        )
        assert status == 403
    assert (server.settings, len(server.faults)) == (before, 0)


def test_another_page_cannot_ask_what_the_controls_know(sandbox: Any) -> None:
    assert ask(sandbox(), "/_sandbox/requests", Origin="http://evil.example")[0] == 403


def test_a_link_to_the_controls_may_be_followed(sandbox: Any) -> None:
    assert (
        ask(sandbox(), "/_sandbox/health", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] == 200
    )


@pytest.mark.parametrize(
    "media_type", ["text/plain", "text/plain;charset=utf-8", "multipart/form-data; boundary=x"]
)
def test_the_controls_take_no_body_that_is_not_said_to_be_json(sandbox: Any, media_type: str) -> None:
    server = sandbox()
    assert ask(server, "/_sandbox/faults", method="POST", body=FAULT, Content_Type=media_type)[0] == 415
    assert len(server.faults) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content_Type": "application/x-www-form-urlencoded"},  # as `curl -d` has it
        {"Content_Type": "application/json; charset=utf-8"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "same-origin"},
    ],
)
def test_programs_and_the_sandboxs_own_pages_move_the_controls(sandbox: Any, headers: dict[str, str]) -> None:
    server = sandbox()
    assert ask(server, "/_sandbox/faults", method="POST", body=FAULT, **headers)[0] == 201
    own = {**headers, "Origin": server.url}
    assert ask(server, "/_sandbox/faults", method="POST", body=FAULT, **own)[0] == 201


def post_token(server: Any, **headers: str) -> int:
    keys = server.settings
    answer = requests.post(
        f"{server.url}/sentinel/api/v2/account/{keys.account_id}/app/token",
        data={
            "grant_type": "client_credentials",
            "client_id": keys.client_id,
            "client_secret": keys.client_secret,
        },
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        timeout=10,
    )
    return answer.status_code


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "va.sentinel.liveperson.net"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "https://z1.le.liveperson.net"}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
def test_livepersons_own_requests_come_from_programs_and_known_pages(
    sandbox: Any, headers: dict[str, str], status: int
) -> None:
    server = sandbox()
    server.faults.add(kind="status", match="never-asked", status=500)
    assert post_token(server, **headers) == status
    assert len(server.requests) == (status == 200)
