"""Airflow's connection test: the Domain API, then the token or signature, then one small read."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.client.scrubbing import scrub
from airflow_provider_liveperson.exceptions import (
    InvalidResponseError,
    PermissionDeniedError,
    RequestRejectedError,
    ServiceUnavailableError,
)

BUDGET = 9.0
"""Seconds that a connection test may take."""

_ADVICE = {
    "permission": ", for which an API key needs the permission Administration → AuditTrail",
    "scope": ": ask LivePerson which scope the application needs, which is not documented",
    "": ": ask an administrator to add the right to the user's profile",
}


def probe_within(client: LivePersonClient, seconds: float = BUDGET) -> str:
    """Run :func:`probe`, but give up after a time, whatever hangs: name resolution, many addresses, dripping bytes.

    :param client: as for :func:`probe`.
    :param seconds: how long to wait.
    :raises ServiceUnavailableError: when there is no answer by then.
    :raises LivePersonError: as for :func:`probe`.
    """
    (result,) = run_within([lambda: probe(client)], max_threads=1, seconds=seconds)
    if result is None:
        raise ServiceUnavailableError(
            f"LivePerson did not answer within {seconds:.0f} s; check the host, the network and any proxy",
            field="host",
        )
    if isinstance(result, Exception):
        raise result
    return result


def probe(client: LivePersonClient) -> str:
    """Ask LivePerson for one record of today's audit trail.

    :param client: made with ``budget=BUDGET`` and no retries, since a user waits for the answer.
    :returns: a sentence that says what works.
    :raises LivePersonError: for whatever does not work; ``field`` names the connection's field to check, where known.
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
        client.call(request, _check)
    except PermissionDeniedError as error:
        advice = _ADVICE[client.credential.rights or ""]
        raise PermissionDeniedError(
            f"the credential is accepted, but it may not read the audit trail{advice}. {error}",
            status=error.status,
        ) from error
    return (
        f"LivePerson account {client.account_id}: the credential is accepted and the audit trail can be read."
    )


def _check(answer: Answer) -> None:
    """Refuse a 200 without an audit trail: GraphQL reports its errors so, and other hosts answer anything."""
    try:
        content = answer.json()
    except InvalidResponseError:
        if answer.seems_json:
            raise
        content = None
    content = content if isinstance(content, dict) else {}
    if errors := content.get("errors"):
        raise RequestRejectedError(
            f"LivePerson accepts the credential, but answers with errors: {scrub(str(errors))!r}",
            status=answer.status,
        )
    data = content.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("auditData"), list):
        raise InvalidResponseError(
            "the answer is not JSON, or has no audit trail; check that the host is LivePerson's",
            field="host",
            status=answer.status,
        )
