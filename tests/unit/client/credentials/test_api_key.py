"""OAuth 1.0 signatures, judged by code that did not make them."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import pickle
import re
from types import SimpleNamespace
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
import requests
from authlib.oauth1.rfc5849.signature import verify_hmac_sha1
from authlib.oauth1.rfc5849.wrapper import OAuth1Request
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.exceptions import AuthenticationError, PermissionDeniedError

KEY = {
    "app_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "app_secret": "5ecre7a1b2c3d4e5",
    "access_token": "a0b1c2d3e4f5061728394a5b6c7d8e9f",
    "access_token_secret": "7f6e5d4c3b2a1908",
}
AUDIT = "https://ac.example.test/api/account/70000001/configuration/metadata/audit"


def sign(method: str, url: str, **request: object) -> requests.PreparedRequest:
    return ApiKeyCredential(**KEY)(requests.Request(method, url, **request).prepare())


def header(request: requests.PreparedRequest) -> dict[str, str]:
    scheme, _, parameters = request.headers["Authorization"].partition(" ")
    assert scheme == "OAuth"
    return {
        name: unquote(value)
        for name, value in re.findall(r'([a-z_]+)="([^"]*)"', parameters)
        if name != "realm"
    }


def expected_signature(request: requests.PreparedRequest) -> str:
    """RFC 5849, 3.4, for a request whose parameters are in its header, its query and its form."""
    parts = urlsplit(request.url)
    pairs = [(name, value) for name, value in header(request).items() if name != "oauth_signature"]
    pairs += parse_qsl(parts.query, keep_blank_values=True)
    if "urlencoded" in str(request.headers.get("Content-Type")):
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        pairs += parse_qsl(body, keep_blank_values=True)
    escaped = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in pairs)
    base = "&".join(
        quote(chunk, safe="~")
        for chunk in (
            request.method,
            f"{parts.scheme}://{parts.netloc}{parts.path}",
            "&".join(f"{name}={value}" for name, value in escaped),
        )
    )
    secret = f"{KEY['app_secret']}&{KEY['access_token_secret']}"
    return base64.b64encode(hmac.new(secret.encode(), base.encode(), hashlib.sha1).digest()).decode()


@pytest.fixture
def frozen(monkeypatch):
    nonce, timestamp = "3b1f7c2e-5d84-4a6b-9c10-2f7e8a9d0b1c", "1767225600"
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_nonce", lambda: nonce)
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.generate_timestamp", lambda: timestamp)


@pytest.mark.usefixtures("frozen")
def test_known_answer_of_a_post_with_a_json_body():
    signed = sign("POST", AUDIT, json={"query": "{auditData{accountId}}"})
    assert header(signed) == {
        "oauth_consumer_key": KEY["app_key"],
        "oauth_token": KEY["access_token"],
        "oauth_nonce": "3b1f7c2e-5d84-4a6b-9c10-2f7e8a9d0b1c",
        "oauth_timestamp": "1767225600",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_version": "1.0",
        "oauth_signature": "eNwu4lU0c55QSxmHGi027+SQm+A=",
    }


@pytest.mark.usefixtures("frozen")
def test_known_answer_of_a_get_with_a_query():
    query = {"fromDate": "2026-01-01", "toDate": "2026-01-31", "timezone": "Europe/London"}
    signed = sign("GET", f"{AUDIT}/export", params=query)
    assert header(signed)["oauth_signature"] == "djZ4g5Xgre5urLgcTbCy++kcwP4="


def test_a_space_in_the_query_is_sent_unparsed_signed():
    signed = sign("GET", AUDIT, params={"users": "Ada Lovelace", "sum": "1+1"})
    assert urlsplit(signed.url).query == "users=Ada%20Lovelace&sum=1%2B1"
    assert header(signed)["oauth_signature"] == expected_signature(signed)


def test_a_space_arrives_as_a_space(sandbox, connect):
    connect().request(
        "GET",
        "accountConfigReadOnly",
        "/api/account/{account_id}/configuration/le-users/users",
        params={"v": "6.0", "a": "b c"},
    )
    assert sandbox.requests[-1].url.endswith("a=b%20c")


def test_a_json_body_goes_unsigned_and_unchanged():
    signed = sign("POST", AUDIT, json={"query": "{auditData{accountId}}"})
    assert signed.body == b'{"query": "{auditData{accountId}}"}'
    assert "oauth_body_hash" not in header(signed)
    signed.body = b"something else"
    assert header(signed)["oauth_signature"] == expected_signature(signed)


def test_everything_is_in_one_header_line_and_nothing_in_the_url():
    signed = sign("GET", AUDIT, params={"a": "1"})
    assert signed.url == f"{AUDIT}?a=1"
    assert "\n" not in signed.headers["Authorization"]
    assert isinstance(signed.headers["Authorization"], str)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
pairs = st.lists(st.tuples(text.filter(bool), text), max_size=6)


@settings(max_examples=200)
@given(query=pairs)
@example(query=[("a", "1"), ("a", "2"), ("a", "1")])
@example(query=[("sum", "1+1 = 2 & more"), ("pct", "100%"), ("tilde", "~"), ("star", "*"), ("é", "日本 👍")])
@example(query=[("empty", "")])
def test_any_query_is_signed_as_the_rfc_says(query):
    signed = sign("GET", AUDIT, params=query)
    assert parse_qsl(urlsplit(signed.url).query, keep_blank_values=True) == query
    assert header(signed)["oauth_signature"] == expected_signature(signed)


@settings(max_examples=50)
@given(query=pairs)
def test_another_library_accepts_the_signature(query):
    signed = sign("GET", AUDIT, params=query)
    received = OAuth1Request("GET", signed.url, headers={"Authorization": signed.headers["Authorization"]})
    received.client = SimpleNamespace(get_client_secret=lambda: KEY["app_secret"])
    received.credential = SimpleNamespace(get_oauth_token_secret=lambda: KEY["access_token_secret"])
    assert verify_hmac_sha1(received)


@settings(max_examples=50)
@given(form=pairs.filter(bool))
def test_a_form_body_is_signed(form):
    signed = sign("POST", AUDIT, data=form)
    assert header(signed)["oauth_signature"] == expected_signature(signed)


def test_each_signing_has_its_own_nonce():
    nonces = {header(sign("GET", AUDIT))["oauth_nonce"] for _ in range(50)}
    assert len(nonces) == 50


def test_the_secrets_never_leave(sandbox, connect, audit_request):
    connect("api_key").call(audit_request, lambda answer: answer)
    sent = repr([(one.url, one.headers, one.body) for one in sandbox.requests])
    assert sandbox.settings.app_key in sent
    assert sandbox.settings.app_secret not in sent
    assert sandbox.settings.access_token_secret not in sent


def test_odd_characters_are_accepted_by_the_sandbox(sandbox, connect):
    client = connect("api_key")
    answer = client.request(
        "GET",
        "accountConfigReadOnly",
        "/api/account/{account_id}/configuration/metadata/audit/export",
        params={"users": "pat+lee@acme.test,O'Neil & söhne,100%,a~b*c", "timezone": "Europe/London"},
    )
    assert b"pat+lee@acme.test,O'Neil & s\xc3\xb6hne,100%,a~b*c" in answer.body


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies_sign_like_the_original(clone):
    credential = clone(ApiKeyCredential(**KEY))
    signed = credential(requests.Request("GET", AUDIT).prepare())
    assert header(signed)["oauth_signature"] == expected_signature(signed)


def test_its_repr_tells_nothing():
    shown = repr(ApiKeyCredential(**KEY))
    assert shown == "<ApiKeyCredential>"


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"app_key": "f" * 32}, "app_key", "app key"),
        ({"app_secret": "f" * 32}, "app_secret", "app secret"),
        ({"access_token": "f" * 32}, "access_token", "access token"),
        ({"access_token_secret": "f" * 32}, "app_secret", "access token secret"),
    ],
)
def test_a_refusal_names_the_part_at_fault(connect, audit_request, changed, field, says):
    with pytest.raises(AuthenticationError) as caught:
        connect("api_key", **changed).call(audit_request, lambda answer: answer)
    assert caught.value.field == field
    assert says in str(caught.value)


@pytest.mark.parametrize("status", [403, 401])
def test_a_missing_permission_is_named(sandbox, connect, audit_request, status):
    sandbox.configure(missing_permission={"oauth1"}, audit_forbidden_status=status)
    with pytest.raises((PermissionDeniedError, AuthenticationError)) as caught:
        connect("api_key").call(audit_request, lambda answer: answer)
    assert isinstance(caught.value, PermissionDeniedError) == (status == 403)
    assert "lacks the permission" in str(caught.value)


def test_a_wrong_secret_is_not_blamed_on_a_clock_that_is_a_little_off(sandbox, connect, audit_request):
    sandbox.configure(clock_offset_seconds=120)
    with pytest.raises(AuthenticationError) as caught:
        connect("api_key", app_secret="f" * 32).call(audit_request, lambda answer: answer)
    assert caught.value.field == "app_secret"
    assert "app secret" in str(caught.value)
