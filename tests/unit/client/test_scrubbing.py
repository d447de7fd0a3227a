"""Nothing secret is left in text that people read."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.scrubbing import MAX_EXCERPT, MAX_TEXT, hide, scrub


def percent(text: str) -> str:
    return quote(text, safe="")


def json_escaped(text: str) -> str:
    """Every character as an escape, those beyond U+FFFF as two."""
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04X}" for at in range(0, len(units), 2))


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
    "percent thrice": lambda it: percent(percent(percent(it))),
    "percent, every byte": lambda it: "".join(f"%{byte:02x}" for byte in it.encode()),
    "JSON escapes": json_escaped,
    "JSON escapes in lower case": lambda it: json_escaped(it).lower(),
    "JSON in JSON": lambda it: json.dumps(json.dumps(it)[1:-1])[1:-1],
    "JSON escapes in JSON": lambda it: json.dumps(json_escaped(it))[1:-1],
    "Python's repr of bytes": lambda it: repr(it.encode("latin-1", "ignore"))[2:-1],
    "HTML, numbers": lambda it: "".join(f"&#{ord(character)};" for character in it),
    "HTML, hexadecimal numbers": lambda it: "".join(f"&#x{ord(character):X};" for character in it),
    "percent of JSON escapes": lambda it: percent(json_escaped(it)),
    "every other character": lambda it: "".join(
        percent(character) if at % 2 else json_escaped(character) for at, character in enumerate(it)
    ),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("secret", ["0f1e2d3c4b5a6978", "p+s/s=&'\"<>% ~ü\\", "two words"])
def test_a_secret_is_hidden_however_it_is_spelt(secret, spell):
    assert scrub(f"value:({spell(secret)})", [secret]) == "value:(***)"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "urlsafe"])
@pytest.mark.parametrize("before", ["", "i", "id", "id:", "client:id:"])
@pytest.mark.parametrize("secret", ["0f1e2d3c4b5a6978", "?>?>?>~~~ÿÿÿ"])
def test_base64_of_a_secret_is_hidden_whatever_stands_beside_it(secret, before, encode):
    encoded = encode(f"{before}{secret}:and more".encode()).decode()
    assert scrub(f"Basic {encoded}, sent", [secret]) == "Basic ***, sent"


def test_of_a_secret_that_was_cut_nothing_is_left():
    assert hide("sent 0f1e2d3c4b", ["0f1e2d3c4b5a6978"]) == "sent ***"
    assert hide("sent %30%66%31%65%32%64%33%63", ["0f1e2d3c4b5a6978"]) == "sent ***"
    assert hide("x" * (MAX_TEXT - 9) + "0f1e2d3c4b5a6978", ["0f1e2d3c4b5a6978"]).endswith("x***")


def test_what_only_begins_like_a_secret_stays():
    assert (
        hide("a client of client_credentials", ["client_secret_of_ours"]) == "a client of client_credentials"
    )


@pytest.mark.parametrize(
    "unit",
    [
        "oauth_",
        "password",
        "bearer ",
        "eyJ",
        "&",
        "&amp",
        "%41",
        "\\u0041",
        "a",
        "0f1e2d3c4b5a697",
        'token="',
    ],
)
def test_only_so_much_of_a_text_is_looked_at(unit):
    """Each step is linear in what is looked at; what is looked at has a bound."""
    secrets = ["0f1e2d3c4b5a6978", "a" * 2000 + "b"]
    short, long = unit * (MAX_TEXT // len(unit) + 1), unit * (64 * MAX_TEXT)
    assert scrub(long, secrets) == scrub(short, secrets)
    assert len(hide(long, secrets)) <= len(short) + 3


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
    assert len(told) <= MAX_EXCERPT
    assert not set(told) & set("\r\n\t\x00\x1b\x7f")
