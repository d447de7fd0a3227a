"""The Login Service: what is sent, how a login is kept alive, when it ends, and what a refusal says."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest
import requests

from airflow_provider_liveperson.client.credentials.login import LoginCredential
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RateLimitedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.sandbox.http.redaction import hidden

# What the sandbox remembers of requests has a mark in the place of each secret.
KEY = {"app_key": "k", "app_secret": "s", "access_token": "t", "access_token_secret": "u"}


def passed(answer: Answer) -> Answer:
    return answer


def asked(sandbox, tail: str) -> list:
    return [one for one in sandbox.requests if one.path.endswith(tail)]


def audits(sandbox) -> list[int]:
    return [one.status for one in asked(sandbox, "/metadata/audit")]


def later(client, seconds: float) -> None:
    """Let the credential's clock go ahead of the real one."""
    client.credential.now = lambda: time.monotonic() + seconds


class Desk:
    """A Login Service without a network."""

    def __init__(self, *, cookie: str | None = None, **changed: object) -> None:
        self.headers = {} if cookie is None else {"Set-Cookie": cookie}
        self.body = {"bearer": "bearer", "csrf": "csrf-1", "sessionTTl": "28800000", **changed}
        self.requests: list[ApiRequest] = []
        self.clock = 0.0

    def __call__(self, request: ApiRequest) -> Answer:
        self.requests.append(request)
        body = json.dumps(self.body).encode() if request.path.endswith("/login") else b""
        return Answer(status=200, headers=self.headers, body=body)

    def credential(self) -> LoginCredential:
        made = LoginCredential(user_name="pat", password="pw")
        made.bind(self)
        made.now = lambda: self.clock
        return made

    @property
    def logins(self) -> int:
        return sum(one.path.endswith("/login") for one in self.requests)


def sign(credential: LoginCredential) -> str:
    return str(
        credential(requests.Request("GET", "https://x.liveperson.net/").prepare()).headers["Authorization"]
    )


# -- logging in ------------------------------------------------------------------------------------


def test_a_user_logs_in_once_with_a_json_body_and_signs_with_the_bearer(sandbox, connect, audit_request):
    client = connect("login")
    for _ in range(3):
        assert client.call(audit_request, passed).status == 200
    (login,) = asked(sandbox, "/login")
    about = sandbox.settings
    assert login.method == "POST"
    assert login.url == f"{sandbox.url}/api/account/{about.account_id}/login?v=1.3"
    assert json.loads(login.body) == {"username": about.user_name, "password": hidden(about.user_password)}
    assert login.header("content-type") == login.header("accept") == "application/json"
    assert login.header("authorization") is None
    (lasting,) = sandbox.logins.lasting
    assert {one.header("authorization") for one in asked(sandbox, "/metadata/audit")} == {
        f"Bearer {hidden(lasting.bearer)}"
    }
    assert all(one.header("cookie") is None for one in asked(sandbox, "/metadata/audit"))


def test_a_bot_logs_in_with_an_api_key(sandbox, connect, audit_request):
    about = sandbox.settings
    sandbox.configure(bot_login={"api_key"})
    key = {name: getattr(about, name) for name in KEY}
    assert connect("login_bot", **key).call(audit_request, passed).status == 200
    assert json.loads(asked(sandbox, "/login")[0].body) == {
        "username": about.bot_name,
        "appKey": about.app_key,
        "secret": hidden(about.app_secret),
        "accessToken": hidden(about.access_token),
        "accessTokenSecret": hidden(about.access_token_secret),
    }


def test_a_bot_logs_in_with_client_id_and_secret_beside_dummies(sandbox, connect, audit_request):
    about = sandbox.settings
    sandbox.configure(bot_login={"app"})
    assert connect("login_bot").call(audit_request, passed).status == 200
    sent = json.loads(asked(sandbox, "/login")[0].body)
    assert (sent["appKey"], sent["secret"]) == (about.client_id, hidden(about.client_secret))
    assert sent["accessToken"] not in ("", hidden(""))
    assert sent["accessTokenSecret"] not in ("", hidden(""))


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "password", "neither a password nor a key"),
        ({"password": "p", "app_key": "k"}, "password", "both a password and app_key"),
        ({"password": "p", **KEY}, "password", "both a password and app_key, app_secret"),
        ({"password": "p", "access_token": "t"}, "password", "both"),
        ({"app_key": "k"}, "app_secret", "app_secret is missing"),
        ({"app_secret": "s"}, "app_key", "app_key is missing"),
        ({"access_token": "t", "access_token_secret": "u"}, "app_key", "app_key is missing"),
        (
            {"app_key": "k", "app_secret": "s", "access_token": "t"},
            "access_token_secret",
            "access_token_secret is missing",
        ),
        (
            {"app_key": "k", "app_secret": "s", "access_token_secret": "u"},
            "access_token",
            "access_token is missing",
        ),
    ],
    ids=lambda it: "+".join(it) or "nothing" if isinstance(it, dict) else None,
)
def test_what_does_not_go_together_is_refused_by_name(given, field, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        LoginCredential(user_name="pat", **given)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [
        ("28800000", 28_800),
        ("600000", 600),
        (600_000, 600),
        (None, 28_800),
        ("soon", 28_800),
        ("nan", 28_800),
        (0, 28_800),
        (-1, 28_800),
        ("", 28_800),
        ([600_000], 28_800),
        (10**12, 86_400),
    ],
)
def test_it_logs_in_anew_ahead_of_the_end_that_liveperson_told(told, lifetime):
    desk = Desk(sessionTTl=told)
    credential = desk.credential()
    sign(credential)
    desk.clock = lifetime - 301
    sign(credential)
    assert desk.logins == 1
    desk.clock = lifetime - 299
    sign(credential)
    assert desk.logins == 2
    (end,) = (one for one in desk.requests if one.path.endswith("/logout"))
    assert desk.requests.index(end) < len(desk.requests) - 1  # the old login ends before the new one begins


