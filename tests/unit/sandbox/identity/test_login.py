"""The Login Service, as an application uses it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from airflow_provider_liveperson.sandbox import SandboxServer
from airflow_provider_liveperson.sandbox.http.redaction import hidden

COOKIE = "Session_id"


def log_in(server: SandboxServer, **changed: Any) -> requests.Response:
    about = server.settings
    given = {"username": about.user_name, "password": about.user_password, **changed}
    return post(server, "login?v=1.3", given)


def post(server: SandboxServer, what: str, body: Any, cookie: str | None = None) -> requests.Response:
    return requests.post(
        f"{server.url}/api/account/{server.settings.account_id}/{what}",
        json={name: value for name, value in body.items() if value is not None},
        cookies={COOKIE: cookie} if cookie else {},
        timeout=10,
    )


def bot_body(server: SandboxServer, **changed: Any) -> dict[str, Any]:
    about = server.settings
    return {
        "username": about.bot_name,
        "appKey": about.app_key,
        "secret": about.app_secret,
        "accessToken": about.access_token,
        "accessTokenSecret": about.access_token_secret,
        **changed,
    }


def app_body(server: SandboxServer, **changed: Any) -> dict[str, Any]:
    about = server.settings
    return bot_body(
        server,
        **{
            "appKey": about.client_id,
            "secret": about.client_secret,
            "accessToken": "dummy",
            "accessTokenSecret": "dummy",
            **changed,
        },
    )


class Session:
    """One login and what keeps it."""

    def __init__(self, server: SandboxServer) -> None:
        answer = log_in(server)
        assert answer.status_code == 200, answer.text
        self.server = server
        self.cookie = answer.cookies[COOKIE]
        self.csrf, self.bearer = answer.json()["csrf"], answer.json()["bearer"]

    def keep_alive(self, **changed: Any) -> requests.Response:
        answer = self.post("refresh", **changed)
        self.cookie = answer.cookies.get(COOKIE, self.cookie)
        return answer

    def post(self, what: str, *, csrf: str | None = "right", cookie: str = "right") -> requests.Response:
        csrf = self.csrf if csrf == "right" else csrf
        return post(self.server, what, {"csrf": csrf}, self.cookie if cookie == "right" else cookie)

    @property
    def reads(self) -> bool:
        answer = self.server.with_token(self.bearer)
        assert answer.status_code in (200, 401)
        return answer.status_code == 200


def complaint(answer: requests.Response) -> str:
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"time", "message", "internalCode", "responseStatus"}
    assert isinstance(error["internalCode"], int)
    return str(error["message"])


def test_the_answer_has_every_documented_field(sandbox: Any) -> None:
    server = sandbox(login_ttl_ms=1_000_000, clock_offset_seconds=5)
    before = (time.time() + 5) * 1000
    answer = log_in(server)
    assert answer.status_code == 200
    payload = answer.json()
    assert list(payload) == [
        "csrf", "wsuk", "config", "csdsCollectionResponse", "accountData", "sessionTTl", "bearer",
    ]  # fmt: skip
    assert re.fullmatch(r"[0-9a-f]{64}", payload["csrf"])
    assert re.fullmatch(r"[0-9a-f]{64}", payload["bearer"])
    assert payload["wsuk"].isdigit()
    assert payload["sessionTTl"] == "1000000"
    config = payload["config"]
    assert (config["loginName"], config["userId"]) == ("agent0@acme.test", server.people()["user"].id)
    assert all(isinstance(privilege, int) for privilege in config["userPrivileges"])
    assert before - 1 <= config["serverCurrentTime"] <= (time.time() + 5) * 1000
    assert {name: type(config[name]) for name in config} == {
        "loginName": str,
        "userId": str,
        "userPrivileges": list,
        "serverCurrentTime": int,
        "timeDiff": int,
        "serverTimeZoneName": str,
        "serverTimeGMTDiff": int,
        "isLPA": bool,
        "isAdmin": bool,
        "accountTimeZoneId": str,
    }
    domains = requests.get(server.path("service/baseURI.json?version=1.0"), timeout=10).json()
    assert payload["csdsCollectionResponse"] == domains
    groups = payload["accountData"]["agentGroupsData"]
    assert groups["items"][0]["id"] == -1
    assert groups["revision"] == server.config.revision("agent_groups")
    (cookie,) = answer.cookies
    assert cookie.name == COOKIE
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.value not in answer.text


def test_every_login_has_a_bearer_of_its_own(sandbox: Any) -> None:
    server = sandbox()
    first, second = Session(server), Session(server)
    assert first.bearer != second.bearer
    assert first.reads
    assert second.reads
    assert first.post("logout").status_code == 200
    assert not first.reads
    assert second.reads


def test_an_old_sample_has_the_session_in_the_body(sandbox: Any) -> None:
    answer = log_in(sandbox(login_session_id_in_body=True))
    assert answer.json()["sessionId"] == answer.cookies[COOKIE]
    assert list(answer.json())[-1] == "bearer"


@pytest.mark.parametrize(
    "changed", [{"password": "wrong"}, {"username": "nobody"}, {"username": "bot-3", "password": "dummy"}]
)
def test_wrong_credentials_are_not_authorized(sandbox: Any, changed: dict[str, str]) -> None:
    server = sandbox()
    answer = log_in(server, **changed)
    assert answer.status_code == 401
    assert "credentials" in complaint(answer)
    assert not answer.cookies
    assert server.settings.user_password not in answer.text


def test_single_sign_on_is_told_that_it_has_no_way_in_here(sandbox: Any) -> None:
    server = sandbox()
    answer = log_in(server, username=server.settings.sso_user_name)
    assert answer.status_code == 401
    assert "single sign-on, which is not supported here" in complaint(answer)


def test_a_blocked_user_is_told_so(sandbox: Any) -> None:
    server = sandbox(login_blocked=True)
    answer = log_in(server)
    assert answer.status_code == 451
    assert "blocked by LivePerson Support" in complaint(answer)
    assert log_in(server, password="wrong").status_code == 401


@pytest.mark.parametrize("query", ["", "?v=1.2", "?version=1.3"])
def test_the_version_is_demanded(sandbox: Any, query: str) -> None:
    server = sandbox()
    about = server.settings
    answer = post(server, f"login{query}", {"username": about.user_name, "password": about.user_password})
    assert answer.status_code == 400
    assert "v must be 1.3" in complaint(answer)


@pytest.mark.parametrize(
    "changed",
    [{"username": None}, {"password": None}, {"password": ""}, {"password": 7}, {"username": ["x"]}],
)
def test_a_body_without_its_parts_is_refused(sandbox: Any, changed: dict[str, Any]) -> None:
    answer = log_in(sandbox(), **changed)
    assert answer.status_code == 400
    assert next(iter(changed)) in complaint(answer)


@pytest.mark.parametrize("body", ["", "[]", "username=x&password=y", "{"])
def test_a_body_that_is_no_object_is_refused(sandbox: Any, body: str) -> None:
    answer = requests.post(sandbox().path("login?v=1.3"), data=body, timeout=10)
    assert answer.status_code == 400
    assert "JSON object" in complaint(answer)


@pytest.mark.parametrize(("account", "status"), [("70000002", 401), ("a-b", 400)])
def test_other_accounts(sandbox: Any, account: str, status: int) -> None:
    server = sandbox()
    about = server.settings
    answer = requests.post(
        f"{server.url}/api/account/{account}/login?v=1.3",
        json={"username": about.user_name, "password": about.user_password},
        timeout=10,
    )
    assert answer.status_code == status


class TestBots:
    @pytest.mark.parametrize("body", [bot_body, app_body])
    def test_they_log_in_with_keys(self, sandbox: Any, body: Any) -> None:
        server = sandbox()
        answer = post(server, "login?v=1.3", body(server))
        assert answer.status_code == 200
        assert answer.json()["config"]["loginName"] == "bot-3"
        assert answer.json()["config"]["isAdmin"] is False
        assert server.with_token(answer.json()["bearer"]).status_code == 200

    @pytest.mark.parametrize("part", ["appKey", "secret", "accessToken", "accessTokenSecret", "username"])
    def test_every_part_of_a_key_counts(self, sandbox: Any, part: str) -> None:
        server = sandbox()
        assert post(server, "login?v=1.3", bot_body(server, **{part: "wrong"})).status_code == 401
        missing = post(server, "login?v=1.3", bot_body(server, **{part: None}))
        assert missing.status_code == 400
        assert part in complaint(missing)

    @pytest.mark.parametrize("part", ["appKey", "secret"])
    def test_of_an_app_the_id_and_the_secret_count(self, sandbox: Any, part: str) -> None:
        server = sandbox()
        assert post(server, "login?v=1.3", app_body(server, **{part: "wrong"})).status_code == 401

    def test_even_dummies_must_be_there(self, sandbox: Any) -> None:
        server = sandbox()
        assert post(server, "login?v=1.3", app_body(server, accessToken="")).status_code == 400

    def test_keys_do_not_open_the_login_of_a_person(self, sandbox: Any) -> None:
        server = sandbox()
        body = bot_body(server, username=server.settings.user_name)
        assert post(server, "login?v=1.3", body).status_code == 401

    @pytest.mark.parametrize(("accepted", "statuses"), [("api_key", [200, 401]), ("app", [401, 200])])
    def test_one_of_the_two_ways_can_be_closed(
        self, sandbox: Any, accepted: str, statuses: list[int]
    ) -> None:
        server = sandbox(bot_login=accepted)
        answers = [post(server, "login?v=1.3", body(server)) for body in (bot_body, app_body)]
        assert [answer.status_code for answer in answers] == statuses


class TestKeepAlive:
    def test_it_gives_a_cookie_and_an_empty_body(self, sandbox: Any) -> None:
        session = Session(sandbox())
        old = session.cookie
        answer = session.keep_alive()
        assert (answer.status_code, answer.content) == (200, b"")
        assert session.cookie != old
        assert session.post("refresh", cookie=old).status_code == 401
        assert session.keep_alive().status_code == 200
        assert session.reads

    def test_the_cookie_can_stay_the_same(self, sandbox: Any) -> None:
        session = Session(sandbox(login_refresh_session="same"))
        assert session.post("refresh").cookies[COOKIE] == session.cookie

    def test_without_it_a_login_ends(self, sandbox: Any) -> None:
        server = sandbox()
        kept, forgotten = Session(server), Session(server)
        for minutes in (5, 9):
            server.configure(clock_offset_seconds=minutes * 60)
            # Reading is no keep-alive.
            assert forgotten.reads
            assert kept.keep_alive().status_code == 200
        server.configure(clock_offset_seconds=11 * 60)
        assert kept.reads
        assert not forgotten.reads
        assert "ended" in complaint(forgotten.post("refresh"))

    @pytest.mark.parametrize("extends", [False, True])
    def test_it_prolongs_the_login_or_not(self, sandbox: Any, extends: bool) -> None:
        server = sandbox(login_ttl_ms=900_000, login_refresh_extends=extends)
        session = Session(server)
        for minutes in (5, 10, 14):
            server.configure(clock_offset_seconds=minutes * 60)
            assert session.keep_alive().status_code == 200
        server.configure(clock_offset_seconds=16 * 60)
        assert session.reads is extends
        assert session.keep_alive().status_code == (200 if extends else 401)

    @pytest.mark.parametrize("what", ["refresh", "logout"])
    @pytest.mark.parametrize("csrf", ["f" * 64, "", None, "ü"])
    def test_a_wrong_csrf_token_is_refused_as_documented(
        self, sandbox: Any, what: str, csrf: str | None
    ) -> None:
        server = sandbox()
        session = Session(server)
        answer = session.post(what, csrf=csrf)
        assert answer.status_code == 401
        assert complaint(answer).startswith("CSRF token invalid!")
        error = answer.json()["error"]
        assert (error["internalCode"], error["responseStatus"]) == (10, "UNAUTHORIZED")
        assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d{2}:\d{2} [AP]M", error["time"])
        assert session.reads

    @pytest.mark.parametrize("what", ["refresh", "logout"])
    @pytest.mark.parametrize("cookie", ["", "f" * 48])
    def test_without_its_session_it_is_refused(self, sandbox: Any, what: str, cookie: str) -> None:
        session = Session(sandbox())
        assert session.post(what, cookie=cookie).status_code == 401
        assert session.reads


def test_a_logout_ends_the_login(sandbox: Any) -> None:
    server = sandbox()
    session = Session(server)
    assert [login.bearer for login in server.logins.lasting] == [session.bearer]
    answer = session.post("logout")
    assert (answer.status_code, answer.content) == (200, b"")
    refused = server.with_token(session.bearer)
    assert refused.status_code == 401
    assert "logged out" in refused.json()["error_description"]
    assert session.post("logout").status_code == session.keep_alive().status_code == 401
    assert server.logins.lasting == []


@pytest.mark.parametrize("kind", ["web_app", "bearer"])
def test_one_token_reads_every_data_api(sandbox: Any, kind: str) -> None:
    server = sandbox()
    token = server.grants.issue().access_token if kind == "web_app" else Session(server).bearer
    headers = {"Authorization": f"Bearer {token}"}
    end = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 1000
    conversations = f"{server.url}/messaging_history/api/account/70000001/conversations/search"
    changes = f"{server.url}/api/v2/account/70000001/status-changes"
    window = {"from": "2026-01-30T00:00:00Z", "to": "2026-01-31T00:00:00Z"}
    answers = [
        server.with_token(token),
        requests.get(f"{server.audit_url}/export", headers=headers, timeout=10),
        *(
            requests.get(server.path(f"configuration/le-users/{name}"), headers=headers, timeout=10)
            for name in ("users", "skills", "agentGroups")
        ),
        requests.post(
            f"{conversations}?source=Tests",
            json={"start": {"from": end - 86_400_000, "to": end}},
            headers=headers,
            timeout=10,
        ),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    # Agent Activity is for programs: it takes no login of a user.
    answer = requests.get(changes, {"source": "Tests", **window}, headers=headers, timeout=10)
    assert answer.status_code == (200 if kind == "web_app" else 401)
    for api in ("audit_auth", "config_auth", "activity_auth", "messaging_auth"):
        server.configure(**{api: "oauth1"})
    assert server.with_token(token).status_code == 401


class TestFaults:
    def test_too_many_logins_and_servers_in_trouble(self, sandbox: Any) -> None:
        server = sandbox()
        for status in (429, 500, 451):
            server.faults.add(kind="status", match="/login?v=1.3", status=status)
        assert [log_in(server).status_code for _ in range(4)] == [429, 500, 451, 200]

    @pytest.mark.parametrize("kind", ["expire_tokens", "revoke_tokens"])
    def test_a_login_ends_midway(self, sandbox: Any, kind: str) -> None:
        server = sandbox()
        session = Session(server)
        server.faults.add(kind=kind, match="/audit")
        assert not session.reads
        assert session.keep_alive().status_code == 401
        assert Session(server).reads

    def test_an_answer_can_be_cut_or_lost(self, sandbox: Any) -> None:
        server = sandbox()
        server.faults.add(kind="cut_json", match="/login")
        with pytest.raises(requests.exceptions.JSONDecodeError):
            log_in(server).json()
        session = Session(server)
        server.faults.add(kind="lost", match="/logout")
        with pytest.raises(requests.exceptions.ConnectionError):
            session.post("logout")
        assert not session.reads


def test_latency_is_for_data_only(sandbox: Any) -> None:
    session = Session(sandbox(latency_ms=60_000))
    assert session.keep_alive().status_code == session.post("logout").status_code == 200


def test_the_request_log_keeps_no_password_key_csrf_cookie_or_bearer(sandbox: Any) -> None:
    server = sandbox()
    session = Session(server)
    first_cookie = session.cookie
    assert session.reads
    session.keep_alive()
    session.post("logout")
    post(server, "login?v=1.3", bot_body(server))
    log_in(server, password="mistyped")
    requests.post(server.path("login?v=1.3"), data="password: spelled oddly", timeout=10)
    secrets = server.secrets() | {first_cookie, session.cookie, "mistyped", "oddly"}
    assert {session.bearer, session.csrf, first_cookie, server.settings.user_password} <= secrets
    kept = repr([(one.path, one.url, one.headers, one.body) for one in server.requests])
    shown = requests.get(f"{server.url}/_sandbox/requests", timeout=10).text
    for text in (kept, shown):
        for secret in secrets:
            assert secret not in text
    assert server.settings.user_name in server.requests[0].body.decode()
    assert hidden(server.settings.user_password) in server.requests[0].body.decode()
    assert server.requests[1].header("authorization") == f"Bearer {hidden(session.bearer)}"
    assert server.requests[2].header("cookie") == f"{COOKIE}={hidden(first_cookie)}"


def test_in_process_logins_are_like_those_of_a_request(sandbox: Any) -> None:
    server = sandbox()
    login = server.logins.open(server.people()["bot"])
    assert server.with_token(login.bearer).status_code == 200
    assert post(server, "refresh", {"csrf": login.csrf}, login.session_id).status_code == 200
    for secret in (login.bearer, login.csrf, login.session_id):
        assert secret not in repr(login)
    server.logins.end_all()
    assert server.with_token(login.bearer).status_code == 401
