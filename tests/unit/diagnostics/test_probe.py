"""The connection test says which field is at fault."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.diagnostics.probe import BUDGET, probe, probe_within
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RequestRejectedError,
    ServiceUnavailableError,
)

KINDS = pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2", "app_jwt_v1"])


@pytest.fixture
def fails(connect, waits):
    """Runs the check and gives the error that it must end in."""

    def run(kind: str = "api_key", **choices) -> LivePersonError:
        with pytest.raises(LivePersonError) as caught:
            probe(connect(kind, schedule=NO_RETRIES, budget=BUDGET, **choices))
        assert waits == []
        return caught.value

    return run


@KINDS
def test_it_works(sandbox, connect, kind):
    said = probe(connect(kind, schedule=NO_RETRIES, budget=BUDGET))
    assert said == "LivePerson account 70000001: the credential is accepted and the audit trail can be read."
    assert b"first:1" in sandbox.requests[-1].body


@KINDS
def test_an_account_that_is_unknown(fails, kind):
    error = fails(kind, account_id="99999999")
    assert isinstance(error, ConfigurationError)
    assert error.field == "account_id"
    assert "99999999" in str(error)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ("app_key", "app_key"),
        ("app_secret", "app_secret"),
        ("access_token", "access_token"),
        ("access_token_secret", "app_secret"),
    ],
)
def test_a_wrong_part_of_the_api_key(fails, part, field):
    error = fails(**{part: "hush" * 8})
    assert isinstance(error, AuthenticationError)
    assert error.field == field
    assert part.replace("_", " ") in str(error)
    assert "hush" not in str(error)


@pytest.mark.parametrize("part", ["client_id", "client_secret"])
def test_a_wrong_part_of_the_application(fails, part):
    error = fails("app_jwt_v2", **{part: "hush" * 8})
    assert error.field == "client_secret"
    assert "client ID or the client secret is wrong" in str(error)
    assert "hush" not in str(error)


@KINDS
def test_a_missing_permission(sandbox, fails, kind):
    sandbox.configure(missing_permission={"oauth1" if kind == "api_key" else kind})
    error = fails(kind)
    assert isinstance(error, PermissionDeniedError)
    assert "the credential is accepted, but it may not read the audit trail" in str(error)
    if kind == "api_key":
        assert "an API key needs the permission Administration → AuditTrail" in str(error)
        assert "LivePerson no longer adds permissions to API keys" in str(error)
    else:
        assert "ask LivePerson which scope the application needs" in str(error)
    assert "tick" not in str(error)


@pytest.mark.parametrize(("offset", "side"), [(1000, "behind"), (-1000, "ahead of")])
def test_a_clock_that_is_off(sandbox, fails, offset, side):
    sandbox.configure(clock_offset_seconds=offset)
    said = str(fails())
    seconds = int(said.partition("clock is off by ")[2].split()[0])
    assert abs(seconds - 1000) <= 5
    assert f"({side} LivePerson's)" in said


def test_the_clock_is_no_matter_for_a_token(sandbox, connect, fails):
    sandbox.configure(clock_offset_seconds=1000)
    probe(connect("app_jwt_v2", schedule=NO_RETRIES, budget=BUDGET))
    sandbox.configure(audit_auth={"oauth1"})
    assert "clock" not in str(fails("app_jwt_v2"))


def test_oauth_after_its_end(sandbox, fails):
    sandbox.configure(oauth1_refuse_all=True)
    assert "token_rejected" in str(fails())


def test_nobody_at_the_host(fails):
    error = fails(host="http://127.0.0.1:9")
    assert isinstance(error, ServiceUnavailableError)
    assert error.field == "host"
    assert "check the host" in str(error)


@KINDS
@pytest.mark.parametrize("where", ["/service/", "/metadata/audit"])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "not_json"},
        {"kind": "status", "status": 200, "body": "[]"},
        {"kind": "status", "status": 200, "body": "{}"},
        {"kind": "status", "status": 200, "body": '"hello"'},
        {"kind": "status", "status": 200, "body": '{"data": null}'},
        {"kind": "status", "status": 200, "body": '{"data": {"auditData": null}}'},
    ],
    ids=["HTML", "list", "object", "text", "no data", "no rows"],
)
def test_a_host_that_is_something_else(sandbox, fails, kind, where, fault):
    sandbox.faults.add(match=where, times=100, **fault)
    error = fails(kind)
    assert isinstance(error, InvalidResponseError)
    assert error.field == "host"
    assert "host is LivePerson's" in str(error)


@KINDS
@pytest.mark.parametrize("odd", [r"thanks \ud83d", "K\xfcche", r"\udc00", "\xed\xa0\xbd"])
def test_odd_texts_are_no_matter(sandbox, connect, kind, odd):
    row = f'{{"changeDate":"2026-01-28 00:27:50.0","originator":"{odd}","n":1e400}}'
    body = f'{{"data":{{"auditData":[{row}]}}}}'
    sandbox.faults.add(match="/metadata/audit", kind="status", status=200, body=body.encode("latin-1"))
    assert "the audit trail can be read" in probe(connect(kind, schedule=NO_RETRIES, budget=BUDGET))


@KINDS
@pytest.mark.parametrize("where", ["/service/", "/metadata/audit"])
@pytest.mark.parametrize(
    "body",
    [
        '{"data": {"auditData": ' + "[" * 50_000 + "]" * 50_000 + "}}",
        '{"data": {"auditData": [{"n": NaN}]}}',
    ],
    ids=["deep", "NaN"],
)
def test_the_host_is_not_blamed_for_json_that_cannot_be_read(sandbox, fails, kind, where, body):
    sandbox.faults.add(match=where, times=100, kind="status", status=200, body=body)
    error = fails(kind)
    assert isinstance(error, InvalidResponseError)
    assert error.field is None
    assert "host is LivePerson's" not in str(error)


@KINDS
def test_errors_in_a_200_are_no_success(sandbox, fails, kind):
    body = {"data": None, "errors": [{"message": "The time zone is not supported"}]}
    sandbox.faults.add(match="/metadata/audit", kind="status", status=200, body=body)
    error = fails(kind)
    assert isinstance(error, RequestRejectedError)
    assert "The time zone is not supported" in str(error)
    assert "POST accountConfigReadOnly" in str(error)


@KINDS
@pytest.mark.parametrize("where", ["/service/", "/app/token", "/metadata/audit"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_asks_nothing_twice(sandbox, fails, kind, where, status):
    if kind == "api_key" and where == "/app/token":
        where = "/metadata/audit"
    sandbox.faults.add(match=where, kind="status", status=status, times=100)
    assert str(status) in str(fails(kind))
    assert sum(where in one.path for one in sandbox.requests) == 1


def test_all_its_requests_together_keep_within_the_budget(connect, monkeypatch):
    """Connecting and waiting may each take as long as they are allowed to, in every request."""
    import time

    import requests

    clock, spent = [1000.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    send = requests.adapters.HTTPAdapter.send

    def slow(self, request, **options):
        answer = send(self, request, **{**options, "timeout": (5, 5)})
        to_connect, to_read = options["timeout"]
        clock[0] += (to_connect + to_read) * 0.99
        spent.append(to_connect + to_read)
        return answer

    client = connect("app_jwt_v2", schedule=NO_RETRIES, budget=BUDGET, timeout=BUDGET)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", slow)
    probe(client)
    assert len(spent) == 4
    assert clock[0] - 1000 <= BUDGET + 0.5


def test_whatever_hangs_is_given_up(sandbox, connect):
    sandbox.faults.add(kind="slow", seconds=60, match="/metadata/audit")
    with pytest.raises(ServiceUnavailableError, match="did not answer within") as caught:
        probe_within(connect("api_key", schedule=NO_RETRIES), seconds=0.5)
    assert caught.value.field == "host"


def test_in_time_it_says_what_the_check_says(sandbox, connect):
    client = connect("api_key", schedule=NO_RETRIES)
    assert probe_within(client) == probe(client)
    sandbox.faults.add(kind="status", status=403, match="/metadata/audit")
    with pytest.raises(PermissionDeniedError):
        probe_within(client)
