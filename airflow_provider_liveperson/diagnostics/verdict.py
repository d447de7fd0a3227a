"""What an answer says about whether a dataset can be read, and which right to ask for where it cannot."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_liveperson.client.credentials.api_key import FROZEN
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.diagnostics.report import Status
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    LivePersonError,
    PermissionDeniedError,
    ServiceUnavailableError,
)

LATE = ServiceUnavailableError("LivePerson did not answer in time.")
"""Stands for the answer that did not come in time."""

SEE_ABOVE = "Rejected; see above."


def verdict(credential: Credential, dataset: Dataset, answer: LivePersonError | None) -> tuple[Status, str]:
    """Say whether a dataset can be read.

    :param credential: the credential of the request.
    :param dataset: the dataset.
    :param answer: the error that the request ended in; None where it succeeded.
    :returns: the status and a sentence.
    """
    if answer is None:
        return "readable", "Can be read."
    if isinstance(answer, PermissionDeniedError):
        return "refused", f"Access denied: {_advice(credential, dataset)}."
    if answer.status == 451:
        return "refused", "Access denied; LivePerson's answer says why."
    if isinstance(answer, AuthenticationError):
        return "refused", f"The credential was rejected, or lacks the right: {_advice(credential, dataset)}."
    if answer is LATE:
        return "unknown", str(answer)
    status = f" with status {answer.status}" if answer.status is not None else ""
    return "unknown", f"Unknown, because the request failed{status}."


def _advice(credential: Credential, dataset: Dataset) -> str:
    """What to do so that a dataset can be read."""
    documented, known = (
        [str(kind) for kind in kinds] for kinds in (dataset.access.kinds, dataset.access.known)
    )
    kind = str(credential.kind)
    if credential.rights == "permission":
        right = (
            "a permission that is not documented"
            if dataset.access.permission == NOT_DOCUMENTED
            else f"the permission {dataset.access.permission}"
        )
        others = [other for other in known if other != kind]
        elsewhere = f"; use {joined(others, 'or')} instead" if others else ""
        return f"the API key lacks {right}, and {FROZEN}{elsewhere}"
    if credential.rights == "scope":
        advice = (
            "ask LivePerson which OAuth 2.0 scope it needs, which is not documented"
            if dataset.access.scope == NOT_DOCUMENTED
            else f"ask LivePerson to add this scope to the application: {dataset.access.scope}"
        )
    else:
        advice = "ask an administrator to give the user the right"
    if kind in known:
        return advice
    if not documented:
        return f"{advice}; LivePerson documents it for no kind of credential, and clients use {joined(known, 'or')}"
    return f"{advice}; LivePerson documents it for {joined(documented)}, not for {kind}"


def joined(names: Iterable[str], word: str = "and") -> str:
    """Names as a list in English.

    :param names: at least one.
    :param word: what comes before the last.
    """
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
