"""The task-level retry policy, on the Airflow versions that have one."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import timedelta

import pytest

from airflow_provider_liveperson import exceptions as errors
from airflow_provider_liveperson.version_compat import AirflowFailException

HAS_POLICIES = importlib.util.find_spec("airflow.sdk.definitions.retry_policy") is not None


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (errors.AuthenticationError("wrong secret", status=401), "fail", None),
        (errors.AuthenticationError("no token", status=400), "fail", None),
        (errors.AuthenticationError("blocked", status=451), "fail", None),
        (errors.ServiceUnavailableError("proxy wants a password", status=407), "fail", None),
        (errors.PermissionDeniedError("not allowed", status=403), "fail", None),
        (errors.RequestRejectedError("bad filter", status=400), "fail", None),
        (errors.ConfigurationError("no account"), "fail", None),
        (errors.EmptyWindowError("no window"), "fail", None),
        (errors.UntrustedHostError("evil"), "fail", None),
        (errors.InvalidResponseError("redirect", status=302), "fail", None),
        (errors.RateLimitedError("slow down", status=429, retry_after=90), "retry", timedelta(seconds=90)),
        (errors.RateLimitedError("slow down", status=429), "retry", None),
        (errors.ServiceUnavailableError("down", status=503), "retry", None),
        (errors.ServiceUnavailableError("busy", status=503, retry_after=20), "retry", timedelta(seconds=20)),
        (errors.ServiceUnavailableError("late", status=408), "retry", None),
        (errors.RateLimitedError("decades", status=429, retry_after=1e9), "retry", timedelta(hours=1)),
        (
            errors.RateLimitedError("for ever", status=429, retry_after=float("inf")),
            "retry",
            timedelta(hours=1),
        ),
        (errors.RateLimitedError("no number", status=429, retry_after=float("nan")), "retry", timedelta(0)),
        (errors.ServiceUnavailableError("unreachable"), "retry", None),
        (errors.InvalidResponseError("cut", status=200), "retry", None),
        (errors.WindowOutOfRangeError("too early"), "fail", None),
        (AirflowFailException("no window"), "fail", None),
        (errors.StorageError("no bucket", permanent=True), "fail", None),
        (errors.ConfigurationError("no such connection", permanent=False), "retry", None),
        (errors.IncompletePullError("moved"), "default", None),
        (errors.StorageError("no bucket"), "default", None),
        (RuntimeError("not ours"), "default", None),
    ],
    ids=lambda value: str(value) if isinstance(value, Exception) else "",
)
def test_decides_by_the_table(error: Exception, action: str, delay: timedelta | None) -> None:
    if not HAS_POLICIES:  # Airflow 3.1 and 3.2
        with pytest.raises(ModuleNotFoundError, match="retry_policy"):
            importlib.import_module("airflow_provider_liveperson.retry_policy")
        return
    from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy

    decision = LivePersonRetryPolicy().evaluate(error, 1, 3)
    assert (decision.action.value, decision.retry_delay) == (action, delay)
    assert decision.reason in (None, str(error))
