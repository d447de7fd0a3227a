from __future__ import annotations

import pytest

from airflow_provider_liveperson.sandbox.apis.shapes import RateLimit
from airflow_provider_liveperson.sandbox.http.refusal import Refusal


def test_more_requests_than_allowed_within_a_second_are_refused() -> None:
    now = 100.0
    limit = RateLimit(lambda: now)
    for _ in range(10):
        limit.check(10, {"code": 429})
    now = 100.99
    with pytest.raises(Refusal) as refused:
        limit.check(10, {"code": 429}, {"Retry-After": "1"})
    assert (refused.value.status, refused.value.payload, refused.value.headers) == (
        429,
        {"code": 429},
        {"Retry-After": "1"},
    )
    now = 101.0
    limit.check(10, {})


def test_a_refused_request_does_not_count_and_no_limit_refuses_none() -> None:
    now = 0.0
    limit = RateLimit(lambda: now)
    limit.check(1, {})
    for _ in range(5):
        with pytest.raises(Refusal):
            limit.check(1, {})
    for _ in range(5):
        limit.check(None, {})
    now = 1.0
    limit.check(1, {})
