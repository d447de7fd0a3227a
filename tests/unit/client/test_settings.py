"""What a client accepts to be told."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.client.settings import ClientSettings
from airflow_provider_liveperson.exceptions import ConfigurationError


@pytest.mark.parametrize("account", ["70000001", "le_12345678", "a", "A" * 20])
def test_account_ids(account):
    assert ClientSettings(account_id=account).account_id == account


@pytest.mark.parametrize("account", ["", "a b", "a/../b", "a" * 21, "70000001\n", "é", "70000001?x"])
def test_what_is_no_account_id_is_refused_since_it_goes_into_paths(account):
    with pytest.raises(ConfigurationError, match="account_id") as caught:
        ClientSettings(account_id=account)
    assert caught.value.field == "account_id"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timeout", 0),
        ("timeout", -1),
        ("timeout", 3601),
        ("timeout", float("nan")),
        ("timeout", float("inf")),
        ("max_concurrency", 0),
        ("max_concurrency", 65),
        ("source", ""),
        ("source", "a" * 21),
        ("source", "with space"),
        ("source", "line\n"),
        ("region", "eu"),
        ("region", ""),
        ("deep_paging_limit", 99),
        ("deep_paging_limit", 10_017),
        ("deep_paging_limit", 0),
    ],
)
def test_a_bad_value_names_its_field(field, value):
    with pytest.raises(ConfigurationError, match=field) as caught:
        ClientSettings(account_id="70000001", **{field: value})
    assert caught.value.field == field


def test_the_defaults_are_those_of_the_connection_form():
    made = ClientSettings(account_id="70000001")
    assert (made.host, made.timeout, made.max_concurrency, made.source, made.region) == (
        "https://api.liveperson.net",
        60,
        8,
        "AirflowProvider",
        None,
    )
    assert made.deep_paging_limit is None
