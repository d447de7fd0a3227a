"""Airflow's own retries of a task, by the same table as the request loop. For Airflow 3.3 and later.

>>> from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy
>>> AuditTrailToS3Operator(..., retries=3, retry_policy=LivePersonRetryPolicy())  # doctest: +SKIP
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

from airflow_provider_liveperson.exceptions import (
    EmptyWindowError,
    LivePersonError,
    UntrustedHostError,
)

if TYPE_CHECKING:
    from airflow.sdk import Context


class LivePersonRetryPolicy(RetryPolicy):
    """Fails at once where trying again cannot help, and stays away as long as LivePerson asks.

    A wrong secret, a missing permission, a wrong argument or an empty window fail the task without spending its
    retries. A rate limit or a busy server is retried after the time that LivePerson's ``Retry-After`` names, at most
    an hour. Everything else is left to the task's own ``retries`` and ``retry_delay``.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Decide about one failure; see the class."""
        from airflow_provider_liveperson.client.responses import Action, capped_delay, outcome_of_error

        if not isinstance(exception, LivePersonError):
            return RetryDecision.default()
        if isinstance(exception, EmptyWindowError | UntrustedHostError):
            return RetryDecision.fail(str(exception))
        outcome = outcome_of_error(exception)
        if outcome is None:
            return RetryDecision.default()
        if outcome.action in (Action.FAIL, Action.RENEW):
            return RetryDecision.fail(str(exception))
        delay = timedelta(seconds=capped_delay(exception.retry_after)) if exception.retry_after else None
        return RetryDecision.retry(delay, str(exception))
