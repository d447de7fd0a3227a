"""From an Airflow connection to a client."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
import traceback
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import requests
from airflow.sdk import BaseHook

from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    RequestRejectedError,
    UntrustedHostError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.hooks.api_key import LivePersonApiKeyHook
from airflow_provider_liveperson.hooks.app_jwt import LivePersonAppJwtHook
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.hooks.login import LivePersonLoginHook
from airflow_provider_liveperson.hooks.web_app import LivePersonWebAppHook
from devtools.forward_proxy import ForwardProxy
from devtools.nesting import TOO_DEEP
from devtools.tls import Authority, TlsFront

KINDS = {
    "liveperson_api_key": (LivePersonApiKeyHook, ApiKeyCredential),
    "liveperson_app_jwt": (LivePersonAppJwtHook, AppJwtCredential),
    "liveperson_login": (LivePersonLoginHook, LoginCredential),
}
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))
AUDIT = "/api/account/{account_id}/configuration/metadata/audit"

pytestmark = pytest.mark.usefixtures("within_a_year")


@pytest.fixture
def connection(sandbox, waits, monkeypatch):
    """Puts a connection to the sandbox, changed as told, into the environment as ``lp``."""

    def put(
        kind: str = "liveperson_api_key", *, uri: bool = False, extra: dict | None = None, **changed
    ) -> str:
        made = sandbox.connections()[kind]
        if uri:
            value = made.as_uri()
        else:
            about = {**made.as_dict(), **changed}
            about["extra"] = {**about["extra"], **(extra or {})}
            value = json.dumps({name: it for name, it in about.items() if it is not None})
        monkeypatch.setenv("AIRFLOW_CONN_LP", value)
        return "lp"

    return put


@every_kind
@pytest.mark.parametrize("uri", [False, True], ids=["JSON", "URI"])
def test_the_connection_decides_the_hook(connection, kind, uri):
    hook_class, credential = KINDS[kind]
    hook = LivePersonHook.for_connection(connection(kind, uri=uri))
    assert type(hook) is hook_class
    assert type(hook.get_conn().credential) is credential
    works, said = hook.test_connection()
    assert works
    assert re.fullmatch(
        r"LivePerson account 70000001: the credential is accepted, and \w+ can be read\.", said
    )


@every_kind
def test_airflow_finds_the_same_hook(connection, kind):
    hook = BaseHook.get_connection(connection(kind)).get_hook()
    assert type(hook) is KINDS[kind][0]
    assert hook.liveperson_conn_id == "lp"
    assert hook.test_connection()[0]


@every_kind
def test_the_general_hook_works_for_every_type(connection, kind):
    hook = LivePersonHook(connection(kind))
    assert type(hook.get_conn().credential) is KINDS[kind][1]
    assert hook.test_connection()[0]


def test_the_default_connection(airflow_connections):
    assert LivePersonHook().liveperson_conn_id == "liveperson_default"
    assert LivePersonHook.for_connection().get_conn().account_id == "70000001"


@every_kind
def test_its_client_is_made_once(connection, kind):
    hook = LivePersonHook(connection(kind))
    assert hook.get_conn() is hook.get_conn()
    assert hook.get_session() is hook.get_conn().session


def test_the_settings_reach_the_client(connection):
    extra = {"timeout": "7", "max_concurrency": 3, "source": "Mine", "region": "va"}
    extra["service_hosts"] = '{"msgHist": "va.msghist.liveperson.net"}'
    client = LivePersonHook(connection(extra=extra)).get_conn()
    settings = client.settings
    assert (settings.timeout, settings.max_concurrency, settings.source, settings.region) == (
        7,
        3,
        "Mine",
        "va",
    )
    assert client.base_url("msgHist") == "https://va.msghist.liveperson.net"


@pytest.mark.parametrize(
    ("version", "path"), [("v1", "/sentinel/api/account"), ("v2", "/sentinel/api/v2/"), (None, "/v2/")]
)
def test_the_token_version(sandbox, connection, version, path):
    hook = LivePersonHook(connection("liveperson_app_jwt", extra={"token_version": version}))
    assert hook.test_connection()[0]
    assert path in next(one.path for one in sandbox.requests if "/app/token" in one.path)


# -- what is wrong with a connection ---------------------------------------------------------------


@pytest.mark.parametrize("conn_type", ["http", "liveperson", "aws"])
def test_another_type_is_refused_with_those_there_are(connection, conn_type):
    conn_id = connection(conn_type=conn_type)
    for attempt in (LivePersonHook.for_connection, lambda it: LivePersonHook(it).get_conn()):
        with pytest.raises(ConfigurationError, match="liveperson_api_key, liveperson_app_jwt") as caught:
            attempt(conn_id)
        assert "'lp'" in str(caught.value)
        assert f"'{conn_type}'" in str(caught.value)
    works, said = LivePersonHook(conn_id).test_connection()
    assert not works
    assert "liveperson_api_key" in said


@pytest.mark.parametrize(
    ("kind", "changed", "place"),
    [
        ("liveperson_api_key", {"login": None}, "App key (login)"),
        ("liveperson_api_key", {"password": ""}, "App secret (password)"),
        ("liveperson_api_key", {"extra": {"account_id": None}}, "Account ID (extra: account_id)"),
        ("liveperson_api_key", {"extra": {"access_token": " "}}, "Access token (extra: access_token)"),
        (
            "liveperson_api_key",
            {"extra": {"access_token_secret": None}},
            "Access token secret (extra: access_token_secret)",
        ),
        ("liveperson_api_key", {"extra": {"timeout": "soon"}}, "Timeout (extra: timeout)"),
        ("liveperson_api_key", {"extra": {"region": "eu"}}, "Region (extra: region)"),
        ("liveperson_app_jwt", {"login": None}, "Client ID (login)"),
        ("liveperson_app_jwt", {"password": None}, "Client secret (password)"),
        ("liveperson_app_jwt", {"extra": {"token_version": "v3"}}, "Token version (extra: token_version)"),
        ("liveperson_login", {"login": None}, "User name (login)"),
        ("liveperson_login", {"extra": {"account_id": None}}, "Account ID (extra: account_id)"),
        ("liveperson_api_key", {"extra": {"proxies": "http://proxy"}}, "Proxies (extra: proxies)"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named_with_its_place(sandbox, connection, kind, changed, place):
    conn_id = connection(kind, **changed)
    with pytest.raises(ConfigurationError) as caught:
        LivePersonHook.for_connection(conn_id).get_conn()
    assert place in str(caught.value)
    assert "'lp'" in str(caught.value)
    assert LivePersonHook(conn_id).test_connection() == (False, str(caught.value))
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("changed", "error", "place"),
    [
        ({"host": "https://evil.example.com"}, UntrustedHostError, "'Domain API URL' (host)"),
        ({"host": "http://api.liveperson.net"}, ConfigurationError, "'Domain API URL' (host)"),
        ({"host": "https://[::1"}, ConfigurationError, "'Domain API URL' (host)"),
        ({"extra": {"service_hosts": {"a": "http://b.test"}}}, ConfigurationError, "(extra: service_hosts)"),
    ],
)
def test_a_host_that_cannot_be_is_named_with_its_place(sandbox, connection, changed, error, place):
    conn_id = connection(**changed)
    with pytest.raises(error, match="connection 'lp'") as caught:
        LivePersonHook.for_connection(conn_id).get_conn()
    assert place in str(caught.value)
    works, said = LivePersonHook(conn_id).test_connection()
    assert not works
    assert place in said
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("kind", "changed", "place"),
    [
        ("liveperson_api_key", {"login": "hush" * 8}, "'App key' (login)"),
        ("liveperson_api_key", {"password": "hush" * 8}, "'App secret' (password)"),
        (
            "liveperson_api_key",
            {"extra": {"access_token": "hush" * 8}},
            "'Access token' (extra: access_token)",
        ),
        ("liveperson_api_key", {"extra": {"account_id": "99999999"}}, "'Account ID' (extra: account_id)"),
        ("liveperson_api_key", {"host": "http://127.0.0.1:9"}, "'Domain API URL' (host)"),
        ("liveperson_app_jwt", {"password": "hush" * 8}, "'Client secret' (password)"),
        ("liveperson_app_jwt", {"extra": {"account_id": "99999999"}}, "'Account ID' (extra: account_id)"),
    ],
)
def test_the_connection_test_names_the_field_at_fault(connection, waits, kind, changed, place):
    works, said = LivePersonHook.for_connection(connection(kind, **changed)).test_connection()
    assert not works
    assert said.startswith(place)
    assert "hush" not in said
    assert "\n" not in said
    assert waits == []


def test_the_connection_test_does_not_wait(sandbox, connection, waits):
    sandbox.faults.add(kind="status", status=503, times=99)
    works, said = LivePersonHook(connection()).test_connection()
    assert not works
    assert "503" in said
    assert waits == []


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"password": None}, "'Password' (password)", "neither a password nor a key"),
        ({"extra": {"app_key": "k"}}, "'Password' (password)", "both a password and app_key"),
        (
            {"password": None, "extra": {"app_key": "k"}},
            "'App secret or client secret' (extra: app_secret)",
            "a bot needs both",
        ),
        (
            {"password": None, "extra": {"app_secret": "hush"}},
            "'App key or client ID' (extra: app_key)",
            "a bot needs both",
        ),
        (
            {"password": None, "extra": {"app_key": "k", "app_secret": "hush", "access_token": "hush"}},
            "'Access token secret' (extra: access_token_secret)",
            "all four parts",
        ),
        ({"extra": {"verify": "/missing/ca.pem"}}, "'CA bundle' (extra: verify)", "'/missing/ca.pem'"),
        (
            {"host": "https://api.liveperson.net", "extra": {"verify": False}},
            "'CA bundle' (extra: verify)",
            "verify is false",
        ),
        (
            {"extra": {"client_cert": "/a.pem,/b.pem"}},
            "'Client certificate' (extra: client_cert)",
            "'/a.pem'",
        ),
        ({"extra": {"proxies": {"https": "hush"}}}, "'Proxies' (extra: proxies)", "not a valid proxy URL"),
    ],
)
def test_what_does_not_go_together_or_is_not_there_is_named_with_its_place(
    sandbox, connection, changed, place, words
):
    conn_id = connection("liveperson_login", **changed)
    with pytest.raises(ConfigurationError) as caught:
        LivePersonHook.for_connection(conn_id).get_conn()
    for told in (str(caught.value), LivePersonHook(conn_id).test_connection()[1]):
        assert place in told
        assert words in told
        assert "hush" not in told
    assert "'lp'" in str(caught.value)
    assert sandbox.requests == []


def test_the_connection_test_tells_an_sso_user_which_way_is_open(sandbox, connection):
    conn_id = connection("liveperson_login", login=sandbox.settings.sso_user_name)
    works, said = LivePersonHook.for_connection(conn_id).test_connection()
    assert not works
    assert said.startswith("'Password' (password)")
    assert "liveperson_web_app" in said


def test_a_connection_through_proxy_and_mutual_tls(sandbox, connection, tmp_path):
    authority = Authority(tmp_path)
    shown = authority.client("airflow-worker")
    server = TlsFront(urlsplit(sandbox.url).port, authority.server(), clients=authority)
    with server, ForwardProxy(user="pat", password="pw") as proxy:
        network = {
            "proxies": json.dumps({"https": f"http://pat:pw@{proxy.netloc}"}),
            "verify": str(authority.file),
            "client_cert": f"{shown.certificate}, {shown.key}",
        }
        hook = LivePersonHook(connection("liveperson_app_jwt", host=server.url, extra=network))
        assert hook.test_connection()[0]
        assert proxy.asked
    assert set(server.clients) == {"airflow-worker"}


# -- requests --------------------------------------------------------------------------------------


@every_kind
def test_a_request_of_ones_own(sandbox, connection, kind):
    hook = LivePersonHook(connection(kind))
    answer = hook.request(
        "post",
        "accountConfigReadOnly",
        AUDIT,
        json={"query": "{auditData(first:2){element}}"},
        headers={"X-Mine": "1"},
    )
    assert answer.status == 200
    assert len(answer.json()["data"]["auditData"]) == 2
    assert answer.headers["content-type"] == "application/json"
    assert sandbox.requests[-1].header("x-mine") == "1"
    assert sandbox.requests[-1].path == AUDIT.replace("{account_id}", "70000001")


def test_a_request_is_repeated_by_the_table(sandbox, connection, waits):
    sandbox.faults.add(kind="status", status=503, match="/metadata/audit", times=2)
    query = {"query": "{auditData(first:1){element}}"}
    assert (
        LivePersonHook(connection()).request("POST", "accountConfigReadOnly", AUDIT, json=query).status == 200
    )
    assert waits == [5, 10]


def test_a_request_that_is_refused_is_an_error(connection):
    with pytest.raises(RequestRejectedError, match="GET msgHist /nothing"):
        LivePersonHook(connection()).request("GET", "msgHist", "/nothing")


@every_kind
def test_the_session_is_a_requests_session_that_signs(connection, kind):
    session = LivePersonHook(connection(kind)).get_session()
    assert isinstance(session, requests.Session)
    hook = LivePersonHook(connection(kind))
    url = hook.get_conn().base_url("accountConfigReadOnly") + AUDIT.replace("{account_id}", "70000001")
    answer = session.post(url, json={"query": "{auditData(first:1){element}}"})
    assert answer.status_code == 200
    with pytest.raises(UntrustedHostError):
        session.get("https://evil.example.com/")


# -- records ---------------------------------------------------------------------------------------


@every_kind
def test_records_are_dicts_in_order(sandbox, connection, kind):
    found = LivePersonHook(connection(kind)).records(
        "audit_trail", start="2026-01-30T06:00:00+01:00", end="2026-01-31T00:00:00Z"
    )
    from datetime import UTC, datetime

    rows = list(found)
    truth = sandbox.audit.truth(datetime(2026, 1, 30, 5, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
    assert sorted(map(str, rows)) == sorted(map(str, truth))
    assert [row["changeDate"] for row in rows] == sorted(row["changeDate"] for row in rows)


@pytest.mark.parametrize("odd", ["half_pairs", "not_utf8"])
def test_odd_texts_are_dicts_with_u_fffd(sandbox, connection, odd):
    sandbox.configure(odd_text=odd)
    hook = LivePersonHook(connection("liveperson_api_key"))
    window = {"start": "2026-01-30T00:00:00Z", "end": "2026-01-31T00:00:00Z"}
    rows = list(hook.records("audit_trail", **window))
    assert any(row["originator"].endswith("\ufffd") for row in rows)
    rows = hook.records("messaging_interactions", **window)
    found = list(hook.conversations([row["info"]["conversationId"] for row in rows]))
    assert found
    assert "\ufffd" in str(found)


@pytest.mark.parametrize("fault", ["not_json", "cut_json"])
def test_conversations_that_cannot_be_read_are_an_error_of_the_package(sandbox, connection, fault):
    sandbox.faults.add(kind=fault, match="/conversations/", times=99)
    hook = LivePersonHook(connection("liveperson_api_key"))
    for ask in (
        lambda: hook.conversations(["a"]),
        lambda: hook.consumer_conversations("somebody"),
        lambda: hook.records(
            "messaging_interactions", start="2026-01-30T00:00:00Z", end="2026-01-31T00:00:00Z"
        ),
    ):
        with pytest.raises(InvalidResponseError, match=r"POST msgHist .* is not what LivePerson documents"):
            list(ask())


@pytest.mark.parametrize(
    ("method", "arguments", "says"),
    [
        ("conversations", {"conversation_ids": "0b8f2c14"}, "conversation_ids must be a list of ids"),
        ("conversations", {"conversation_ids": b"0b8f2c14"}, "conversation_ids must be a list of ids"),
        (
            "conversations",
            {"conversation_ids": ["a"], "content_to_retrieve": "campaign"},
            "^content_to_retrieve must be a list of strings, not empty, not 'campaign'",
        ),
        (
            "consumer_conversations",
            {"consumer_id": "somebody", "status": "CLOSE"},
            "^status must be a list of strings, not empty, not 'CLOSE'",
        ),
    ],
)
def test_a_text_is_not_taken_for_a_list_of_letters(sandbox, connection, method, arguments, says):
    hook = LivePersonHook(connection("liveperson_api_key"))
    with pytest.raises(ConfigurationError, match=says) as caught:
        getattr(hook, method)(**arguments)
    assert caught.value.field in arguments
    assert sandbox.requests == []


def test_an_answer_to_a_request_of_ones_own_may_be_odd(sandbox, connection):
    sandbox.faults.add(
        kind="status", status=200, match="/own", body=b'{"a":"K\xfcche \\ud83d","b":1e400}', times=1
    )
    answer = LivePersonHook(connection("liveperson_api_key")).request("GET", "accountConfigReadOnly", "/own")
    assert answer.json() == {"a": "K\ufffdche \ufffd", "b": Decimal("1e400")}
    deep = b"[" * TOO_DEEP + b"]" * TOO_DEEP
    sandbox.faults.add(kind="status", status=200, match="/own", body=deep, times=1)
    answer = LivePersonHook(connection("liveperson_api_key")).request("GET", "accountConfigReadOnly", "/own")
    with pytest.raises(InvalidResponseError, match="nested more deeply"):
        answer.json()


@pytest.mark.parametrize(
    "wrong",
    [
        {"dataset": "nothing"},
        {"start": "2026-01-30"},
        {"end": None},
        {"end": "2026-01-30T00:00:00Z"},
        {"filters": {"nothing": 1}},
        {"cursor": "nothing"},
    ],
    ids=str,
)
def test_bad_arguments_are_refused_at_once_and_not_with_the_first_record(sandbox, connection, wrong):
    given = {
        "dataset": "audit_trail",
        "start": "2026-01-30T00:00:00Z",
        "end": "2026-01-31T00:00:00Z",
        **wrong,
    }
    with pytest.raises((ConfigurationError, LivePersonError)):
        LivePersonHook(connection()).records(given.pop("dataset"), **given)
    assert sandbox.requests == []


@every_kind
def test_no_secret_in_reprs_and_tracebacks(sandbox, connection, kind):
    hook = LivePersonHook(connection(kind))
    client = hook.get_conn()
    sandbox.faults.add(kind="status", status=401, match="/metadata/audit", times=9)
    with pytest.raises(LivePersonError) as caught:
        list(hook.records("audit_trail", start="2026-01-30T00:00:00Z", end="2026-01-31T00:00:00Z"))
    told = "".join(map(repr, (hook, client, client.settings, client.credential)))
    told += "".join(traceback.format_exception(caught.value))
    for name in ("app_secret", "access_token", "access_token_secret", "client_secret", "user_password"):
        assert getattr(sandbox.settings, name) not in told


def test_records_of_a_window_that_cannot_be_complete_are_refused_unless_wanted(sandbox, connection):
    hook = LivePersonHook(connection("liveperson_api_key"))
    window = {"start": "2026-01-31T23:00:00Z", "end": "2999-01-01T00:00:00Z"}
    with pytest.raises(WindowOutOfRangeError, match="allow_out_of_range"):
        hook.records("audit_trail", **window)
    assert not sandbox.requests
    assert list(hook.records("audit_trail", **{**window, "end": "2026-02-01T00:00:00Z"}))
    assert next(
        hook.records("audit_trail", **{**window, "end": "2027-01-01T00:00:00Z"}, allow_out_of_range=True)
    )


# -- the end ---------------------------------------------------------------------------------------

WINDOW = {"start": "2026-01-30T00:00:00Z", "end": "2026-01-31T00:00:00Z"}


def asked(sandbox, tail: str) -> int:
    return sum(one.path.endswith(tail) for one in sandbox.requests)


@pytest.fixture
def login_hook(connection) -> LivePersonHook:
    return LivePersonHook.for_connection(connection("liveperson_login"))


def test_records_log_out_when_they_have_been_read(sandbox, login_hook):
    assert list(login_hook.records("audit_trail", **WINDOW))
    assert asked(sandbox, "/login") == asked(sandbox, "/logout") == 1
    assert sandbox.logins.lasting == []


@pytest.mark.parametrize("end", ["closed", "dropped"])
def test_records_log_out_when_nobody_wants_more(sandbox, login_hook, end):
    found = login_hook.records("audit_trail", **WINDOW)
    next(found)
    assert len(sandbox.logins.lasting) == 1
    if end == "closed":
        found.close()
    else:
        del found
    assert sandbox.logins.lasting == []


def test_records_log_out_when_they_fail(sandbox, login_hook):
    sandbox.faults.add(kind="status", status=400, match="/metadata/audit", times=9)
    with pytest.raises(RequestRejectedError):
        list(login_hook.records("audit_trail", **WINDOW))
    assert asked(sandbox, "/logout") == 1
    assert sandbox.logins.lasting == []


def test_conversations_log_out_too(sandbox, login_hook):
    list(login_hook.conversations(["nothing"]))
    list(login_hook.consumer_conversations("nobody"))
    assert asked(sandbox, "/login") == asked(sandbox, "/logout") == 2


def test_records_that_nobody_reads_ask_nothing(sandbox, login_hook):
    login_hook.records("audit_trail", **WINDOW)
    login_hook.conversations(["nothing"])
    assert sandbox.requests == []


def test_records_leave_what_the_user_has_in_hand(sandbox, login_hook):
    query = {"query": "{auditData(first:1){element}}"}
    login_hook.request("POST", "accountConfigReadOnly", AUDIT, json=query)
    list(login_hook.records("audit_trail", **WINDOW))
    session = login_hook.get_session()
    url = login_hook.get_conn().base_url("accountConfigReadOnly") + AUDIT.replace("{account_id}", "70000001")
    assert session.post(url, json=query).status_code == 200
    assert asked(sandbox, "/login") == 1
    assert asked(sandbox, "/logout") == 0
    login_hook.close()
    assert sandbox.logins.lasting == []


def test_records_leave_what_the_user_takes_in_hand_meanwhile(sandbox, login_hook):
    found = login_hook.records("audit_trail", **WINDOW)
    next(found)
    client = login_hook.get_conn()
    list(found)
    assert login_hook.get_conn() is client
    assert len(sandbox.logins.lasting) == 1
    login_hook.close()
    assert sandbox.logins.lasting == []


def test_records_that_are_read_side_by_side_share_a_login(sandbox, login_hook):
    one, other = (login_hook.records("audit_trail", **WINDOW) for _ in range(2))
    next(one), next(other)
    list(one)
    assert len(sandbox.logins.lasting) == 1
    list(other)
    assert sandbox.logins.lasting == []
    assert asked(sandbox, "/login") == 1


def test_within_a_with_there_is_one_login(sandbox, login_hook):
    with login_hook as hook:
        list(hook.records("audit_trail", **WINDOW))
        list(hook.records("audit_trail", **WINDOW))
        assert len(sandbox.logins.lasting) == 1
    assert sandbox.logins.lasting == []
    assert asked(sandbox, "/login") == asked(sandbox, "/logout") == 1


def test_a_with_logs_out_when_it_fails(sandbox, login_hook):
    def fail() -> None:
        with login_hook as hook:
            list(hook.records("audit_trail", **WINDOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sandbox.logins.lasting == []


@every_kind
def test_a_hook_can_be_used_after_its_close(sandbox, connection, kind):
    hook = LivePersonHook(connection(kind))
    first = hook.get_conn()
    hook.close()
    hook.close()
    assert list(hook.records("audit_trail", **WINDOW))
    assert hook.get_conn() is not first
    hook.close()
    assert sandbox.logins.lasting == []


def test_a_close_in_the_midst_ends_the_records_and_nothing_else(sandbox, login_hook):
    """What has been received may still be read; nothing more is asked for, and no login is begun for it."""
    found = login_hook.records("audit_trail", **WINDOW)
    next(found)
    login_hook.close()
    other = login_hook.records("audit_trail", **WINDOW)
    next(other)
    assert len(sandbox.logins.lasting) == 1
    try:
        list(found)
    except AuthenticationError as error:
        assert "closed" in str(error)  # noqa: PT017 - it may come or not, by what had been received
    assert len(sandbox.logins.lasting) == 1
    list(other)
    assert sandbox.logins.lasting == []


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_of_a_hook_is_a_hook_of_its_own(sandbox, login_hook, clone):
    other = clone(login_hook)
    login_hook.get_conn()
    list(other.records("audit_trail", **WINDOW))
    assert asked(sandbox, "/logout") == 1


def test_the_connection_test_logs_out(sandbox, login_hook):
    assert login_hook.test_connection()[0]
    assert sandbox.logins.lasting == []
    sandbox.configure(missing_permission={"bearer"})
    assert not login_hook.test_connection()[0]
    assert sandbox.logins.lasting == []
    assert asked(sandbox, "/login") == asked(sandbox, "/logout") == 2


def test_no_password_is_a_value_that_the_hook_keeps(login_hook, sandbox):
    login_hook.get_conn()
    assert sandbox.settings.user_password not in repr(vars(login_hook))


HUSH = "hush-hush-hush"
NO_OBJECTS = {
    "double-encoded": json.dumps(json.dumps({"account_id": "70000001", "access_token": HUSH})),
    "triple-encoded": json.dumps(json.dumps(json.dumps({"account_id": HUSH}))),
    "a string": json.dumps(HUSH),
    "a list": json.dumps([{"account_id": HUSH}]),
    "pairs": json.dumps([["account_id", HUSH]]),
    "a number": "70000001",
    "a boolean": "true",
    "null": "null",
    "an endless number": "1" * 5000,
    "Python": repr({"account_id": HUSH}),
    "broken": '{"account_id": "' + HUSH,
    "two objects": '{"account_id": "' + HUSH + '"}{}',
    "too deep": '{"account_id":' * TOO_DEEP + "1" + "}" * TOO_DEEP,
    "not even text": "\ud83d" + HUSH,
}


@pytest.mark.parametrize("extra", NO_OBJECTS.values(), ids=NO_OBJECTS)
@every_kind
def test_an_extra_that_is_no_object_is_named(sandbox, connection, monkeypatch, caplog, kind, extra):
    made = json.loads(connection_text(connection(kind)))
    monkeypatch.setenv("AIRFLOW_CONN_LP", json.dumps({**made, "extra": extra}))
    hook = LivePersonHook("lp")
    start, end = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    for use in (
        hook.get_conn,
        hook.get_session,
        hook.new_client,
        lambda: hook.request("GET", "accountConfigReadOnly", "/"),
        lambda: hook.records("audit_trail", start=start, end=end),
        lambda: hook.conversations(["a"]),
    ):
        with pytest.raises(ConfigurationError) as caught:
            use()
        told = "".join(traceback.format_exception(caught.value))
        assert "extra of connection 'lp' must be a JSON object" in str(caught.value)
        assert '{"account_id": "12345678"}' in str(caught.value)
        assert caught.value.field == "extra"
        assert HUSH not in told
    works, sentence = hook.test_connection()
    assert not works
    assert "must be a JSON object" in sentence
    assert HUSH not in sentence + caplog.text
    assert sandbox.requests == []


def connection_text(conn_id: str) -> str:
    return os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"]


@pytest.mark.parametrize("extra", ["", "  ", "{}"])
def test_an_empty_extra_lacks_its_fields(connection, monkeypatch, extra):
    made = json.loads(connection_text(connection()))
    monkeypatch.setenv("AIRFLOW_CONN_LP", json.dumps({**made, "extra": extra}))
    # Airflow 3.1 itself reads no connection whose extra is blank.
    with pytest.raises(
        ConfigurationError, match=r"missing: Account ID|must hold a URI, or a JSON object whose extra"
    ):
        LivePersonHook("lp").get_conn()


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"extra": {"account_id": {"access_token": HUSH}}}, "extra: account_id"),
        ({"extra": {"account_id": [HUSH]}}, "extra: account_id"),
        ({"extra": {"verify": {"a": [HUSH]}}}, "extra: verify"),
        ({"extra": {"service_hosts": "[" * TOO_DEEP}}, "extra: service_hosts"),
    ],
)
def test_a_field_of_another_kind_is_named_without_what_is_in_it(connection, changed, place):
    with pytest.raises(ConfigurationError) as caught:
        LivePersonHook(connection(**changed)).get_conn()
    assert f"({place})" in str(caught.value)
    assert HUSH not in str(caught.value)


@pytest.mark.parametrize("value", ["{broken", "[]", "3", '"{}"'])
def test_a_connection_in_the_environment_that_airflow_cannot_read_is_named(monkeypatch, value):
    monkeypatch.setenv("AIRFLOW_CONN_LP", value)
    with pytest.raises(ConfigurationError, match=r"AIRFLOW_CONN_LP|must be one of"):
        LivePersonHook.for_connection("lp")


@pytest.mark.parametrize("about", [{}, {"conn_type": None}, {"conn_type": "aws"}])
def test_a_connection_of_no_liveperson_type_is_refused(monkeypatch, about):
    monkeypatch.setenv("AIRFLOW_CONN_LP", json.dumps({**about, "login": "x"}))
    for use in (lambda: LivePersonHook.for_connection("lp"), LivePersonHook("lp").get_conn):
        with pytest.raises(ConfigurationError, match="must be one of liveperson_api_key"):
            use()


@every_kind
@pytest.mark.parametrize("made_as", ["web app", "its type", "any"])
def test_only_a_web_applications_consent_is_kept_alive(sandbox, connection, kind, made_as):
    conn_id = connection(kind)
    hooks = {"web app": LivePersonWebAppHook, "its type": KINDS[kind][0], "any": LivePersonHook}
    hook = hooks[made_as](conn_id)
    with pytest.raises(ConfigurationError) as caught:
        hook.keep_alive()
    assert "'lp' is of the type" in str(caught.value)
    assert "LivePerson (web application, OAuth 2.0)" in str(caught.value)
    assert caught.value.field == "liveperson_conn_id"
    assert sandbox.requests == []


@pytest.mark.parametrize("kind", ["aws", "liveperson_new"])
def test_keep_alive_of_a_connection_of_no_liveperson_type(monkeypatch, kind):
    monkeypatch.setenv("AIRFLOW_CONN_LP", json.dumps({"conn_type": kind}))
    with pytest.raises(ConfigurationError, match="must be one of"):
        LivePersonWebAppHook("lp").keep_alive()


@every_kind
def test_asking_for_a_consent_takes_a_web_application(connection, kind):
    hook = LivePersonWebAppHook(connection(kind))
    for use in (hook.client_for_consent, lambda: hook.consent_settings("http://airflow.test")):
        with pytest.raises(ConfigurationError, match="of the type"):
            use()
