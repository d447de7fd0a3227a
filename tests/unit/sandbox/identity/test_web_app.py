"""Consent for a web application, as a browser and the application's server go through it."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import time
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import jwt
import pytest
import requests

from airflow_provider_liveperson.sandbox import SandboxServer
from airflow_provider_liveperson.sandbox.http.redaction import hidden

CALLBACK = "http://localhost:8080/liveperson/callback?from=sentinel"
VERIFIER = "a-verifier-that-is-long-enough-for-rfc-7636-1234567890"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Browser:
    """A person with a browser: keeps cookies, fills in forms, does not follow redirects by itself."""

    def __init__(self, server: SandboxServer) -> None:
        self.server = server
        self.session = requests.Session()

    def authorize(self, **changed: Any) -> requests.Response:
        account = changed.pop("account", None) or self.server.settings.account_id
        query = {
            "v": "1.0",
            "response_type": "code",
            "client_id": self.server.settings.web_app_client_id,
            "redirect_uri": CALLBACK,
            "state": "a state&more=1",
            **changed,
        }
        url = f"{self.server.url}/sentinel/api/account/{account}/authorize"
        return self.session.get(url, params=query, allow_redirects=False, timeout=10)

    def follow(self, answer: requests.Response) -> requests.Response:
        url = self.server.url + answer.headers["Location"]
        return self.session.get(url, allow_redirects=False, timeout=10)

    def send(self, page: requests.Response, **fields: str) -> requests.Response:
        found = re.search(r'<form method="post" action="([^"]*)">', page.text)
        token = re.search(r'name="form_token" value="([^"]*)"', page.text)
        assert found is not None
        assert token is not None
        return self.session.post(
            self.server.url + html.unescape(found[1]),
            data={"form_token": token[1], **fields},
            allow_redirects=False,
            timeout=10,
        )

    def log_in(self, page: requests.Response, **changed: str) -> requests.Response:
        about = self.server.settings
        return self.send(page, **{"username": about.user_name, "password": about.user_password, **changed})

    def to_consent(self, **changed: Any) -> requests.Response:
        """Walk as far as the consent page, logging in."""
        return self.follow(self.follow(self.log_in(self.follow(self.authorize(**changed)))))

    def consented(self, **changed: Any) -> dict[str, str]:
        """Walk the whole way, and give what the browser brings back to the application."""
        return brought_back(self.send(self.to_consent(**changed), decision="approve"))


def brought_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    uri, _, query = answer.headers["Location"].partition("&")
    assert uri == CALLBACK
    return dict(parse_qsl(query))


def exchange(server: SandboxServer, what: str, **changed: str | None) -> requests.Response:
    """A request of the application's server: ``what`` is ``token`` or ``token/revoke?v=1.0``."""
    about = server.settings
    form = {
        "client_id": about.web_app_client_id,
        "client_secret": about.web_app_client_secret,
        **changed,
    }
    account = form.pop("account", about.account_id)
    url = f"{server.url}/sentinel/api/account/{account}/{what}"
    return requests.post(url if "?" in what else url + "?v=1.0", data=form, timeout=10)


def redeem(server: SandboxServer, code: str, **changed: str | None) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **changed}
    return exchange(server, "token", **form)


def renew(server: SandboxServer, refresh_token: str) -> requests.Response:
    return exchange(server, "token", grant_type="refresh_token", refresh_token=refresh_token)


def revoke(server: SandboxServer, token: str, query: str = "v=1.0", **changed: str) -> requests.Response:
    return exchange(server, f"token/revoke?{query}", token=token, **changed)


def refusal(answer: requests.Response) -> tuple[int, str]:
    assert answer.json()["error_description"]
    return answer.status_code, answer.json()["error"]


INVALID_GRANT = (400, "invalid_grant")


