from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote

import pytest
import requests
from authlib.integrations.requests_client import OAuth1Auth

from airflow_provider_liveperson.sandbox.identity.oauth1 import SignedRequest

BODY = '{"query":"{auditData(first:1){element}}"}'


def problem(answer: requests.Response) -> str:
    assert answer.status_code == 401, answer.text
    assert set(answer.json()) == {"reason", "message"}
    reason = parse_qs(answer.json()["reason"])
    assert reason["oauth_problem_advice"][0]
    return reason["oauth_problem"][0]


def enc(text: str) -> str:
    return quote(text, safe="~")


def hand_signed(server: Any, method: str, url: str, query: str = "", **changed: str | None) -> dict[str, str]:
    """Sign by RFC 5849 with nothing but the standard library."""
    keys = server.settings
    protocol = {
        "oauth_consumer_key": keys.app_key,
        "oauth_token": keys.access_token,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": str(uuid.uuid4()),
        "oauth_version": "1.0",
    }
    protocol = {name: value for name, value in {**protocol, **changed}.items() if value is not None}
    pairs = [*protocol.items(), *parse_qsl(query, keep_blank_values=True)]
    normal = "&".join(f"{name}={value}" for name, value in sorted((enc(n), enc(v)) for n, v in pairs))
    base = "&".join(enc(part) for part in (method, url, normal))
    key = f"{enc(keys.app_secret)}&{enc(keys.access_token_secret)}"
    signature = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
    header = ", ".join(
        f'{name}="{enc(value)}"' for name, value in {**protocol, "oauth_signature": signature}.items()
    )
    return {"Authorization": f"OAuth {header}", "Content-Type": "application/json"}


def post(server: Any, headers: dict[str, str], body: str = BODY) -> requests.Response:
    return requests.post(server.audit_url, data=body, headers=headers, timeout=10)


VECTOR = {
    "oauth_version": "1.0",
    "oauth_nonce": "3b1f7c2e-5d84-4a6b-9c10-2f7e8a9d0b1c",
    "oauth_consumer_key": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_token": "a0b1c2d3e4f5061728394a5b6c7d8e9f",
    "oauth_timestamp": "1767225600",
}
VECTOR_SECRETS = ("5ecre7a1b2c3d4e5", "7f6e5d4c3b2a1908")
VECTOR_URL = "https://ac.example.test/api/account/70000001/configuration/metadata/audit"
VECTORS = {
    "json": ("POST", VECTOR_URL, "", {}, "eNwu4lU0c55QSxmHGi027+SQm+A="),
    "body hash": (
        "POST",
        VECTOR_URL,
        "",
        {"oauth_body_hash": "3oiP5YPho1zB2gLvJb4vw6lkqmQ="},
        "P49UXehjcvUbFrTV8L0xbNj8k4s=",
    ),
    "query": (
        "GET",
        f"{VECTOR_URL}/export",
        "fromDate=2026-01-01&toDate=2026-01-31&timezone=Europe/London",
        {},
        "djZ4g5Xgre5urLgcTbCy++kcwP4=",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_known_answers(name: str) -> None:
    method, url, query, more, signature = VECTORS[name]

    def signed(seen: str = url, **changed: str) -> bool:
        parameters = {**VECTOR, **more, "oauth_signature": signature, **changed}
        header = "OAuth " + ", ".join(f'{key}="{enc(value)}"' for key, value in parameters.items())
        request = SignedRequest(method=method, url=seen, query=query, authorization=header)
        return request.is_signed_with(*VECTOR_SECRETS)

    assert signed()
    assert signed(url.replace("https", "http")), "a proxy may have ended TLS"
    assert not signed(url.replace("ac.example.test", "other.example.test"))
    assert signed(realm="ignored")
    assert not signed(oauth_nonce="another")
    assert not signed(oauth_signature="AAAA")


def test_requests_oauthlib_is_accepted(sandbox: Any) -> None:
    server = sandbox()
    assert server.ask("{auditData(first:1){element}}").status_code == 200
    assert server.export(timezone="Europe/London", users="a b,ü@x,~-_.").status_code == 200


@pytest.mark.parametrize("with_hash", [True, False])
def test_authlib_is_accepted_with_and_without_its_body_hash(sandbox: Any, with_hash: bool) -> None:
    server = sandbox(oauth1_body_hash_checked=True)
    keys = server.settings
    auth = OAuth1Auth(
        keys.app_key,
        keys.app_secret,
        token=keys.access_token,
        token_secret=keys.access_token_secret,
        force_include_body=with_hash,
    )
    answer = requests.post(server.audit_url, json=json.loads(BODY), auth=auth, timeout=10)
    assert answer.status_code == 200, answer.text
    assert ("oauth_body_hash" in server.requests[-1].header("authorization")) is with_hash
    exported = requests.get(
        f"{server.audit_url}/export?timezone=Europe%2FLondon&limit=1", auth=auth, timeout=10
    )
    assert exported.status_code == 200, exported.text


@pytest.mark.parametrize("query", ["", "b=2&a=1&a=0&empty=&timezone=Europe/London&users=a%20b%2Cz%C3%B6"])
def test_a_header_made_by_hand_is_accepted(sandbox: Any, query: str) -> None:
    server = sandbox()
    url = server.audit_url + "/export"
    headers = hand_signed(server, "GET", url, query)
    answer = requests.get(f"{url}?{query}" if query else url, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_body_hash_that_does_not_fit_is_refused_only_when_it_is_looked_at(sandbox: Any) -> None:
    server = sandbox()
    wrong = {"oauth_body_hash": base64.b64encode(b"wrong").decode()}
    assert post(server, hand_signed(server, "POST", server.audit_url, **wrong)).status_code == 200
    server.configure(oauth1_body_hash_checked=True)
    assert (
        problem(post(server, hand_signed(server, "POST", server.audit_url, **wrong))) == "signature_invalid"
    )
    right = {"oauth_body_hash": base64.b64encode(hashlib.sha1(BODY.encode()).digest()).decode()}
    assert post(server, hand_signed(server, "POST", server.audit_url, **right)).status_code == 200
    assert post(server, hand_signed(server, "POST", server.audit_url)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"client_key": "0" * 32}, "consumer_key_unknown"),
        ({"resource_owner_key": "0" * 32}, "token_rejected"),
        ({"client_secret": "0" * 32}, "signature_invalid"),
        ({"resource_owner_secret": "0" * 32}, "signature_invalid"),
        ({"signature_method": "HMAC-SHA256"}, "signature_method_rejected"),
        ({"signature_method": "PLAINTEXT"}, "signature_method_rejected"),
        ({"timestamp": "1767225600"}, "timestamp_refused"),
    ],
)
def test_wrong_credentials_are_refused_by_name(sandbox: Any, changed: dict[str, str], name: str) -> None:
    server = sandbox()
    answer = requests.post(server.audit_url, json={"query": "{a}"}, auth=server.oauth(**changed), timeout=10)
    assert problem(answer) == name
    for secret in (
        server.settings.app_secret,
        server.settings.access_token_secret,
        server.settings.access_token,
    ):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"oauth_version": "2.0"}, "version_rejected"),
        ({"oauth_version": None}, None),
        ({"oauth_nonce": None}, "parameter_absent"),
        ({"oauth_timestamp": "soon"}, "timestamp_refused"),
    ],
)
def test_protocol_parameters_are_looked_at(
    sandbox: Any, changed: dict[str, str | None], name: str | None
) -> None:
    server = sandbox()
    answer = post(server, hand_signed(server, "POST", server.audit_url, **changed))
    assert (problem(answer) if answer.status_code != 200 else None) == name


