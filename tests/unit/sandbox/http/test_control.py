from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from airflow_provider_liveperson import __version__

START = "2026-01-28T00:00:00Z"
END = "2026-01-29T00:00:00+00:00"


def control(server: Any, method: str, path: str, **options: Any) -> requests.Response:
    return requests.request(method, f"{server.url}/_sandbox/{path}", timeout=10, **options)


def test_health(sandbox: Any) -> None:
    health = control(sandbox(), "GET", "health").json()
    assert (health["status"], health["version"], health["account_id"]) == ("ok", __version__, "70000001")
    assert health["audit_rows"] == 200


def test_truth(sandbox: Any) -> None:
    server = sandbox()
    window = {"start": START, "end": END}
    start, end = datetime(2026, 1, 28, tzinfo=UTC), datetime(2026, 1, 29, tzinfo=UTC)
    rows = control(server, "GET", "truth/audit_trail", params=window).json()["rows"]
    assert rows == server.audit.truth(start, end)
    assert len(rows) == 40
    exported = control(server, "GET", "truth/audit_trail_export", params=window).json()["rows"]
    assert exported == server.audit.truth_export(start, end)
    unescaped = control(server, "GET", f"truth/audit_trail?start={START}&end={END}").json()["rows"]
    assert unescaped == rows


@pytest.mark.parametrize("start", ["", "yesterday", "2026-01-28T00:00:00"])
def test_truth_needs_a_window_with_offsets(sandbox: Any, start: str) -> None:
    answer = control(sandbox(), "GET", "truth/audit_trail", params={"start": start, "end": END})
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_settings_are_read_and_changed(sandbox: Any) -> None:
    server = sandbox()
    assert control(server, "GET", "settings").json()["audit_to_date"] == "inclusive"
    changed = control(
        server, "POST", "settings", json={"audit_to_date": "exclusive", "missing_permission": ["oauth1"]}
    )
    assert changed.status_code == 200
    assert changed.json()["audit_to_date"] == "exclusive"
    assert server.settings.missing_permission == {"oauth1"}
    assert server.ask("{auditData{element}}").status_code == 403


@pytest.mark.parametrize("wrong", [{"color": 1}, {"seed": 3}, {"audit_to_date": "sometimes"}, []])
def test_settings_refuse_what_does_not_fit(sandbox: Any, wrong: Any) -> None:
    server = sandbox()
    before = server.settings
    answer = control(server, "POST", "settings", json=wrong)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert server.settings == before