def test_the_whole_way_from_the_browser_to_data(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    first = browser.authorize()
    assert first.status_code == 302
    login = browser.follow(first)
    assert login.status_code == 200
    assert {'name="username"', 'name="password"', 'id="login"'} <= set(re.findall(r'\w+="\w+"', login.text))

    consent = browser.follow(browser.follow(browser.log_in(login)))
    assert consent.status_code == 200
    assert {'id="approve"', 'id="deny"'} <= set(re.findall(r'\w+="\w+"', consent.text))
    assert server.settings.web_app_client_id in consent.text
    back = brought_back(browser.send(consent, decision="approve"))
    assert set(back) == {"code", "state"}
    assert back["state"] == "a state&more=1"

    answer = redeem(server, back["code"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.json()
    assert set(given) == {"access_token", "token_type", "refresh_token", "id_token", "expires_in"}
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 1800)
    assert re.fullmatch(r"[0-9a-f]{64}", given["access_token"])
    assert re.fullmatch(r"[0-9a-f]{146,}", given["refresh_token"])
    assert server.with_token(given["access_token"]).status_code == 200

    again = renew(server, given["refresh_token"])
    assert again.status_code == 200
    assert set(again.json()) == {"access_token", "token_type", "refresh_token", "expires_in"}
    assert again.json()["access_token"] != given["access_token"]
    assert server.with_token(again.json()["access_token"]).status_code == 200


def test_the_id_token_verifies_with_the_published_keys(sandbox: Any) -> None:
    server = sandbox(id_token_lifetime_seconds=90)
    before = int(time.time())
    token = redeem(server, Browser(server).consented()["code"]).json()["id_token"]
    keys = jwt.PyJWKClient(f"{server.url}/sentinel/well-known/jwks")
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=server.settings.web_app_client_id,
        issuer="sentinel",
    )
    assert set(claims) == {"sub", "aud", "iss", "iat", "exp", "is_admin", "is_lpa"}
    assert claims["sub"] == server.people()["user"].id == str(server.config.truth("users")[0]["id"])
    assert (claims["is_admin"], claims["is_lpa"]) == (True, False)
    assert claims["exp"] - claims["iat"] == 90
    assert before <= claims["iat"] <= time.time()
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    assert header["kid"].startswith("idtoken-")

    server.rotate_keys()
    later = server.grants.issue().id_token
    assert jwt.get_unverified_header(later)["kid"] != header["kid"]
    for signed in (token, later):
        assert jwt.PyJWKClient(f"{server.url}/sentinel/well-known/jwks").get_signing_key_from_jwt(signed)


def test_an_id_token_is_no_access_token(sandbox: Any) -> None:
    server = sandbox()
    assert server.with_token(server.grants.issue().id_token).status_code == 401


def test_switches_of_the_answer(sandbox: Any) -> None:
    server = sandbox(token_expires_in=False, id_token_present=False, id_token_keys_published=False)
    given = redeem(server, Browser(server).consented()["code"]).json()
    assert set(given) == {"access_token", "token_type", "refresh_token"}
    assert set(renew(server, given["refresh_token"]).json()) == {
        "access_token",
        "token_type",
        "refresh_token",
    }
    published = requests.get(f"{server.url}/sentinel/well-known/jwks", timeout=10).json()["keys"]
    assert [key["kid"].partition("-")[0] for key in published] == ["appjwt"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"v": None}, 400),
        ({"v": "2.0"}, 400),
        ({"client_id": None}, 400),
        ({"redirect_uri": None}, 400),
        ({"redirect_uri": "https://evil.example.com/"}, 400),
        ({"redirect_uri": "http://localhost@evil.example.com/"}, 400),
        ({"redirect_uri": "javascript:alert(1)//localhost"}, 400),
        ({"redirect_uri": "//localhost/"}, 400),
        ({"redirect_uri": "http://localhost:8080/#fragment"}, 400),
        ({"redirect_uri": "http://localhost;script-src */"}, 400),
        ({"redirect_uri": "http://localhost:none/"}, 400),
        ({"redirect_uri": ["http://localhost:8080/", "http://localhost:9090/"]}, 400),
        ({"account": "a-b"}, 400),
        ({"account": "70000002"}, 401),
        ({"client_id": "somebody-else"}, 401),
    ],
)
def test_what_cannot_be_sent_back_ends_on_a_page(sandbox: Any, changed: Any, status: int) -> None:
    answer = Browser(sandbox()).authorize(**changed)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_to_the_application(sandbox: Any, changed: dict[str, str], error: str) -> None:
    server = sandbox()
    back = brought_back(Browser(server).authorize(**changed))
    assert back.pop("error_description")
    assert back == {"error": error, "state": "a state&more=1"}
    without = brought_back(Browser(server).authorize(**changed, state=None))
    assert set(without) == {"error", "error_description"}


