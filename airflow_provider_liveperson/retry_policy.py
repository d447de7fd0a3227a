"""Airflow's retries of a task, by the same table as the request loop. For Airflow 3.3 and later.

>>> from airflow_provider_liveperson.retry_policy import LivePersonRetryPolicy
>>> AuditTrailToS3Operator(..., retries=3, retry_policy=LivePersonRetryPolicy())  # doctest: +SKIP
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy

from airflow_provider_liveperson.exceptions import LivePersonError

if TYPE_CHECKING:
    from airflow.sdk import Context


class LivePersonRetryPolicy(RetryPolicy):
    """Waits as long as LivePerson asks, at most an hour, and fails at once if trying again cannot help."""

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Decide whether and when to retry after a failure; see the class."""
        from airflow_provider_liveperson.client.responses import capped_delay, is_permanent, outcome_of_error
        from airflow_provider_liveperson.version_compat import AirflowFailException

        if isinstance(exception, AirflowFailException):
            return RetryDecision.fail(str(exception))
        if not isinstance(exception, LivePersonError):
            return RetryDecision.default()
        if is_permanent(exception):
            return RetryDecision.fail(str(exception))
        if outcome_of_error(exception) is None:
            return RetryDecision.default()
        delay = timedelta(seconds=capped_delay(exception.retry_after)) if exception.retry_after else None
        return RetryDecision.retry(delay, str(exception))
