"""Texts of people that some system cut in the middle of a character."""

from __future__ import annotations

import json

import pytest
import requests

from airflow_provider_liveperson.sandbox.http.odd_text import spoil

BODY = b'{"id":1,"name":"Ana \\"G\\"","text": "x","other":"y","description":""}'


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        ("none", BODY),
        ("half_pairs", rb'{"id":1,"name":"Ana \"G\"\ud83d","text": "x\ud83d","other":"y","description":""}'),
        ("not_utf8", b'{"id":1,"name":"Ana \\"G\\"\xc3","text": "x\xc3","other":"y","description":""}'),
    ],
)
def test_texts_of_people_end_oddly(kind, spoilt):
    assert spoil(BODY, kind) == spoilt


def test_half_pairs_are_json():
    assert json.loads(spoil(BODY, "half_pairs"))["name"] == 'Ana "G"\ud83d'


def test_the_domain_api_is_never_odd(sandbox):
    server = sandbox(odd_text="not_utf8")
    url = f"{server.url}/api/account/{server.settings.account_id}/service/baseURI.json?version=1.0"
    requests.get(url, timeout=5).content.decode()