def test_a_header_that_cannot_be_read_is_refused(sandbox: Any) -> None:
    assert problem(post(sandbox(), {"Authorization": "OAuth what is this"})) == "parameter_rejected"


def test_a_replayed_request_is_refused_unless_nonces_are_forgotten(sandbox: Any) -> None:
    server = sandbox()
    headers = hand_signed(server, "POST", server.audit_url)
    assert post(server, headers).status_code == 200
    assert problem(post(server, headers)) == "nonce_used"
    server.configure(oauth1_nonce_memory=False)
    assert post(server, headers).status_code == 200


def test_a_request_with_a_wrong_signature_does_not_use_up_its_nonce(sandbox: Any) -> None:
    server = sandbox()
    nonce, timestamp = str(uuid.uuid4()), str(int(time.time()))
    signed = {"oauth_nonce": nonce, "oauth_timestamp": timestamp}
    spoiled = hand_signed(server, "PUT", server.audit_url, **signed)
    assert problem(post(server, spoiled)) == "signature_invalid"
    assert post(server, hand_signed(server, "POST", server.audit_url, **signed)).status_code == 200


@pytest.mark.parametrize(("age", "accepted"), [(25, True), (-25, True), (40, False), (-40, False)])
def test_the_timestamp_may_be_off_by_the_skew(sandbox: Any, age: int, accepted: bool) -> None:
    server = sandbox(oauth1_skew_seconds=30)
    headers = hand_signed(server, "POST", server.audit_url, oauth_timestamp=str(int(time.time()) - age))
    answer = post(server, headers)
    assert (answer.status_code == 200) is accepted
    assert accepted or problem(answer) == "timestamp_refused"


def test_the_sandboxs_clock_decides(sandbox: Any) -> None:
    server = sandbox(clock_offset_seconds=-900)
    assert problem(server.ask("{auditData{element}}")) == "timestamp_refused"
    headers = hand_signed(server, "POST", server.audit_url, oauth_timestamp=str(int(time.time()) - 900))
    assert post(server, headers).status_code == 200


@pytest.mark.parametrize(
    "query", ["toDate=2026-01-31&fromDate=2026-01-02", "", "fromDate=2026-01-01&toDate=2026-01-31&x=1"]
)
def test_a_query_string_that_was_changed_after_signing_is_refused(sandbox: Any, query: str) -> None:
    server = sandbox()
    url = server.audit_url + "/export"
    headers = hand_signed(server, "GET", url, "fromDate=2026-01-01&toDate=2026-01-31")
    assert problem(requests.get(f"{url}?{query}", headers=headers, timeout=10)) == "signature_invalid"


def test_a_json_body_is_not_signed_but_a_form_is(sandbox: Any) -> None:
    server = sandbox()
    headers = hand_signed(server, "POST", server.audit_url)
    assert post(server, headers, BODY.replace("first:1", "first:2")).status_code == 200
    form = hand_signed(server, "POST", server.audit_url, "a=1&b=x%20y")
    form["Content-Type"] = "application/x-www-form-urlencoded"
    # Admitted by its signature, then refused because a form is no GraphQL.
    assert post(server, form, "a=1&b=x+y").status_code == 400
    again = {**hand_signed(server, "POST", server.audit_url, "a=1"), "Content-Type": form["Content-Type"]}
    assert problem(post(server, again, "a=2")) == "signature_invalid"


def test_after_the_end_of_life_every_key_is_refused(sandbox: Any) -> None:
    server = sandbox(oauth1_refuse_all=True)
    assert problem(server.ask("{auditData{element}}")) == "token_rejected"
    assert server.with_token(server.token()).status_code == 200
