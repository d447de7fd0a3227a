"""The page about errors says what the code says."""

from __future__ import annotations

import re

import pytest
import requests

from airflow_provider_liveperson.client.responses import Action, outcome_of_exception, outcome_of_status, rows
from devtools import error_reference


@pytest.fixture(scope="module")
def text() -> str:
    return error_reference.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_code_says(text):
    assert text == error_reference.page(text), "run: python -m devtools.error_reference"


@pytest.mark.parametrize("status", [401, 403, 404, 407, 429, 451, 302, 400, 503])
def test_the_outcome_of_each_status_is_on_the_page(text, status):
    outcome = outcome_of_status(status)
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {outcome.hint} |")]
    assert outcome.error.__name__ in line
    assert ("Airflow does not retry" in line) is (outcome.action in (Action.FAIL, Action.RENEW))


@pytest.mark.parametrize("kind", [requests.exceptions.SSLError, requests.exceptions.ConnectTimeout])
def test_the_outcome_of_a_failed_connection_is_on_the_page(text, kind):
    assert f"| {outcome_of_exception(kind()).hint} |" in text


def test_every_row_but_those_of_accepted_answers_is_listed():
    told = dict(rows())
    assert {"401", "429", "3xx", "5xx", "SSLError"} <= set(told)
    assert not {"200", "304"} & set(told)


@pytest.mark.parametrize("name", error_reference.CAUSES)
def test_each_message_stands_on_the_page_and_says_what_to_do(text, name):
    (message,) = re.findall(rf"<!-- {name} -->\n\n> (.+)\n\n<!-- /{name} -->", text)
    assert len(message) < 700
