"""Requests and answers."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.exceptions import InvalidResponseError


def answer(body: bytes, **headers: str) -> Answer:
    return Answer(
        status=200, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=body
    )


@pytest.mark.parametrize("part", ["form", "json", "headers"])
def test_a_request_shows_nothing_that_may_be_secret(part):
    request = ApiRequest(method="POST", service="s", path="/p", **{part: {"client_secret": "hush"}})
    assert "hush" not in repr(request) + str(request)
    assert str(request) == "POST s /p"


def test_an_answer_shows_nothing_of_its_body():
    assert "hush" not in repr(answer(b'"hush"'))


@pytest.mark.parametrize(
    ("body", "seems"),
    [
        (b"{}", True),
        (b" \r\n[1]", True),
        ("\ufeff{}".encode(), True),
        ("\ufeff{}".encode("utf-16"), True),
        (b"<html>", False),
        (b"", False),
        (b'"text"', False),
    ],
)
def test_whether_an_answer_begins_like_json(body, seems):
    assert answer(body).seems_json is seems


def test_an_answer_without_a_content_type_has_an_empty_one():
    assert answer(b"").content_type == ""
    assert answer(b"", Content_Type="text/plain").content_type == "text/plain"


def test_json_is_read():
    value = {"a": [1, 2.5, None, True, "ä"]}
    assert answer(json.dumps(value).encode()).json() == value


def test_a_number_that_no_float_can_represent_is_a_decimal():
    assert answer(b"[1e999]").json() == [Decimal("1e999")]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"[" * 100_000], ids=["empty", "half", "html", "deep"]
)
def test_what_is_not_json_is_an_error_with_the_status(body):
    with pytest.raises(InvalidResponseError, match="not JSON") as caught:
        answer(body).json()
    assert caught.value.status == 200