def test_who_denies_is_sent_back_with_the_denial(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    back = brought_back(browser.send(browser.to_consent(), decision="deny"))
    assert back.pop("error_description")
    assert back == {"error": "access_denied", "state": "a state&more=1"}
    # They are asked again, and not for their password.
    assert "decision" in browser.follow(browser.authorize()).text


def test_a_session_goes_straight_to_the_code_or_the_consent_page(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    first = browser.consented()["code"]
    second = brought_back(browser.authorize())["code"]
    assert redeem(server, first).status_code == redeem(server, second).status_code == 200
    server.configure(consent_page="always")
    asked = browser.follow(browser.authorize())
    assert server.settings.user_name in asked.text
    assert "decision" in asked.text
    server.configure(consent_page="never")
    assert "code" in brought_back(browser.authorize())


def test_a_session_ends_when_nobody_uses_it(sandbox: Any) -> None:
    server = sandbox(sso_idle_seconds=300)
    browser = Browser(server)
    browser.consented()
    for minute in (4, 8, 12):
        server.configure(clock_offset_seconds=minute * 60)
        assert "code" in brought_back(browser.authorize())
    server.configure(clock_offset_seconds=18 * 60)
    assert 'name="password"' in browser.follow(browser.authorize()).text


@pytest.mark.parametrize("name", ["user_name", "bot_name", "nobody"])
def test_a_wrong_login_is_told_on_the_page(sandbox: Any, name: str) -> None:
    server = sandbox()
    browser = Browser(server)
    username = getattr(server.settings, name, '"><script>alert(1)</script>')
    answer = browser.log_in(browser.follow(browser.authorize()), username=username, password="wrong")
    assert answer.status_code == 401
    assert "is wrong" in answer.text
    assert "<script" not in answer.text
    assert f'value="{html.escape(username)}"'.replace("&quot;", "&#34;") in answer.text
    # The page that complains can be used.
    assert browser.log_in(answer).status_code == 303


def test_somebody_with_single_sign_on_can_consent(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    login = browser.follow(browser.authorize())
    consent = browser.follow(browser.follow(browser.log_in(login, username=server.settings.sso_user_name)))
    code = brought_back(browser.send(consent, decision="approve"))["code"]
    token = redeem(server, code).json()["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["is_admin"]) == (server.people()["sso_user"].id, False)


def test_a_blocked_user_does_not_get_in(sandbox: Any) -> None:
    server = sandbox(login_blocked=True)
    browser = Browser(server)
    answer = browser.log_in(browser.follow(browser.authorize()))
    assert answer.status_code == 403
    assert "blocked" in answer.text


def test_forms_of_another_browser_are_refused(sandbox: Any) -> None:
    server = sandbox()
    mine, other = Browser(server), Browser(server)
    page = mine.follow(mine.authorize())
    assert other.log_in(page).status_code == 403
    other.follow(other.authorize())
    assert other.log_in(page).status_code == 403
    consent, foreign = mine.to_consent(), other.to_consent()
    assert mine.send(foreign, decision="approve").status_code == 403
    assert "code" in brought_back(mine.send(consent, decision="approve"))
    server.configure(consent_page="always")
    # The page of one request does not consent to another.
    page = mine.follow(mine.authorize(state="other"))
    page._content = page.content.replace(b"state=other", b"state=forged")
    assert mine.send(page, decision="approve").status_code == 403


def test_pages_cannot_be_framed_kept_or_sent_elsewhere(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    login = browser.follow(browser.authorize())
    consent = browser.to_consent()
    for page in (login, consent):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["Referrer-Policy"] == "same-origin"
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self' http://localhost:8080;" in policy
        assert server.settings.user_password not in page.text
    for cookie in browser.session.cookies:
        assert cookie.path == "/sentinel"
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "lax"


class TestRegisteredRedirectUris:
    def test_one_may_stay_unnamed(self, sandbox: Any) -> None:
        server = sandbox(web_app_redirect_uris=[CALLBACK], consent_page="always")
        codes = [Browser(server).consented(redirect_uri=None)["code"] for _ in range(3)]
        assert redeem(server, codes[0], redirect_uri=None).status_code == 200
        assert redeem(server, codes[1]).status_code == 200
        assert refusal(redeem(server, codes[2], redirect_uri="http://localhost/")) == INVALID_GRANT

    def test_of_several_one_must_be_named(self, sandbox: Any) -> None:
        server = sandbox(web_app_redirect_uris=[CALLBACK, "https://airflow.example.com/cb"])
        assert Browser(server).authorize(redirect_uri=None).status_code == 400
        assert "code" in Browser(server).consented()

    def test_others_are_refused(self, sandbox: Any) -> None:
        server = sandbox(web_app_redirect_uris="https://airflow.example.com/cb")
        assert Browser(server).authorize().status_code == 400
        assert Browser(server).authorize(redirect_uri="https://airflow.example.com/cb/").status_code == 400


@pytest.mark.parametrize(
    "redirect_uri", [None, "http://localhost:8080/liveperson/callback", "http://localhost/"]
)
def test_a_code_is_for_its_redirect_uri(sandbox: Any, redirect_uri: str | None) -> None:
    server = sandbox()
    code = Browser(server).consented()["code"]
    assert refusal(redeem(server, code, redirect_uri=redirect_uri)) == INVALID_GRANT
    # Whoever guesses has one guess.
    assert refusal(redeem(server, code)) == INVALID_GRANT


@pytest.mark.parametrize("revokes", [True, False])
def test_a_code_that_comes_twice_ends_what_it_gave(sandbox: Any, revokes: bool) -> None:
    server = sandbox(code_replay_revokes=revokes)
    code = Browser(server).consented()["code"]
    given = redeem(server, code).json()
    assert refusal(redeem(server, code)) == INVALID_GRANT
    assert server.with_token(given["access_token"]).status_code == (401 if revokes else 200)
    assert renew(server, given["refresh_token"]).status_code == (400 if revokes else 200)


def test_a_code_is_short_lived(sandbox: Any) -> None:
    server = sandbox(code_lifetime_seconds=30, consent_page="always")
    codes = [Browser(server).consented()["code"] for _ in range(2)]
    server.configure(clock_offset_seconds=20)
    assert redeem(server, codes[0]).status_code == 200
    server.configure(clock_offset_seconds=31)
    assert "expired" in redeem(server, codes[1]).json()["error_description"]


@pytest.mark.parametrize(
    ("verifier", "status"), [(VERIFIER, 200), (VERIFIER + "x", 400), (CHALLENGE, 400), (None, 400)]
)
def test_a_code_is_for_its_pkce_verifier(sandbox: Any, verifier: str | None, status: int) -> None:
    server = sandbox()
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = Browser(server).consented(**challenge)["code"]
    assert redeem(server, code, code_verifier=verifier).status_code == status


def test_pkce_can_be_ignored_or_demanded(sandbox: Any) -> None:
    server = sandbox(pkce="ignored")
    code = Browser(server).consented(code_challenge="whatever")["code"]
    assert redeem(server, code, code_verifier="something else").status_code == 200
    server.configure(pkce="required")
    assert brought_back(Browser(server).authorize())["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"account": "70000002"}, "invalid_client"),
        ({"client_secret": None}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"code": None}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_every_refusal_of_a_token_is_a_400(sandbox: Any, changed: dict[str, str], error: str) -> None:
    server = sandbox()
    given = {"code": Browser(server).consented()["code"], **changed}
    assert refusal(redeem(server, **given)) == (400, error)


@pytest.mark.parametrize("query", ["v=2.0", "x=1.0", "v1.0"])
def test_a_token_request_needs_its_version(sandbox: Any, query: str) -> None:
    server = sandbox()
    answer = exchange(server, f"token?{query}", grant_type="refresh_token", refresh_token="any")
    assert refusal(answer) == (400, "invalid_request")


class TestRotation:
    def test_a_used_refresh_token_dies(self, sandbox: Any) -> None:
        server = sandbox()
        old = server.grants.issue()
        new = renew(server, old.refresh_token).json()
        assert refusal(renew(server, old.refresh_token)) == INVALID_GRANT
        assert renew(server, new["refresh_token"]).status_code == 200
        assert server.with_token(old.access_token).status_code == 200

    def test_or_stays_valid(self, sandbox: Any) -> None:
        server = sandbox(refresh_rotation="keep")
        old = server.grants.issue()
        answers = [renew(server, old.refresh_token).json()["refresh_token"] for _ in range(2)]
        assert len({old.refresh_token, *answers}) == 3
        assert renew(server, answers[0]).status_code == 200

    def test_or_ends_everything_when_it_comes_again(self, sandbox: Any) -> None:
        server = sandbox(refresh_rotation="reuse_revokes")
        old, other = server.grants.issue(), server.grants.issue()
        new = renew(server, old.refresh_token).json()
        assert refusal(renew(server, old.refresh_token)) == INVALID_GRANT
        assert refusal(renew(server, new["refresh_token"])) == INVALID_GRANT
        for token in (old.access_token, new["access_token"]):
            assert server.with_token(token).status_code == 401
        assert renew(server, other.refresh_token).status_code == 200

    def test_a_refresh_can_end_the_access_token_before_it(self, sandbox: Any) -> None:
        server = sandbox(refresh_ends_access_token=True)
        old = server.grants.issue()
        new = renew(server, old.refresh_token).json()
        assert server.with_token(old.access_token).status_code == 401
        assert server.with_token(new["access_token"]).status_code == 200


def test_an_access_token_expires_by_the_sandboxs_clock(sandbox: Any) -> None:
    server = sandbox(access_token_lifetime_seconds=120)
    given = server.grants.issue()
    server.configure(clock_offset_seconds=119)
    assert server.with_token(given.access_token).status_code == 200
    server.configure(clock_offset_seconds=121)
    refused = server.with_token(given.access_token)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert "expired" in refused.json()["error_description"]
    assert renew(server, given.refresh_token).json()["expires_in"] == 120


def test_refreshing_keeps_the_session_alive(sandbox: Any) -> None:
    server = sandbox()
    kept, forgotten = server.grants.issue().refresh_token, server.grants.issue().refresh_token
    for half_hours in range(1, 6):
        server.configure(clock_offset_seconds=half_hours * 1800)
        kept = renew(server, kept).json()["refresh_token"]
    assert refusal(renew(server, forgotten)) == INVALID_GRANT


class TestRevoke:
    @pytest.mark.parametrize("which", ["refresh_token", "access_token"])
    def test_it_ends_tokens_and_every_session_of_the_user(self, sandbox: Any, which: str) -> None:
        server = sandbox()
        browser = Browser(server)
        given = redeem(server, browser.consented()["code"]).json()
        bearer = server.logins.open().bearer
        others = server.logins.open(server.people()["bot"]).bearer
        answer = revoke(server, given[which])
        assert (answer.status_code, answer.content) == (200, b"")
        assert refusal(renew(server, given["refresh_token"])) == INVALID_GRANT
        refused = server.with_token(given["access_token"])
        assert (refused.status_code, "revoked" in refused.text) == (401, True)
        assert server.with_token(bearer).status_code == 401
        assert server.with_token(others).status_code == 200
        # The browser must log in again, and the user consent again.
        assert 'name="password"' in browser.follow(browser.authorize()).text
        assert 'id="approve"' in browser.to_consent().text

    def test_it_can_end_the_grant_only(self, sandbox: Any) -> None:
        server = sandbox(revoke_ends="grant")
        browser = Browser(server)
        given = redeem(server, browser.consented()["code"]).json()
        other = server.grants.issue()
        assert revoke(server, given["refresh_token"]).status_code == 200
        assert renew(server, given["refresh_token"]).status_code == 400
        assert server.with_token(given["access_token"]).status_code == 401
        assert renew(server, other.refresh_token).status_code == 200
        assert "code" in brought_back(browser.authorize())

    def test_the_query_may_be_as_the_page_prints_it(self, sandbox: Any) -> None:
        server = sandbox()
        assert revoke(server, server.grants.issue().refresh_token, "v1.0").status_code == 200
        server.configure(revoke_strict=True)
        assert refusal(revoke(server, server.grants.issue().refresh_token, "v1.0")) == (
            400,
            "invalid_request",
        )
        assert revoke(server, server.grants.issue().refresh_token).status_code == 200

    @pytest.mark.parametrize(
        "changed", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"account": "70000002"}]
    )
    def test_only_the_application_may(self, sandbox: Any, changed: dict[str, str]) -> None:
        server = sandbox()
        given = server.grants.issue()
        assert refusal(revoke(server, given.refresh_token, **changed)) == (401, "invalid_client")
        assert renew(server, given.refresh_token).status_code == 200

    def test_an_unknown_token_is_as_good_as_revoked(self, sandbox: Any) -> None:
        assert revoke(sandbox(), "unknown").status_code == 200


class TestFaults:
    def test_tokens_end_and_can_be_renewed(self, sandbox: Any) -> None:
        server = sandbox()
        given = server.grants.issue()
        for kind, word in (("expire_tokens", "expired"), ("revoke_tokens", "revoked")):
            server.faults.add(kind=kind, match="/audit")
            refused = server.with_token(given.access_token)
            assert refused.status_code == 401
            assert word in refused.json()["error_description"]
            given = server.grants.refresh(given.refresh_token)
            assert server.with_token(given.access_token).status_code == 200

    def test_consent_can_be_withdrawn(self, sandbox: Any) -> None:
        server = sandbox()
        given = server.grants.issue()
        server.faults.add(kind="revoke_grants", match="/audit")
        assert server.with_token(given.access_token).status_code == 401
        assert refusal(renew(server, given.refresh_token)) == INVALID_GRANT
        assert server.with_token(server.grants.issue().access_token).status_code == 200

    def test_the_answer_to_a_refresh_can_be_lost(self, sandbox: Any) -> None:
        server = sandbox()
        given = server.grants.issue()
        server.faults.add(kind="lost", match="/token")
        with pytest.raises(requests.exceptions.ConnectionError):
            renew(server, given.refresh_token)
        assert server.requests[-1].status is None
        assert refusal(renew(server, given.refresh_token)) == INVALID_GRANT

    def test_pages_and_tokens_have_the_usual_ones(self, sandbox: Any) -> None:
        server = sandbox()
        server.faults.add(kind="status", match="/authorize", status=500)
        assert Browser(server).authorize().status_code == 500
        server.faults.add(kind="status", match="/token?v=1.0", status=429, retry_after=2)
        assert renew(server, "any").headers["Retry-After"] == "2"


def test_latency_is_for_data_only(sandbox: Any) -> None:
    server = sandbox(latency_ms=60_000)
    given = redeem(server, Browser(server).consented()["code"]).json()
    assert renew(server, given["refresh_token"]).status_code == 200


def test_the_request_log_keeps_no_password_code_token_or_cookie(sandbox: Any) -> None:
    server = sandbox()
    browser = Browser(server)
    code = browser.consented(code_challenge=CHALLENGE, code_challenge_method="S256")["code"]
    given = redeem(server, code, code_verifier=VERIFIER).json()
    renewed = renew(server, given["refresh_token"]).json()
    server.with_token(renewed["access_token"])
    revoke(server, renewed["refresh_token"])
    requests.get(f"{server.url}/cb", params={"code": code, "refresh_token": "mistyped"}, timeout=10)
    secrets = server.secrets() | {VERIFIER, "mistyped"} - {server.settings.app_key}
    assert {code, given["id_token"], given["refresh_token"], server.settings.user_password} <= secrets
    cookies = {cookie.value for cookie in browser.session.cookies}
    assert cookies
    kept = repr([(one.path, one.url, one.headers, one.body) for one in server.requests])
    shown = requests.get(f"{server.url}/_sandbox/requests", timeout=10).text
    for text in (kept, shown):
        for secret in secrets | cookies:
            assert secret not in text
    # What is not secret can be asserted, and whether it was this secret or another.
    asked = next(one for one in server.requests if one.path.endswith("/token"))
    assert parse_qs(asked.body.decode()) == {
        "client_id": [server.settings.web_app_client_id],
        "client_secret": [hidden(server.settings.web_app_client_secret)],
        "grant_type": ["authorization_code"],
        "code": [hidden(code)],
        "redirect_uri": [CALLBACK],
        "code_verifier": [hidden(VERIFIER)],
    }
    assert server.requests[-3].header("authorization") == f"Bearer {hidden(renewed['access_token'])}"


def test_in_process_tokens_are_like_those_of_the_browser(sandbox: Any) -> None:
    server = sandbox()
    given = server.grants.issue(server.people()["sso_user"])
    assert server.with_token(given.access_token).status_code == 200
    assert renew(server, given.refresh_token).status_code == 200
    assert given.access_token not in repr(given)
    server.grants.revoke_all()
    assert renew(server, given.refresh_token).status_code == 400
    server.reset()
    assert server.with_token(given.access_token).status_code == 401
