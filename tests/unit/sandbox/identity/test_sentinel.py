from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
from jwt.algorithms import RSAAlgorithm


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_v2_token_verifies_with_the_published_keys(sandbox: Any) -> None:
    server = sandbox()
    before = int(time.time())
    answer = server.post_token("v2")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert set(answer.json()) == {"access_token", "token_type"}
    assert answer.json()["token_type"] == "Bearer"
    token = answer.json()["access_token"]

    key = jwt.PyJWKClient(f"{server.url}/sentinel/well-known/jwks").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key.key, algorithms=["RS256"], audience="70000001", issuer="Sentinel")
    assert claims["azp"] == server.settings.client_id
    assert claims["scope"] == server.settings.app_scope
    assert set(claims) == {"aud", "azp", "scope", "iss", "iat", "exp"}
    assert claims["exp"] - claims["iat"] == 3600
    assert before <= claims["iat"] <= time.time()
    assert jwt.get_unverified_header(token)["typ"] == "JWT"


def test_v1_tokens_have_a_key_of_their_own(sandbox: Any) -> None:
    server = sandbox()
    published = requests.get(f"{server.url}/sentinel/well-known/jwks", timeout=10).json()["keys"]
    kid = jwt.get_unverified_header(server.token("v1"))["kid"]
    assert kid.startswith("appjwt-")
    assert kid not in [key["kid"] for key in published]


def test_the_published_keys_are_public(sandbox: Any) -> None:
    published = requests.get(f"{sandbox().url}/sentinel/well-known/jwks", timeout=10).json()["keys"]
    assert [key["kid"].partition("-")[0] for key in published] == [
        "appjwt",
        "idtoken",
    ]
    for key in published:
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}


def test_v1_takes_parameters_from_query_or_body_in_any_mix(sandbox: Any) -> None:
    server = sandbox()
    keys = server.settings
    url = f"{server.url}/sentinel/api/account/70000001/app/token"
    named = {
        "grant_type": "client_credentials",
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
    }
    in_query = {"v": "1.0", **named}
    assert requests.post(url, params=in_query, timeout=10).status_code == 200
    secret = {"client_secret": named.pop("client_secret")}
    assert requests.post(url, params={"v": "1.0", **named}, data=secret, timeout=10).status_code == 200

    server.configure(token_body_required=True)
    refused = requests.post(url, params=in_query, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert server.post_token("v1").status_code == 200


def test_v2_takes_parameters_from_the_body_only(sandbox: Any) -> None:
    server = sandbox()
    keys = server.settings
    url = f"{server.url}/sentinel/api/v2/account/70000001/app/token"
    named = {
        "grant_type": "client_credentials",
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
    }
    assert requests.post(url, params=named, timeout=10).json()["error"] == "invalid_request"
    assert requests.post(url, json=named, timeout=10).json()["error"] == "invalid_request"
    assert requests.post(url, data=named, timeout=10).status_code == 200


@pytest.mark.parametrize("version", ["", "2.0"])
def test_v1_needs_its_version(sandbox: Any, version: str) -> None:
    server = sandbox()
    url = f"{server.url}/sentinel/api/account/70000001/app/token"
    assert requests.post(url, params={"v": version}, timeout=10).json()["error"] == "invalid_request"


@pytest.mark.parametrize("style", ["rfc", "400"])
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": None}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_errors_follow_rfc_6749(sandbox: Any, style: str, changed: dict[str, Any], error: str) -> None:
    server = sandbox(sentinel_error_status=style)
    answer = server.post_token("v2", **changed)
    assert answer.json()["error"] == error
    assert answer.json()["error_description"]
    assert answer.status_code == (401 if style == "rfc" and error == "invalid_client" else 400)
    assert server.settings.client_secret not in answer.text


def test_another_account_is_an_invalid_client(sandbox: Any) -> None:
    server = sandbox()
    url = f"{server.url}/sentinel/api/v2/account/70000002/app/token"
    keys = server.settings
    form = {
        "grant_type": "client_credentials",
        "client_id": keys.client_id,
        "client_secret": keys.client_secret,
    }
    assert requests.post(url, data=form, timeout=10).json()["error"] == "invalid_client"


def test_switches_of_the_token(sandbox: Any) -> None:
    server = sandbox(jwt_issuer="sentinel", jwt_lifetime_seconds=90, jwt_expires_in=True)
    answer = server.post_token().json()
    assert answer["expires_in"] == 90
    claims = claims_of(answer["access_token"])
    assert claims["iss"] == "sentinel"
    assert claims["exp"] - claims["iat"] == 90


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_audit_trail_takes_tokens(sandbox: Any, version: str) -> None:
    server = sandbox()
    assert server.with_token(server.token(version)).status_code == 200


def test_key_rotation_changes_the_key_and_keeps_the_old_tokens(sandbox: Any) -> None:
    server = sandbox()
    old = server.token()
    kid = server.rotate_keys()
    new = server.token()
    assert jwt.get_unverified_header(new)["kid"] == kid != jwt.get_unverified_header(old)["kid"]
    published = requests.get(f"{server.url}/sentinel/well-known/jwks", timeout=10).json()["keys"][:2]
    assert [key["kid"] for key in published] == [kid, jwt.get_unverified_header(old)["kid"]]
    for token, key in ((new, published[0]), (old, published[1])):
        jwt.decode(token, RSAAlgorithm.from_jwk(key), algorithms=["RS256"], audience="70000001")
        assert server.with_token(token).status_code == 200


@pytest.mark.parametrize(("ending", "word"), [("expire_tokens", "expired"), ("revoke_tokens", "revoked")])
def test_tokens_that_ended_are_refused_and_new_ones_of_the_same_second_are_not(
    sandbox: Any, ending: str, word: str
) -> None:
    server = sandbox()
    old = [server.token(), server.token()]
    assert len(set(old)) == 2
    getattr(server, ending)()
    new = server.token()
    for token in old:
        answer = server.with_token(token)
        assert answer.status_code == 401
        assert word in answer.json()["error_description"]
        assert token not in answer.text
    assert server.with_token(new).status_code == 200


def test_a_token_ends_by_the_sandboxs_clock(sandbox: Any) -> None:
    server = sandbox(jwt_lifetime_seconds=60)
    token = server.token()
    server.configure(clock_offset_seconds=61)
    assert "expired" in server.with_token(token).json()["error_description"]
    assert claims_of(server.token())["iat"] >= time.time() + 59


@pytest.mark.parametrize("spoiled", ["nonsense", "a.b.c", "", "tampered", "foreign", "unsigned"])
def test_tokens_that_were_not_signed_here_are_refused(sandbox: Any, spoiled: str) -> None:
    server = sandbox()
    token = server.token()
    if spoiled == "tampered":
        head, body, signature = token.split(".")
        other = jwt.encode({**claims_of(token), "azp": "other"}, None, "none").split(".")[1]
        token = f"{head}.{other}.{signature}"
    elif spoiled == "foreign":
        token = sandbox(account_id="70000009").token()
    elif spoiled == "unsigned":
        header = jwt.get_unverified_header(token)
        token = jwt.encode(claims_of(token), None, "none", {"kid": header["kid"]})
    else:
        token = spoiled
    answer = server.with_token(token)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
