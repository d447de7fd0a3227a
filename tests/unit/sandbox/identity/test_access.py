from __future__ import annotations

from typing import Any

import pytest
import requests

QUERY = {"query": "{auditData(first:1){element}}"}


def test_no_credential_is_not_authenticated(sandbox: Any) -> None:
    server = sandbox()
    for headers in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}):
        answer = requests.post(server.audit_url, json=QUERY, headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.json()["message"] == "Not Authenticated"


@pytest.mark.parametrize(("account", "status"), [("70000002", 401), ("x" * 21, 400), ("a-b", 400)])
def test_other_accounts(sandbox: Any, account: str, status: int) -> None:
    server = sandbox()
    url = server.audit_url.replace("70000001", account)
    assert requests.post(url, json=QUERY, auth=server.oauth(), timeout=10).status_code == status


@pytest.mark.parametrize("status", [403, 401])
@pytest.mark.parametrize("kind", ["oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"])
def test_a_credential_can_lack_the_permission(sandbox: Any, kind: str, status: int) -> None:
    server = sandbox(missing_permission={kind}, audit_forbidden_status=status)

    def answers(name: str) -> requests.Response:
        if name == "oauth1":
            return server.ask(QUERY["query"])
        if name == "web_app":
            return server.with_token(server.grants.issue().access_token)
        if name == "bearer":
            return server.with_token(server.logins.open().bearer)
        return server.with_token(server.token(name[-2:]))

    for name in ("oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"):
        answer = answers(name)
        assert answer.status_code == (status if name == kind else 200)
        if name == kind:
            assert answer.json()["message"] == "Not Authorized"


@pytest.mark.parametrize("accepted", ["oauth1", "app_jwt_v1", "app_jwt_v2", "web_app", "bearer"])
def test_each_way_in_can_be_the_only_one(sandbox: Any, accepted: str) -> None:
    server = sandbox(audit_auth={accepted})
    statuses = {
        "oauth1": server.ask(QUERY["query"]).status_code,
        "app_jwt_v1": server.with_token(server.token("v1")).status_code,
        "app_jwt_v2": server.with_token(server.token("v2")).status_code,
        "web_app": server.with_token(server.grants.issue().access_token).status_code,
        "bearer": server.with_token(server.logins.open().bearer).status_code,
    }
    assert statuses == {name: 200 if name == accepted else 401 for name in statuses}
