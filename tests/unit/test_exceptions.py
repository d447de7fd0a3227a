"""The error classes."""

from __future__ import annotations

import copy
import pickle

import pytest

from airflow_provider_liveperson import exceptions
from airflow_provider_liveperson.exceptions import LivePersonError

KINDS = [it for it in vars(exceptions).values() if isinstance(it, type) and issubclass(it, LivePersonError)]
every_kind = pytest.mark.parametrize("kind", KINDS)


def test_the_tree_is_the_documented_one():
    assert {it.__name__ for it in KINDS} >= {
        "LivePersonError",
        "ConfigurationError",
        "AuthenticationError",
        "PermissionDeniedError",
        "RateLimitedError",
        "ServiceUnavailableError",
        "InvalidResponseError",
        "UntrustedHostError",
        "EmptyWindowError",
        "WindowOutOfRangeError",
        "IncompletePullError",
    }
    assert [it for it in KINDS if it is not LivePersonError and it.__bases__[0] is not LivePersonError] == []


@pytest.mark.parametrize("name", ["ConfigurationError", "EmptyWindowError", "WindowOutOfRangeError"])
def test_wrong_arguments_are_value_errors_too(name):
    assert issubclass(getattr(exceptions, name), ValueError)


@every_kind
@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copies_have_the_same_message_and_attributes(kind, clone):
    error = clone(kind("what happened", field="host", status=429, retry_after=7.5))
    assert type(error) is kind
    assert str(error) == "what happened"
    assert (error.field, error.status, error.retry_after) == ("host", 429, 7.5)


@every_kind
def test_a_message_is_enough(kind):
    error = kind("what happened")
    assert (error.field, error.status, error.retry_after) == (None, None, None)
