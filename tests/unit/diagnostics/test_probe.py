"""The connection test says which field is at fault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.regional_hosts import REGIONAL_HOSTS
from airflow_provider_liveperson.client.retries import NO_RETRIES
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED
from airflow_provider_liveperson.diagnostics import probe as probing
from airflow_provider_liveperson.diagnostics.probe import BUDGET, candidates, probe, probe_within
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.domain import SERVICES
from devtools.nesting import TOO_DEEP

KINDS = pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2", "app_jwt_v1"])


@pytest.fixture
def fails(connect, waits):
    """Runs the check and gives the error that it must end in."""

    def run(kind: str = "api_key", **choices) -> LivePersonError:
        with pytest.raises(LivePersonError) as caught:
            probe(connect(kind, schedule=NO_RETRIES, budget=BUDGET, **choices))
        return caught.value

    return run


def refuse_data(sandbox, kind: str, fault: dict, times: int = 1000) -> None:
    """Apply a fault to requests for data, which come after those for the hosts and a token."""
    if times:
        sandbox.faults.add(match="/", skip=1 if kind == "api_key" else 2, times=times, **fault)


def asked_for_data(sandbox) -> list[str]:
    """The paths of requests for data, in order."""
    return [one.path for one in sandbox.requests if "/service/" not in one.path and "/token" not in one.path]


@KINDS
def test_it_names_the_dataset_that_could_be_read_and_asks_for_no_other(sandbox, connect, kind):
    client = connect(kind, schedule=NO_RETRIES, budget=BUDGET)
    first = candidates(client.credential, set(SERVICES))[0]
    said = probe(client)
    assert said == f"LivePerson account 70000001: the credential is accepted, and {first.name} can be read."
    assert len(asked_for_data(sandbox)) == 1


def test_a_good_app_jwt_needs_no_audit_trail(sandbox, connect):
    """LivePerson documents no scope for that."""
    sandbox.configure(**{f"{api.prefix}_auth": {"oauth1"} for api in APIS if api.name == "audit_trail"})
    assert "can be read" in probe(connect("app_jwt_v2", schedule=NO_RETRIES, budget=BUDGET))


@KINDS
def test_any_dataset_will_do(sandbox, connect, kind):
    client = connect(kind, schedule=NO_RETRIES, budget=BUDGET)
    count = len(candidates(client.credential, set(SERVICES) | set(REGIONAL_HOSTS)))
    refuse_data(sandbox, kind, {"kind": "status", "status": 403}, times=count - 1)
    assert "the credential is accepted, and" in probe(client)
    assert len(asked_for_data(sandbox)) == count


def test_hosts_that_the_connection_names_need_no_domain_api(sandbox, connect):
    sandbox.faults.add(kind="status", status=503, match="/service/", times=100)
    named = {DATASETS["users"].request.service: sandbox.url}
    client = connect("api_key", schedule=NO_RETRIES, budget=BUDGET, service_hosts=named)
    assert "can be read" in probe(client)


def test_a_dataset_that_hangs_is_not_waited_for(sandbox, connect, monkeypatch):
    monkeypatch.setattr(probing, "_PATIENCE", 0.01)
    client = connect("app_jwt_v2", schedule=NO_RETRIES, budget=BUDGET)
    refuse_data(sandbox, "app_jwt_v2", {"kind": "slow", "seconds": 60}, times=1)
    assert "can be read" in probe(client)


@pytest.mark.parametrize("kind", CredentialKind, ids=str)
def test_those_to_try_are_those_that_are_known_to_take_the_credential(kind):
    credential = SimpleNamespace(kind=kind, rights="scope")
    tried = candidates(cast(Credential, credential), set(SERVICES) | set(REGIONAL_HOSTS))
    known = [dataset for dataset in DATASETS.values() if kind in dataset.access.known]
    assert sorted(one.name for one in tried) == sorted(one.name for one in known or DATASETS.values())
    on_request = [one.request.service in REGIONAL_HOSTS for one in tried]
    assert on_request == sorted(on_request)
    usual = [one for one in tried if one.request.service not in REGIONAL_HOSTS]
    services = {one.request.service for one in usual}
    firsts = usual[: len(services)]
    assert {one.request.service for one in firsts} == services
    are_undocumented = [one.access.scope == NOT_DOCUMENTED for one in firsts]
    assert are_undocumented == sorted(are_undocumented)


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
def test_a_missing_permission(sandbox, connect, fails, kind):
    sandbox.configure(missing_permission={"oauth1" if kind == "api_key" else kind})
    error = fails(kind)
    assert isinstance(error, PermissionDeniedError)
    count = len(asked_for_data(sandbox))
    assert f"the credential is accepted, but it can read none of the {count} datasets" in str(error)
    assert f"that LivePerson documents for {connect(kind).credential.kind}" in str(error)
    if kind == "api_key":
        assert "the API key lacks the permission" in str(error)
        assert "LivePerson no longer adds permissions to API keys" in str(error)
    else:
        assert "Access denied: ask LivePerson" in str(error)
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
    sandbox.configure(missing_permission={"app_jwt_v2"})
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
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "not_json"},
        {"kind": "status", "status": 200, "body": "[]"},
        {"kind": "status", "status": 200, "body": "{}"},
        {"kind": "status", "status": 200, "body": '"hello"'},
        {"kind": "status", "status": 200, "body": '{"data": null}'},
    ],
    ids=["HTML", "list", "object", "text", "no data"],
)
def test_a_host_that_is_something_else(sandbox, fails, kind, fault):
    sandbox.faults.add(match="/service/", times=100, **fault)
    error = fails(kind)
    assert isinstance(error, InvalidResponseError)
    assert error.field == "host"
    assert "host is LivePerson's" in str(error)


@KINDS
def test_web_pages_in_the_place_of_data_come_from_another_host(sandbox, fails, kind):
    refuse_data(sandbox, kind, {"kind": "not_json"})
    error = fails(kind)
    assert isinstance(error, InvalidResponseError)
    assert error.field == "host"
    assert "host is LivePerson's" in str(error)


@KINDS
@pytest.mark.parametrize("where", ["hosts", "data"])
@pytest.mark.parametrize(
    "body", ['{"a": ' + "[" * TOO_DEEP + "]" * TOO_DEEP + "}", '{"a": NaN}'], ids=["deep", "NaN"]
)
def test_the_host_is_not_blamed_for_json_that_cannot_be_read(sandbox, fails, kind, where, body):
    fault = {"kind": "status", "status": 200, "body": body}
    if where == "data":
        refuse_data(sandbox, kind, fault)
    else:
        sandbox.faults.add(match="/service/", times=100, **fault)
    error = fails(kind)
    assert isinstance(error, InvalidResponseError)
    assert error.field is None
    assert "host is LivePerson's" not in str(error)


@KINDS
@pytest.mark.parametrize("where", ["/service/", "/app/token", "data"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_asks_nothing_twice(sandbox, fails, kind, where, status):
    fault = {"kind": "status", "status": status}
    if where == "data" or kind == "api_key":
        refuse_data(sandbox, kind, fault)
    else:
        sandbox.faults.add(match=where, times=100, **fault)
    assert str(status) in str(fails(kind))
    urls = [
        (one.url.partition("?")[0], one.url.partition("?")[2].partition("&oauth")[0], one.body)
        for one in sandbox.requests
    ]
    assert len(urls) == len(set(urls))


@pytest.mark.parametrize("kind", ["api_key", "app_jwt_v2"])
def test_where_no_service_takes_it_an_api_key_is_wrong_and_a_token_is_not(connect, monkeypatch, kind):
    """A token was issued, so the credential is right; that two services refuse it says nothing of a third."""
    asked = []

    def refuse(client, dataset, now):
        asked.append(dataset.name)
        raise AuthenticationError("no", status=401)

    monkeypatch.setattr(probing, "read_smallest", refuse)
    client = connect(kind, schedule=NO_RETRIES, budget=BUDGET)
    every = len(candidates(client.credential, set(SERVICES) | set(REGIONAL_HOSTS)))
    with pytest.raises(AuthenticationError):
        probe(client)
    assert len(asked) == every if kind == "app_jwt_v2" else len(asked) <= every // 2


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
    assert len(spent) == 3
    assert clock[0] - 1000 <= BUDGET + 0.5


def test_whatever_hangs_is_given_up(sandbox, connect):
    refuse_data(sandbox, "api_key", {"kind": "slow", "seconds": 60})
    with pytest.raises(ServiceUnavailableError, match="did not answer within") as caught:
        probe_within(connect("api_key", schedule=NO_RETRIES), seconds=0.5)
    assert caught.value.field == "host"


def test_in_time_it_says_what_the_check_says(sandbox, connect):
    client = connect("api_key", schedule=NO_RETRIES)
    assert probe_within(client) == probe(client)
    sandbox.faults.add(kind="status", status=403, match="/", times=1000)
    with pytest.raises(PermissionDeniedError):
        probe_within(client)