@pytest.mark.parametrize("bearer", ["", "two words", "a\nb", "caf\u00e9"])
def test_a_bearer_that_no_header_can_hold_is_an_unreadable_answer_and_is_not_shown(bearer):
    with pytest.raises(InvalidResponseError, match="bearer") as caught:
        sign(Desk(bearer=f"{bearer}hush" if bearer else "").credential())
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"bearer": 5, "csrf": "c"}', b'{"bearer": "b"}'])
def test_an_answer_that_is_no_login_is_named(body):
    credential = LoginCredential(user_name="pat", password="pw")
    credential.bind(lambda request: Answer(status=200, headers={}, body=body))
    with pytest.raises(InvalidResponseError, match="bearer and csrf"):
        sign(credential)


# -- keeping alive ---------------------------------------------------------------------------------


@pytest.mark.parametrize("session", ["new", "same"])
def test_it_is_kept_alive_when_four_minutes_have_passed(sandbox, connect, audit_request, session):
    sandbox.configure(login_refresh_session=session)
    client = connect("login")
    for minutes, refreshes in ((0, 0), (3.9, 0), (4.1, 1), (8, 1), (8.2, 2), (12.4, 3)):
        later(client, minutes * 60)
        sandbox.configure(clock_offset_seconds=minutes * 60)
        assert client.call(audit_request, passed).status == 200
        assert [one.status for one in asked(sandbox, "/refresh")] == [200] * refreshes
    assert len(asked(sandbox, "/login")) == 1
    assert set(audits(sandbox)) == {200}
    (lasting,) = sandbox.logins.lasting
    first = asked(sandbox, "/refresh")[0]
    assert json.loads(first.body) == {"csrf": hidden(lasting.csrf)}
    assert first.header("cookie").startswith("Session_id=")
    assert first.header("authorization") is None
    assert "?" not in first.url


def test_sixteen_threads_keep_it_alive_once(sandbox, connect, audit_request):
    client = connect("login", max_concurrency=16)
    client.call(audit_request, passed)
    later(client, 250)
    threads = [threading.Thread(target=client.call, args=(audit_request, passed)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked(sandbox, "/refresh")) == 1


def test_a_login_that_ended_is_found_by_the_keep_alive_and_replaced(sandbox, connect, audit_request):
    client = connect("login")
    client.call(audit_request, passed)
    sandbox.revoke_tokens()
    later(client, 250)
    assert client.call(audit_request, passed).status == 200
    assert [one.status for one in asked(sandbox, "/refresh")] == [401]
    assert len(asked(sandbox, "/login")) == 2
    assert audits(sandbox) == [200, 200]


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "drop"}], ids=["503", "drop"])
def test_a_keep_alive_that_gets_lost_stops_nothing_and_is_tried_again_in_a_minute(
    sandbox, connect, audit_request, waits, fault
):
    client = connect("login")
    client.call(audit_request, passed)
    sandbox.faults.add(match="/refresh", **fault)
    for seconds, refreshes in ((241, 1), (300, 1), (302, 2), (541, 2), (543, 3)):
        later(client, seconds)
        assert client.call(audit_request, passed).status == 200
        assert len(asked(sandbox, "/refresh")) == refreshes
    assert len(asked(sandbox, "/login")) == 1
    assert waits == []


def test_a_pull_that_sent_nothing_for_too_long_logs_in_again(sandbox, connect, audit_request):
    """No thread keeps it alive meanwhile: the 401 carries it."""
    client = connect("login")
    client.call(audit_request, passed)
    sandbox.configure(clock_offset_seconds=700)
    assert client.call(audit_request, passed).status == 200
    assert audits(sandbox) == [200, 401, 200]
    assert len(asked(sandbox, "/login")) == 2


