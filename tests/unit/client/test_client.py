"""The client: one account, one credential, one session."""

from __future__ import annotations

import json

import pytest

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError, LivePersonError

AUDIT = "/api/account/{account_id}/configuration/metadata/audit"
QUERY = {"query": "{auditData(first:1){element}}"}


def test_it_holds_its_credential_once(connect):
    client = connect()
    assert client.credential is client.session.auth
    assert [name for name, value in vars(client).items() if value is client.credential] == []


def test_it_knows_its_account(connect, sandbox):
    assert connect().account_id == sandbox.settings.account_id


def test_a_request_of_ones_own_is_signed_and_read(connect, sandbox):
    answer = connect().request("post", "accountConfigReadOnly", AUDIT, json=QUERY, headers={"X-Mine": "1"})
    assert answer.status == 200
    assert answer.json()
    sent = sandbox.requests[-1]
    assert sent.method == "POST"
    assert sent.header("x-mine") == "1"
    assert sent.header("authorization")


def test_the_services_are_those_of_the_domain_api(connect, sandbox):
    services = connect().services()
    assert "accountConfigReadOnly" in services
    assert list(services) == sorted(services)


@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2", "login"])
def test_nothing_is_sent_after_close(connect, sandbox, audit_request, kind):
    client = connect(kind)
    assert client.call(audit_request, lambda answer: answer.status) == 200
    client.close()
    before = len(sandbox.requests)
    with pytest.raises(LivePersonError, match="closed"):
        client.call(audit_request, lambda answer: answer.status)
    assert len(sandbox.requests) == before
    assert client.stop.is_set


def test_close_twice_is_harmless(connect, audit_request):
    client = connect("login")
    client.call(audit_request, lambda answer: answer)
    client.close()
    client.close()


def test_the_clock_of_liveperson_is_known_after_an_answer(connect, audit_request):
    client = connect()
    assert client.clock_offset is None
    client.call(audit_request, lambda answer: answer)
    assert abs(client.clock_offset) < 60


def test_an_answer_of_the_domain_api_that_is_not_json_names_the_host(connect, sandbox, waits):
    sandbox.faults.add(kind="status", status=200, body="<html>", match="/service/", times=1000)
    with pytest.raises(InvalidResponseError, match="check that the host is LivePerson's") as caught:
        connect().base_url("accountConfigReadOnly")
    assert caught.value.field == "host"


def test_json_that_cannot_be_read_does_not_blame_the_host(connect, sandbox, waits):
    sandbox.faults.add(kind="status", status=200, body='{"a":', match="/service/", times=1000)
    with pytest.raises(InvalidResponseError, match="JSON that cannot be read") as caught:
        connect().base_url("accountConfigReadOnly")
    assert caught.value.field != "host"


@pytest.mark.parametrize("path", ["users", "/users?select=x", "/users#x"])
def test_a_path_is_only_a_path(connect, path):
    with pytest.raises(ConfigurationError) as caught:
        connect().request("GET", "accountConfigReadOnly", path)
    assert caught.value.field == "path"


def test_the_parsed_result_is_returned(connect, audit_request):
    def parse(answer: Answer) -> int:
        return len(json.loads(answer.body))

    assert connect().call(audit_request, parse) > 0
