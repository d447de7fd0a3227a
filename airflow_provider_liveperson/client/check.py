"""The connection test: Domain API, then token or signature, then one cheap authorised read."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.messages import ApiRequest
from airflow_provider_liveperson.exceptions import PermissionDeniedError

BUDGET = 9.0
"""Seconds that the whole test may take."""


def check(client: LivePersonClient) -> str:
    """Ask LivePerson for one record of today's audit trail.

    :param client: made with ``budget=BUDGET`` and no retries, so that the answer comes while somebody waits.
    :returns: a sentence that says what works.
    :raises LivePersonError: whatever does not work; ``field`` names the field at fault where it is known.
    """
    today = datetime.now(UTC).date().isoformat()
    request = ApiRequest(
        method="POST",
        service="accountConfigReadOnly",
        path="/api/account/{account_id}/configuration/metadata/audit",
        json={
            "query": f'{{auditData(fromDate:"{today}",toDate:"{today}",first:1,offset:0,timezone:"UTC"){{changeDate}}}}'
        },
    )
    try:
        client.call(request, lambda answer: answer.json())
    except PermissionDeniedError as error:
        raise PermissionDeniedError(
            "the credential is accepted, but it may not read the audit trail: tick Administration → AuditTrail at the"
            " API key, or ask LivePerson for the application's scope. " + str(error),
            status=error.status,
        ) from error
    return (
        f"LivePerson account {client.account_id}: the credential is accepted and the audit trail can be read."
    )