def test_a_pull_that_sent_nothing_for_too_long_asks_for_a_keep_alive_first(sandbox, connect, audit_request):
    client = connect("login")
    client.call(audit_request, passed)
    sandbox.configure(clock_offset_seconds=700)
    later(client, 700)
    assert client.call(audit_request, passed).status == 200
    assert audits(sandbox) == [200, 200]
    assert len(asked(sandbox, "/login")) == 2


@pytest.mark.parametrize(
    ("cookie", "told", "sent"),
    [
        ("Session_id=abc; Path=/; HttpOnly", None, "Session_id=abc"),
        ("Session_id=abc", "other", "Session_id=abc"),
        (
            "x=1; Path=/, Session_id=a-b.c=; Expires=Wed, 21 Oct 2026 07:28:00 GMT, y=2",
            None,
            "Session_id=a-b.c=",
        ),
        ("My_Session_id=no; Path=/", "told", "Session_id=told"),
        (None, "told", "Session_id=told"),
        (None, "two words", None),
        (None, None, None),
    ],
)
def test_the_session_is_taken_from_the_cookie_or_else_from_the_body(cookie, told, sent):
    desk = Desk(cookie=cookie, sessionId=told)
    credential = desk.credential()
    sign(credential)
    desk.clock = 241
    sign(credential)
    assert desk.requests[-1].path.endswith("/refresh")
    assert desk.requests[-1].headers.get("Cookie") == sent


# -- logging out -----------------------------------------------------------------------------------


def test_closing_logs_out_with_csrf_and_cookie(sandbox, connect, audit_request):
    client = connect("login")
    client.call(audit_request, passed)
    (lasting,) = sandbox.logins.lasting
    client.close()
    (logout,) = asked(sandbox, "/logout")
    assert logout.status == 200
    assert json.loads(logout.body) == {"csrf": hidden(lasting.csrf)}
    assert logout.header("cookie") == f"Session_id={hidden(lasting.session_id)}"
    assert sandbox.logins.lasting == []
    client.close()
    assert len(asked(sandbox, "/logout")) == 1


def test_closing_what_never_logged_in_asks_nothing(sandbox, connect):
    connect("login").close()
    assert sandbox.requests == []


def test_nobody_logs_in_again_after_the_close(sandbox, connect, audit_request):
    """A request that nobody needs any more may be under way when a pull fails."""
    client = connect("login")
    client.call(audit_request, passed)
    client.close()
    with pytest.raises(LivePersonError, match="closed"):
        client.call(audit_request, passed)
    assert len(asked(sandbox, "/login")) == 1


def test_a_401_after_the_close_is_not_answered_by_a_login():
    desk = Desk()
    credential = desk.credential()
    request = requests.Request("GET", "https://x.liveperson.net/").prepare()
    credential(request)
    credential.close()
    assert not credential.renew(request)
    assert desk.logins == 1


@pytest.mark.parametrize("during", ["/login", "/refresh"])
def test_closing_while_another_thread_is_at_liveperson_leaves_no_login_behind(monkeypatch, during):
    monkeypatch.setattr("airflow_provider_liveperson.client.credentials.login._PATIENCE", 0.01)
    desk, arrived, go_on = Desk(), threading.Event(), threading.Event()
    credential = desk.credential()

    def slow(request: ApiRequest) -> Answer:
        if request.path.endswith(during):
            arrived.set()
            assert go_on.wait(30)
        return desk(request)

    if during == "/refresh":
        sign(credential)
        desk.clock = 241
    credential.bind(slow)
    errors: list[Exception] = []

    def work() -> None:
        try:
            sign(credential)
        except AuthenticationError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert arrived.wait(30)
    credential.close()
    go_on.set()
    thread.join()
    assert [one.path.rpartition("/")[2] for one in desk.requests][-1] == "logout"
    assert "closed" in str(errors[0])


def test_bound_again_it_logs_in_again(sandbox, connect, audit_request):
    client = connect("login")
    client.call(audit_request, passed)
    client.close()
    assert connect(credential=client.credential).call(audit_request, passed).status == 200


