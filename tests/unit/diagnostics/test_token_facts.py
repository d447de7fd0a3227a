"""What is said about a token, and what is not."""

from __future__ import annotations

import json

import jwt
import pytest

from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential
from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential
from airflow_provider_liveperson.client.credentials.credential import Token
from airflow_provider_liveperson.diagnostics.token_facts import token_facts
from airflow_provider_liveperson.exceptions import AuthenticationError

APP_JWT = AppJwtCredential(client_id="c", client_secret="hush")
KIND = str(APP_JWT.kind)


def signed(**claims: object) -> str:
    return jwt.encode(claims, "x" * 64, algorithm="HS256")


def lasting(value: str, lifetime: float | None) -> Token:
    return Token(value, 0.0, lifetime)


def test_a_credential_without_a_token():
    api_key = ApiKeyCredential(app_key="k", app_secret="hush", access_token="t", access_token_secret="hush")
    facts = token_facts(api_key, None)
    assert (facts.works, facts.lifetime_seconds, facts.claims) == (True, None, {})
    assert facts.sentence == "API key: each request is signed individually; there is no token to expire."


def test_a_token_that_was_not_issued():
    facts = token_facts(APP_JWT, AuthenticationError("The client ID is wrong."))
    assert (facts.works, facts.claims) == (False, {})
    assert facts.sentence == f"{KIND}: no token was issued. The client ID is wrong."


@pytest.mark.parametrize(
    ("lifetime", "text"),
    [(3600.0, "for 60 min"), (120.0, "for 2 min"), (90.0, "for 90 s"), (None, "for an unknown time")],
)
def test_how_long_it_is_valid(lifetime, text):
    facts = token_facts(APP_JWT, lasting("opaque", lifetime))
    assert facts.sentence == f"{KIND}: a token is valid {text}."
    assert facts.claims == {}


def test_its_claims_but_never_the_token_itself():
    token = signed(aud=["a", "b"], azp="me", iat=0, exp=1_700_000_000, sub="not shown")
    facts = token_facts(APP_JWT, lasting(token, 60.0))
    assert facts.claims == {
        "aud": "a b",
        "azp": "me",
        "iat": "1970-01-01T00:00:00Z",
        "exp": "2023-11-14T22:13:20Z",
    }
    assert facts.sentence.endswith("aud a b, azp me, exp 2023-11-14T22:13:20Z.")
    assert token not in repr(facts)
    assert "not shown" not in repr(facts)


@pytest.mark.parametrize("time", ["soon", None, 10**30, [1]])
def test_odd_times_are_left_out(time):
    odd = jwt.api_jws.encode(json.dumps({"azp": "me", "iat": time}).encode(), "x" * 64, algorithm="HS256")
    assert token_facts(APP_JWT, lasting(odd, 60.0)).claims == {"azp": "me"}
