"""What a connection can reach: the services, the clock, the token, and which datasets it can read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.credential import Token, TokenCredential
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.regional_hosts import REGIONAL_HOSTS
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.client.sender import NOTABLE_CLOCK_OFFSET
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.diagnostics.progress import OnProgress, ProgressCounter
from airflow_provider_liveperson.diagnostics.report import (
    Clock,
    ConnectionReport,
    DatasetAccess,
    Services,
    Status,
    without_secrets,
)
from airflow_provider_liveperson.diagnostics.token_facts import token_facts
from airflow_provider_liveperson.diagnostics.verdict import LATE, SEE_ABOVE, joined, verdict
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    ConfigurationError,
    InvalidResponseError,
    LivePersonError,
    PermissionDeniedError,
    RequestRejectedError,
)
from airflow_provider_liveperson.window import Window

T = TypeVar("T")

MAX_REQUESTS_PER_SERVICE = 2
"""Requests to one service at once: one that hangs holds up its own datasets only, and none is flooded."""

_BASE_SECONDS = 28.0
_DATASETS_IN_BASE = 10
_PROBED = timedelta(hours=1)
_TOLERATED_OFFSET = 5.0


def seconds_for(datasets: int) -> float:
    """Seconds that a check may take.

    :param datasets: how many datasets are checked; 28 seconds do for ten of them, and each further one adds a second.
    """
    return _BASE_SECONDS + max(0, datasets - _DATASETS_IN_BASE)


def check_reachability(
    client: LivePersonClient,
    *,
    name: str = "",
    datasets: Iterable[Dataset] | None = None,
    seconds: float | None = None,
    on_progress: OnProgress | None = None,
    now: datetime | None = None,
) -> ConnectionReport:
    """Check what a connection can reach, with at most one small request per dataset.

    :param client: the connection's client, made with ``schedule=NO_RETRIES`` and a ``budget`` of :func:`seconds_for`,
        since a user waits.
    :param name: the connection's name.
    :param datasets: the datasets to check; default: the whole catalog.
    :param seconds: how long the check may take; what has not answered by then is ``unknown``. Default:
        :func:`seconds_for` their number.
    :param on_progress: is called with the progress.
    :param now: the present, aware; default: this machine's clock.
    :returns: the report. It holds all failures; none is raised.
    """
    checked = list(DATASETS.values() if datasets is None else datasets)
    deadline = time.monotonic() + (seconds_for(len(checked)) if seconds is None else seconds)
    counter = ProgressCounter("check", len(checked), on_progress)
    credential = client.credential
    hosts = _within(client.services, deadline)
    services = _services(client, checked, hosts)
    # Of an account that is unknown there is nothing else to find out.
    unknown_account = hosts if isinstance(hosts, ConfigurationError) and hosts.field == "account_id" else None
    token: tuple[Token | None] | LivePersonError
    if unknown_account is not None and isinstance(credential, TokenCredential):
        token = unknown_account
    else:
        token = _within(lambda: (credential.token(),), deadline)
    facts = token_facts(credential, token if isinstance(token, LivePersonError) else token[0])

    def reason_to_skip(dataset: Dataset) -> str | None:
        if unknown_account is not None:
            return "Not checked: the Domain API does not know the account."
        if dataset.request.service in services.missing:
            return f"The account does not have the service {dataset.request.service}, so it has none of these records."
        if not services.works and not services.hosts.keys() & dataset.request.services:
            return "Not checked: the Domain API did not list the services."
        return None if facts.works else "Not checked: there is no token."

    skipped = {dataset.name: reason for dataset in checked if (reason := reason_to_skip(dataset))}
    counter.skip(len(skipped))
    probed = [dataset for dataset in checked if dataset.name not in skipped]
    answers = _probe_all(client, probed, now or datetime.now(UTC), deadline, counter)
    counter.close()
    refusal = _refusal(probed, answers)
    is_refused = services.works and isinstance(token, (AuthenticationError, PermissionDeniedError))
    accesses = []
    for dataset in checked:
        answer = answers.get(dataset.name)
        has_service = dataset.request.service not in services.missing
        status: Status
        if dataset.name in skipped:
            status, sentence = "refused" if is_refused and has_service else "unknown", skipped[dataset.name]
        elif refusal and isinstance(answer, AuthenticationError):
            status, sentence = "refused", SEE_ABOVE
        else:
            status, sentence = verdict(credential, dataset, answer)
        failure = None if answer is LATE else answer
        accesses.append(
            DatasetAccess(
                dataset=dataset.name,
                status=status,
                service=dataset.request.service,
                has_service=has_service,
                permission=dataset.access.permission,
                scope=dataset.access.scope,
                sentence=sentence,
                answered=None if failure is None else failure.status,
                detail="" if failure is None or sentence == SEE_ABOVE else str(failure),
            )
        )
    ok, sentence = _conclusion(name, accesses, unknown_account)
    report = ConnectionReport(
        connection=name,
        account_id=client.account_id,
        credential=str(credential.kind),
        ok=ok,
        sentence=sentence,
        services=services,
        clock=_clock(client),
        token=facts,
        datasets=accesses,
        refusal=refusal,
    )
    return without_secrets(report, credential.secrets)


def _within(job: Callable[[], T], deadline: float) -> T | LivePersonError:
    """The result of a job; the error that it raised, or :data:`LATE` where it was not done in time."""
    (result,) = run_within([job], max_threads=1, seconds=deadline - time.monotonic())
    if isinstance(result, Exception) and not isinstance(result, LivePersonError):
        raise result
    return LATE if result is None else result


def _services(
    client: LivePersonClient, datasets: list[Dataset], hosts: dict[str, str] | LivePersonError
) -> Services:
    needed = {dataset.request.service: dataset.request.services for dataset in datasets}
    regional = client.regional_hosts({} if isinstance(hosts, LivePersonError) else hosts)
    named = {service: host for service, host in regional.items() if service in needed}
    named |= client.settings.service_hosts
    if isinstance(hosts, LivePersonError):
        return Services(
            works=False,
            hosts=named,
            missing=[],
            sentence=f"The Domain API did not list the services. {hosts}",
        )
    known = {*hosts, *named, *REGIONAL_HOSTS}
    missing = [service for service, any_of in needed.items() if known.isdisjoint(any_of)]
    lack = f", but not {joined(missing)}" if missing else ", including all that are needed"
    return Services(
        works=True,
        hosts={**hosts, **named},
        missing=missing,
        sentence=f"The Domain API lists {len(hosts)} services{lack}.",
    )


def _clock(client: LivePersonClient) -> Clock:
    offset = client.clock_offset
    if offset is None:
        return Clock(offset_seconds=None, sentence="LivePerson's answers carried no Date header.")
    offset = round(offset, 1)
    if abs(offset) <= _TOLERATED_OFFSET:
        return Clock(offset_seconds=offset, sentence="This machine's clock is correct.")
    side = "behind" if offset > 0 else "ahead of"
    sentence = f"This machine's clock is {abs(offset):.0f} s {side} LivePerson's"
    if client.credential.signs_the_time and abs(offset) > NOTABLE_CLOCK_OFFSET:
        sentence += ", which makes signatures invalid: correct the clock"
    return Clock(offset_seconds=offset, sentence=f"{sentence}.")


def _probe_all(
    client: LivePersonClient,
    datasets: list[Dataset],
    now: datetime,
    deadline: float,
    counter: ProgressCounter,
) -> Mapping[str, LivePersonError | None]:
    """Probe the datasets, a few services at once and of each a few datasets.

    :returns: dataset name to the error that its request ended in, or None where it succeeded.
    """
    waiting: dict[str, deque[Dataset]] = {}
    for dataset in datasets:
        waiting.setdefault(dataset.request.service, deque()).append(dataset)
    answers: dict[str, LivePersonError | None] = {}

    def work_through(queue: deque[Dataset]) -> None:
        while True:
            try:
                dataset = queue.popleft()
            except IndexError:
                return
            with counter.working_on(dataset.name):
                try:
                    read_smallest(client, dataset, now)
                except LivePersonError as error:
                    answers[dataset.name] = error
                else:
                    answers[dataset.name] = None

    jobs = [
        partial(work_through, queue)
        for queue in waiting.values()
        for _ in range(min(MAX_REQUESTS_PER_SERVICE, len(queue)))
    ]
    results = run_within(
        jobs, max_threads=client.settings.max_concurrency, seconds=deadline - time.monotonic()
    )
    for queue in waiting.values():
        queue.clear()  # what has not begun need not begin
    for result in results:
        if isinstance(result, Exception):
            raise result
    in_time = dict(answers)  # what was given up may still add to the other
    return {dataset.name: in_time.get(dataset.name, LATE) for dataset in datasets}


def read_smallest(client: LivePersonClient, dataset: Dataset, now: datetime) -> None:
    """Read as little as possible of a dataset's last hour that is complete, in whichever way LivePerson accepts.

    :param client: the connection's client.
    :param dataset: the dataset.
    :param now: the present, aware.
    :raises LivePersonError: when it cannot be read.
    """
    _, end = dataset.limits.available(now)
    last = Window(end - _PROBED, end)
    whole = dataset.limits.on_grid(last)
    if whole.end > end:  # sums of a time that is not over
        whole = dataset.limits.on_grid(Window(whole.start - _PROBED, whole.start))
    query = dataset.query(whole)
    slice_ = dataset.plan(query)[-1]
    reader = dataset.open(query, slice_)
    first: RequestRejectedError | None = None
    for request in dataset.probes(query, slice_):
        try:
            client.call(request, partial(_parse, reader))
        except RequestRejectedError as error:
            if dataset.reader.says_empty(error):
                return
            first = first or error
            if error.status != 400:
                break
        else:
            return
    if first is not None:
        raise first


def _parse(reader: Pager, answer: Answer) -> None:
    try:
        reader.parse(answer)
    except InvalidResponseError as error:
        if answer.file is None and answer.body.lstrip().startswith(b"<"):
            raise InvalidResponseError(
                "the answer is a web page; check that the host is LivePerson's",
                field="host",
                status=answer.status,
            ) from error
        raise
    finally:
        if answer.file is not None:
            answer.file.close()


def _refusal(probed: list[Dataset], answers: Mapping[str, LivePersonError | None]) -> str:
    """What LivePerson has against the credential as such, if it is that; a 403 would have accepted the credential."""
    refusals = [
        answer
        for answer in answers.values()
        if isinstance(answer, AuthenticationError) and answer.status == 401
    ]
    if not refusals or any(
        answer is None or isinstance(answer, PermissionDeniedError) for answer in answers.values()
    ):
        return ""
    if named := next((error for error in refusals if error.field), None):
        return f"LivePerson rejected the credential. {named}"
    services = {
        dataset.request.service
        for dataset in probed
        if isinstance(answers[dataset.name], AuthenticationError)
    }
    if len(services) < 2:
        return ""
    return f"LivePerson rejected the credential, or the credential has no rights at all. {refusals[0]}"


def _conclusion(
    name: str, accesses: list[DatasetAccess], unknown_account: LivePersonError | None
) -> tuple[bool, str]:
    if unknown_account is not None:
        return False, f"Nothing was checked: {unknown_account}."
    counts = {
        status: sum(access.status == status for access in accesses)
        for status in ("readable", "refused", "unknown")
    }
    through = f" through {name}" if name else ""
    if len(accesses) == 1:
        (access,) = accesses
        can = {"readable": "can be read", "refused": "cannot be read", "unknown": "could not be checked"}
        return access.status == "readable", f"{access.dataset} {can[access.status]}{through}."
    if not counts["readable"]:
        return False, f"None of {len(accesses)} datasets can be read{through}."
    rest = [f"{counts[status]} {status}" for status in ("refused", "unknown") if counts[status]]
    return True, (
        f"{counts['readable']} of {len(accesses)} datasets can be read{through}"
        + (f"; {', '.join(rest)}" if rest else "")
        + "."
    )
