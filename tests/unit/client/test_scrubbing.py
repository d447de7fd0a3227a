"""Nothing secret is left in text that people read."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.scrubbing import LONGEST_EXCERPT, hide, scrub

SPELLINGS = {
    "plain": str,
    "percent": lambda it: quote(it, safe=""),
    "percent, slashes kept": quote,
    "percent in lower case": lambda it: quote(it, safe="").lower(),
    "percent twice": lambda it: quote(quote(it, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda it: json.dumps(it)[1:-1],
    "JSON with letters kept": lambda it: json.dumps(it, ensure_ascii=False)[1:-1],
    "HTML": html.escape,
    "other case": str.swapcase,
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("secret", ["0f1e2d3c4b5a6978", "p+s/s=&'\"<>% ~ü\\", "two words"])
def test_a_secret_is_hidden_however_it_is_spelt(secret, spell):
    assert scrub(f"value:({spell(secret)})", [secret]) == "value:(***)"


def test_a_secret_inside_another_does_not_leave_its_rest():
    assert hide("x abcdef abc y", ["abc", "abcdef"]) == "x *** *** y"
    assert hide("x abcdef y", ["abcdef", "abc"]) == "x *** y"


def test_no_secret_hides_nothing():
    assert hide("text", ["", "absent"]) == "text"


@given(
    st.text(max_size=60),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*…"), min_size=4, max_size=30),
    st.text(max_size=60),
)
def test_any_secret_is_hidden_in_any_text(before, secret, after):
    if secret.strip() == secret:
        assert secret not in scrub(before + secret + after, [secret])


@pytest.mark.parametrize(
    "leak",
    [
        'oauth_consumer_key="hush"',
        "oauth_token=hush&x=1",
        'oauth_signature="hush%3D"',
        '{"access_token": "hush"}',
        '{"client_secret":"hush","a":1}',
        "client_secret=hush",
        "Authorization: Bearer hush",
        "authorization: bearer hush",
        '{"bearer": "hush"}',
        "password=hush",
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodXNoIn0.hush",
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodXNoIn0",
        "eyJodXNoaHVzaGh1c2hodXNo",
    ],
)
def test_what_looks_like_a_credential_is_hidden_without_being_known(leak):
    told = scrub(f"before {leak} after")
    assert "hush" not in told
    assert "odXNo" not in told
    assert told.startswith("before")


def test_what_helps_stays():
    told = scrub(
        '{"reason": "oauth_problem=token_rejected&oauth_problem_advice=renew%20it", "message": "no"}'
    )
    assert (
        told == '{"reason": "oauth_problem=token_rejected&oauth_problem_advice=renew%20it", "message": "no"}'
    )


@given(st.text(max_size=3000))
def test_it_is_short_and_on_one_line(text):
    told = scrub(text)
    assert len(told) <= LONGEST_EXCERPT
    assert not set(told) & set("\r\n\t\x00\x1b\x7f")