@pytest.mark.parametrize(
    ("fault", "warned"),
    [
        ({"kind": "status", "status": 500}, True),
        ({"kind": "drop"}, True),
        ({"kind": "status", "status": 401}, False),
    ],
    ids=["500", "drop", "401"],
)
def test_a_logout_that_fails_is_logged_and_not_raised(
    sandbox, connect, audit_request, waits, caplog, fault, warned
):
    client = connect("login")
    client.call(audit_request, passed)
    later(client, 250)
    client.call(audit_request, passed)  # the keep-alive has changed the session
    (lasting,) = sandbox.logins.lasting
    echo = {"body": {"echo": [lasting.csrf, lasting.session_id, lasting.bearer]}}
    sandbox.faults.add(match="/logout", **fault, **(echo if "status" in fault else {}))
    with caplog.at_level(logging.DEBUG):
        client.close()
    assert len(asked(sandbox, "/logout")) == 1
    assert waits == []
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [sandbox.settings.user_name in one.getMessage() for one in warnings] == [True] * warned
    told = " ".join(record.getMessage() for record in caplog.records)
    assert not any(secret in told for secret in (lasting.csrf, lasting.session_id, lasting.bearer))


# -- refusals --------------------------------------------------------------------------------------


def test_a_wrong_password_is_named_and_tried_once(sandbox, connect, audit_request, waits):
    client = connect("login", password="wrong-and-hush")
    for _ in range(3):
        with pytest.raises(AuthenticationError, match="user name or the password is wrong") as caught:
            client.call(audit_request, passed)
        assert caught.value.field == "password"
        assert caught.value.status == 401
        assert "wrong-and-hush" not in str(caught.value)
    assert len(asked(sandbox, "/login")) == 1  # more might lock the user out
    assert audits(sandbox) == []
    assert waits == []


def test_an_sso_user_is_told_which_way_is_open(sandbox, connect, audit_request):
    client = connect("login", user_name=sandbox.settings.sso_user_name)
    with pytest.raises(
        AuthenticationError, match=r"LivePerson does not let users log in this way.*single sign-on"
    ) as caught:
        client.call(audit_request, passed)
    assert "liveperson_web_app" in str(caught.value)
    assert "liveperson_app_jwt" in str(caught.value)


@pytest.mark.parametrize("wrong", [{"app_secret": "wrong"}, {"app_key": "wrong"}, {"user_name": "nobody"}])
def test_a_bots_refusal_names_the_key_and_the_end_of_oauth_1(sandbox, connect, audit_request, wrong):
    with pytest.raises(AuthenticationError, match="User Login") as caught:
        connect("login_bot", **wrong).call(audit_request, passed)
    assert caught.value.field == "app_key"
    assert "30 April 2026" in str(caught.value)
    assert "client ID and client secret" in str(caught.value)


@pytest.mark.parametrize("kind", ["login", "login_bot"])
def test_a_blocked_account_is_told_to_ask_support_and_not_tried_again(
    sandbox, connect, audit_request, waits, kind
):
    sandbox.configure(login_blocked=True)
    client = connect(kind)
    for _ in range(2):
        with pytest.raises(
            AuthenticationError, match=r"LivePerson Support has blocked.*can unblock it"
        ) as caught:
            client.call(audit_request, passed)
        assert caught.value.status == 451
        assert caught.value.field == "user_name"
    assert len(asked(sandbox, "/login")) == 1
    assert waits == []


def test_too_many_logins_wait_at_least_five_seconds(sandbox, connect, audit_request, waits):
    sandbox.faults.add(kind="status", status=429, match="/login", times=3)
    assert connect("login").call(audit_request, passed).status == 200
    assert len(waits) == 3
    assert min(waits) >= 5


@pytest.mark.parametrize(
    ("fault", "error", "times"),
    [
        ({"kind": "status", "status": 503}, ServiceUnavailableError, 4),
        ({"kind": "not_json"}, InvalidResponseError, 4),
        ({"kind": "status", "status": 429}, RateLimitedError, 7),
    ],
    ids=["503", "not_json", "429"],
)
def test_what_is_no_refusal_is_repeated_by_the_table_and_tried_again_later(
    sandbox, connect, audit_request, fault, error, times
):
    client = connect("login")
    sandbox.faults.add(match="/login", times=1000, **fault)
    with pytest.raises(error, match="agentVep"):
        client.call(audit_request, passed)
    assert len(asked(sandbox, "/login")) == times
    sandbox.faults.clear()
    assert client.call(audit_request, passed).status == 200


def test_a_service_that_does_not_take_bearers_is_asked_twice_and_no_login_stays(
    sandbox, connect, audit_request
):
    sandbox.configure(audit_auth={"oauth1"})
    client = connect("login")
    with pytest.raises(AuthenticationError, match="accepted the login, but this service does not"):
        client.call(audit_request, passed)
    assert audits(sandbox) == [401, 401]
    assert len(sandbox.logins.lasting) == 1
    client.close()
    assert sandbox.logins.lasting == []


def test_a_missing_permission_is_the_users_profile(sandbox, connect, audit_request):
    sandbox.configure(missing_permission={"bearer"})
    with pytest.raises(PermissionDeniedError, match="user's profile"):
        connect("login").call(audit_request, passed)
    assert len(asked(sandbox, "/login")) == 1