def test_faults_are_added_and_cleared(sandbox: Any) -> None:
    server = sandbox()
    fault = {"kind": "status", "status": 429, "retry_after": 3, "match": "/audit", "times": 5}
    assert control(server, "POST", "faults", json=fault).status_code == 201
    answer = server.ask("{auditData{element}}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert control(server, "DELETE", "faults").status_code == 204
    assert server.ask("{auditData{element}}").status_code == 200
    assert control(server, "POST", "faults", json={"kind": "explode"}).status_code == 400


def test_keys_rotate(sandbox: Any) -> None:
    server = sandbox()
    kid = control(server, "POST", "rotate-keys").json()["kid"]
    published = requests.get(f"{server.url}/sentinel/well-known/jwks", timeout=10).json()["keys"]
    assert published[0]["kid"] == kid
    assert [key["kid"].rpartition("-")[2] for key in published] == ["2", "1", "2", "1"]


def test_the_clock_is_set(sandbox: Any) -> None:
    server = sandbox()
    now = control(server, "POST", "clock-offset", json={"seconds": -5000}).json()["now"]
    assert abs(now - (time.time() - 5000)) < 5
    assert server.ask("{auditData{element}}").status_code == 401
    assert control(server, "POST", "clock-offset", json={"seconds": "soon"}).status_code == 400


def test_reset_returns_to_the_beginning(sandbox: Any) -> None:
    server = sandbox(audit_insert_rows=1)
    token = server.token()
    server.configure(clock_offset_seconds=1)
    server.revoke_tokens()
    server.rows(first=10, offset=10)
    server.faults.add(kind="drop")
    assert len(server.audit) == 201
    assert control(server, "POST", "reset").status_code == 204
    assert len(server.audit) == 200
    assert server.settings.clock_offset_seconds == 0
    assert server.requests == []
    assert server.with_token(token).status_code == 200


def test_the_request_log_says_what_was_asked(sandbox: Any) -> None:
    server = sandbox()
    server.export(limit=3, timezone="UTC")
    (shown,) = control(server, "GET", "requests").json()["requests"]
    assert (shown["method"], shown["status"], shown["authorization_scheme"]) == ("GET", 200, "OAuth")
    assert shown["url"] == server.audit_url + "/export?limit=3&timezone=UTC"
    assert "authorization" in shown["headers"]
    (kept,) = server.requests
    assert kept.url == shown["url"]
    assert "oauth_signature=" in kept.header("Authorization")


def test_the_request_log_keeps_bodies_in_process(sandbox: Any) -> None:
    server = sandbox()
    server.post_token("v2")
    assert b"grant_type=client_credentials" in server.requests[-1].body


def test_no_control_answer_shows_a_secret(sandbox: Any) -> None:
    server = sandbox()
    keys = server.settings
    secrets = [
        keys.app_secret,
        keys.access_token,
        keys.access_token_secret,
        keys.client_secret,
        keys.web_app_client_secret,
        keys.user_password,
        server.logins.open().bearer,
        server.grants.issue().access_token,
    ]
    url = f"{server.url}/sentinel/api/account/70000001/app/token"
    parameters = {
        "v": "1.0",
        "grant_type": "client_credentials",
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
    }
    token = requests.post(url, params=parameters, timeout=10).json()["access_token"]
    requests.post(url, params={**parameters, "client_secret": "mistyped-secret"}, timeout=10)
    requests.get(
        f"{server.url}/{token}/{keys.app_secret}", params={"x": keys.access_token_secret}, timeout=10
    )
    server.ask("{auditData{element}}")
    server.with_token(token)
    requests.post(server.audit_url, headers={"Authorization": token}, timeout=10)
    assert len(server.requests) == 6
    assert keys.client_secret in server.requests[0].url
    for path in ("requests", "settings", "health"):
        answer = control(server, "GET", path)
        assert answer.status_code == 200
        for secret in (*secrets, token, "mistyped-secret", "oauth_signature"):
            assert secret not in answer.text


def test_data_is_changed_by_dataset(sandbox: Any) -> None:
    server = sandbox()
    window = {"start": START, "end": END}

    def count(dataset: str) -> int:
        return len(control(server, "GET", f"truth/{dataset}", params=window).json()["rows"])

    before = count("agent_status_changes")
    added = control(server, "POST", "data/agent_status_changes", json={"insert": 3, "when": START})
    assert (added.status_code, len(added.json()["inserted"])) == (200, 3)
    assert count("agent_status_changes") == before + 3
    changed = control(server, "POST", "data/skills", json={"change": True})
    assert changed.json()["changed"] in server.config.truth("skills")
    assert server.config.revision("skills") > 171


@pytest.mark.parametrize(
    ("dataset", "payload", "status"),
    [
        ("color", {"insert": 1}, 404),
        ("audit_trail", {"change": True}, 400),
        ("audit_trail", {"insert": True}, 400),
        ("audit_trail", {"insert": 0}, 400),
        ("audit_trail", {}, 400),
        ("audit_trail", {"insert": 1, "when": "2026-01-28T00:00:00"}, 400),
        ("audit_trail", [], 400),
    ],
)
def test_what_cannot_be_changed_is_refused(sandbox: Any, dataset: str, payload: Any, status: int) -> None:
    answer = control(sandbox(), "POST", f"data/{dataset}", json=payload)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_the_truth_of_an_unknown_dataset_is_not_found(sandbox: Any) -> None:
    answer = control(sandbox(), "GET", "truth/color", params={"start": START, "end": END})
    assert (answer.status_code, "known: audit_trail" in answer.json()["message"]) == (404, True)
