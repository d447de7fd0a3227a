"""Airflow's connection test: the account, then the credential, then small reads until one succeeds."""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Thread

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.credential import Credential
from airflow_provider_liveperson.client.regional_hosts import REGIONAL_HOSTS
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.diagnostics.reachability import read_smallest
from airflow_provider_liveperson.diagnostics.verdict import joined, verdict
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    ServiceUnavailableError,
)

BUDGET = 9.0
"""Seconds that a connection test may take."""

MAX_AT_ONCE = 3
"""Datasets that are read at once, after the first one has failed or kept the user waiting."""

_PATIENCE = 1.0
_MAX_NAMES = 3


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
    """Find one dataset that the connection can read, of those that are known to take its credential kind.

    :param client: made with ``budget=BUDGET`` and no retries, since a user waits for the answer.
    :returns: a sentence that says what works.
    :raises LivePersonError: for whatever does not work; ``field`` names the connection's field to check, where known.
    """
    try:
        hosts = client.services()
    except (InvalidResponseError, ServiceUnavailableError):
        if not client.settings.service_hosts:  # else those need no Domain API
            raise
        hosts = {}
    has_token = client.credential.token() is not None
    services = {*hosts, *client.regional_hosts(hosts), *client.settings.service_hosts}
    readable = _first_readable(client, candidates(client.credential, services), has_token=has_token)
    return f"LivePerson account {client.account_id}: the credential is accepted, and {readable.name} can be read."


def candidates(credential: Credential, services: set[str]) -> list[Dataset]:
    """The datasets to try, in the order in which accounts can most commonly read them.

    Of each service one comes after the other, first what has a documented permission or scope, and what is documented
    for many credential kinds; services that LivePerson switches on on request, which have fixed hosts, come last.

    :param credential: the connection's credential.
    :param services: the services that the account has.
    """
    known = _known(credential) or list(DATASETS.values())
    there = [dataset for dataset in known if not services.isdisjoint(dataset.request.services)]

    def rank(dataset: Dataset) -> tuple[bool, int]:
        right = {"permission": dataset.access.permission, "scope": dataset.access.scope}.get(
            credential.rights or ""
        )
        return right == NOT_DOCUMENTED, -len(dataset.access.kinds)

    ranked = sorted(there or known, key=rank)
    seen: Counter[str] = Counter()
    turns: dict[str, int] = {}
    for dataset in ranked:
        turns[dataset.name] = seen[dataset.request.service]
        seen[dataset.request.service] += 1
    return sorted(
        ranked, key=lambda dataset: (dataset.request.service in REGIONAL_HOSTS, turns[dataset.name])
    )


def _known(credential: Credential) -> list[Dataset]:
    return [dataset for dataset in DATASETS.values() if credential.kind in dataset.access.known]


def _first_readable(client: LivePersonClient, datasets: list[Dataset], *, has_token: bool) -> Dataset:
    """Read as little as possible of one dataset after the other, a few at once, until one can be read.

    It ends with the client's budget, if not before: each request has its time.
    """
    waiting, ended = deque(datasets), SimpleQueue[tuple[Dataset, Exception | None]]()
    errors: dict[str, LivePersonError] = {}
    now, running, at_once = datetime.now(UTC), 0, 1

    def read(dataset: Dataset) -> None:
        try:
            read_smallest(client, dataset, now)
        except Exception as error:
            ended.put((dataset, error))
        else:
            ended.put((dataset, None))

    while waiting or running:
        while waiting and running < at_once:
            running += 1
            Thread(target=read, args=(waiting.popleft(),), name="liveperson-check", daemon=True).start()
        try:
            dataset, error = ended.get(timeout=_PATIENCE)
        except Empty:
            at_once = MAX_AT_ONCE
            continue
        running, at_once = running - 1, MAX_AT_ONCE
        if error is None:
            return dataset
        if not isinstance(error, LivePersonError) or _is_rejection(error):
            raise error
        errors[dataset.name] = error
        if not has_token and _are_rejections(datasets, errors):
            break
    raise _failure(client.credential, [dataset for dataset in datasets if dataset.name in errors], errors)


def _is_rejection(error: LivePersonError) -> bool:
    """Whether LivePerson names the part of the credential that is wrong."""
    return isinstance(error, AuthenticationError) and error.field is not None


def _are_rejections(datasets: list[Dataset], errors: dict[str, LivePersonError]) -> bool:
    """Whether several services rejected a credential that no token has proved right, and none accepted it."""
    services = {
        dataset.request.service
        for dataset in datasets
        if isinstance(errors.get(dataset.name), AuthenticationError)
    }
    return len(services) > 1 and not any(
        isinstance(error, PermissionDeniedError) for error in errors.values()
    )


def _failure(
    credential: Credential, tried: list[Dataset], errors: dict[str, LivePersonError]
) -> LivePersonError:
    """The error that says why nothing can be read: what failed, or else which right is missing."""
    for dataset in tried:
        error = errors[dataset.name]
        if not isinstance(error, AuthenticationError | PermissionDeniedError):
            return error
    first = tried[0]
    error = errors[first.name]
    if not any(isinstance(one, PermissionDeniedError) for one in errors.values()):
        return error
    names = [dataset.name for dataset in tried[:_MAX_NAMES]]
    if len(tried) > _MAX_NAMES:
        names.append(f"{len(tried) - _MAX_NAMES} more")
    documented = f" that LivePerson documents for {credential.kind}" if _known(credential) else ""
    return PermissionDeniedError(
        f"the credential is accepted, but it can read none of the {len(tried)} datasets{documented}:"
        f" {joined(names)}. For {first.name}: {verdict(credential, first, error)[1]} {error}",
        status=error.status,
    )
