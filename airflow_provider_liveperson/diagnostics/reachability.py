"""What a connection can reach: services, clock, token, and dataset by dataset whether it can be read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import jwt

from airflow_provider_liveperson.client.client import LivePersonClient
from airflow_provider_liveperson.client.credentials.api_key import FROZEN
from airflow_provider_liveperson.client.credentials.credential import Credential, Token
from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.client.run_within import run_within
from airflow_provider_liveperson.client.sender import NOTABLE_CLOCK_OFFSET
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.datasets.model.dataset import NOT_DOCUMENTED, Dataset, Reader
from airflow_provider_liveperson.diagnostics.report import (
    Access,
    Clock,
    Report,
    Services,
    Status,
    TokenFacts,
    cleaned,
)
from airflow_provider_liveperson.exceptions import (
    AuthenticationError,
    LivePersonError,
    PermissionDeniedError,
    ServiceUnavailableError,
)
from airflow_provider_liveperson.window import Window, stamp

T = TypeVar("T")

BUDGET = 28.0
"""Seconds that a whole check may take."""

_GLANCE = timedelta(hours=1)
_RIGHT_CLOCK = 5.0
_TEXTS = ("aud", "azp", "scope", "iss")
_TIMES = ("iat", "exp")
_LATE = ServiceUnavailableError("No answer came in time.")


def check(
    client: LivePersonClient,
    *,
    name: str = "",
    datasets: Iterable[Dataset] | None = None,
    seconds: float = BUDGET,
    now: datetime | None = None,
) -> Report:
    """Find out what a connection can reach, with at most one small request for each dataset.

    :param client: made with ``schedule=NO_RETRIES`` and ``budget=BUDGET``, since somebody waits.
    :param name: what people call the connection.
    :param datasets: what to look at; default: the whole catalog.
    :param seconds: how long it may take; what has not answered by then is ``unknown``.
    :param now: the present, aware; default: this machine's clock.
    :returns: the report. Whatever fails is in it: nothing is raised.
    """
    deadline = time.monotonic() + seconds
    moment = now or datetime.now(UTC)
    looked_at = list(DATASETS.values() if datasets is None else datasets)
    credential = client.credential
    services = _services(client, looked_at, _within(client.services, deadline))
    token = _within(lambda: (credential.token(),), deadline)
    facts = _token_facts(credential, token)
    accesses, refusal = _accesses(client, looked_at, services, facts, token, moment, deadline)
    ok, sentence = _conclusion(name, accesses)
    report = Report(
        connection=name,
        account_id=client.account_id,
        credential=credential.kind.title,
        ok=ok,
        sentence=sentence,
        services=services,
        clock=_clock(client),
        token=facts,
        datasets=accesses,
        refusal=refusal,
    )
    return cleaned(report, credential.secrets)


def _within(job: Callable[[], T], deadline: float) -> T | LivePersonError:
    (result,) = run_within([job], most=1, seconds=deadline - time.monotonic())
    return _LATE if result is None else _expected(result)


def _expected(result: T | Exception) -> T | LivePersonError:
    """What a job gave, unless that is an error that nobody foresaw."""
    if isinstance(result, Exception) and not isinstance(result, LivePersonError):
        raise result
    return result


def _services(
    client: LivePersonClient, datasets: list[Dataset], hosts: dict[str, str] | LivePersonError
) -> Services:
    named = dict(client.settings.service_hosts)
    if isinstance(hosts, LivePersonError):
        return Services(
            works=False, hosts=named, missing=[], sentence=f"The Domain API names no services. {hosts}"
        )
    needed = dict.fromkeys(dataset.service for dataset in datasets)
    missing = [service for service in needed if service not in hosts and service not in named]
    lack = f" but not {_list(missing)}" if missing else ", all that the datasets need among them"
    return Services(
        works=True,
        hosts={**hosts, **named},
        missing=missing,
        sentence=f"The Domain API names {len(hosts)} services{lack}.",
    )


def _clock(client: LivePersonClient) -> Clock:
    offset = client.clock_offset
    if offset is None:
        return Clock(offset_seconds=None, sentence="LivePerson did not tell its time.")
    offset = round(offset, 1)
    if abs(offset) <= _RIGHT_CLOCK:
        return Clock(offset_seconds=offset, sentence="This machine's clock is right.")
    side = "behind" if offset > 0 else "ahead of"
    sentence = f"This machine's clock is {abs(offset):.0f} s {side} LivePerson's"
    if client.credential.signs_the_time and abs(offset) > NOTABLE_CLOCK_OFFSET:
        sentence += ", and every signature holds the time: set the clock right"
    return Clock(offset_seconds=offset, sentence=f"{sentence}.")


def _token_facts(credential: Credential, got: tuple[Token | None] | LivePersonError) -> TokenFacts:
    kind = credential.kind
    if isinstance(got, LivePersonError):
        return TokenFacts(
            works=False, lifetime_seconds=None, claims={}, sentence=f"{kind}: there is no token. {got}"
        )
    (token,) = got
    if token is None:
        return TokenFacts(
            works=True,
            lifetime_seconds=None,
            claims={},
            sentence=f"{kind}: every request is signed by itself, and no token runs out.",
        )
    claims = _claims(token.value)
    lasts = "for a time that is not told" if token.lifetime is None else _span(token.lifetime)
    told = "".join(f", {name} {claims[name]}" for name in (*_TEXTS, "exp") if name in claims)
    return TokenFacts(
        works=True,
        lifetime_seconds=token.lifetime,
        claims=claims,
        sentence=f"{kind}: a token lasts {lasts}{told}.",
    )


def _claims(token: str) -> dict[str, str]:
    """What a JWT says about itself, for people: its signature is LivePerson's business. Nothing of an opaque token."""
    try:
        told = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    claims = {}
    for name in _TEXTS:
        value = told.get(name)
        if value is not None:
            claims[name] = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    for name in _TIMES:
        try:
            claims[name] = stamp(datetime.fromtimestamp(int(told[name]), UTC))
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            continue
    return claims


def _accesses(
    client: LivePersonClient,
    datasets: list[Dataset],
    services: Services,
    facts: TokenFacts,
    token: tuple[Token | None] | LivePersonError,
    now: datetime,
    deadline: float,
) -> tuple[list[Access], str]:
    """Look at every dataset that has a service and a token to ask with, and tell a refused credential once."""

    def untold(dataset: Dataset) -> str | None:
        if dataset.service in services.missing:
            return f"The account has no service {dataset.service}, so it has none of these."
        if dataset.service not in services.hosts:
            return "Not asked, because the Domain API names no services."
        return None if facts.works else "Not asked, because there is no token."

    asked = [dataset for dataset in datasets if untold(dataset) is None]
    answers = run_within(
        [partial(_look, client, dataset, now) for dataset in asked],
        most=client.settings.max_concurrency,
        seconds=deadline - time.monotonic(),
    )
    found = {
        dataset.name: _LATE if answer is None else _expected(answer)
        for dataset, answer in zip(asked, answers, strict=True)
    }
    refusal = _refusal(asked, found)
    accesses = []
    for dataset in datasets:
        why = untold(dataset)
        is_told_once = False
        if why is None:
            answer = found[dataset.name]
            is_told_once = bool(refusal) and isinstance(answer, AuthenticationError)
            status, sentence = _judge(client.credential, dataset, answer, is_told_once)
        else:
            answer = True
            refused = services.works and isinstance(token, (AuthenticationError, PermissionDeniedError))
            refused = refused and dataset.service not in services.missing
            status, sentence = "refused" if refused else "unknown", why
        failure = answer if isinstance(answer, LivePersonError) and answer is not _LATE else None
        accesses.append(
            Access(
                dataset=dataset.name,
                status=status,
                service=dataset.service,
                has_service=dataset.service not in services.missing,
                permission=dataset.permission,
                scope=dataset.scope,
                sentence=sentence,
                answered=failure.status if failure is not None else None,
                detail="" if is_told_once else str(failure or ""),
            )
        )
    return accesses, refusal


def _refusal(asked: list[Dataset], found: Mapping[str, bool | LivePersonError]) -> str:
    """What LivePerson has against the credential as such, if it is that; a 403 would have accepted the credential."""
    answers = [found[dataset.name] for dataset in asked]
    refusals = [
        answer for answer in answers if isinstance(answer, AuthenticationError) and answer.status == 401
    ]
    if not refusals or any(answer is True or isinstance(answer, PermissionDeniedError) for answer in answers):
        return ""
    if named := next((error for error in refusals if error.field), None):
        return f"LivePerson does not accept the credential. {named}"
    services = {dataset.service for dataset in asked if isinstance(found[dataset.name], AuthenticationError)}
    if len(services) < 2:
        return ""
    return f"LivePerson does not accept the credential, or the credential lacks every right. {refusals[0]}"


def _look(client: LivePersonClient, dataset: Dataset, now: datetime) -> bool:
    """Read as little as possible of the last hour that is past the dataset's lag.

    :raises LivePersonError: when it cannot be read.
    """
    end = now - dataset.lag
    query = dataset.query(Window(end - _GLANCE, end))
    slice_ = dataset.plan(query)[-1]
    reader = dataset.read(dataset, query, slice_)
    return client.call(dataset.probe(dataset, query, slice_), partial(_is_readable, reader))


def _is_readable(reader: Reader, answer: Answer) -> bool:
    try:
        reader.parse(answer)
    finally:
        if answer.file is not None:
            answer.file.close()
    return True


def _judge(
    credential: Credential, dataset: Dataset, answer: bool | LivePersonError, is_told_once: bool
) -> tuple[Status, str]:
    if not isinstance(answer, LivePersonError):
        return "readable", "Can be read."
    if is_told_once:
        return "refused", "Not accepted; see above."
    if isinstance(answer, PermissionDeniedError):
        return "refused", f"May not be read: {_ask(credential, dataset)}."
    if answer.status == 451:
        return "refused", "May not be read; LivePerson's answer says why."
    if isinstance(answer, AuthenticationError):
        return (
            "refused",
            f"The credential is not accepted, or it lacks the right: {_ask(credential, dataset)}.",
        )
    if answer is _LATE:
        return "unknown", str(answer)
    status = f" with {answer.status}" if answer.status is not None else ""
    return "unknown", f"It cannot be told, because the request failed{status}."


def _ask(credential: Credential, dataset: Dataset) -> str:
    """What to ask for, so that a dataset can be read."""
    if credential.rights == "permission":
        others = [kind for kind in dataset.credentials if kind != credential.kind.title]
        known = "the permission " + dataset.permission
        lacks = "a permission that is not documented" if dataset.permission == NOT_DOCUMENTED else known
        return f"the API key lacks {lacks}, and {FROZEN}; read it through {_list(others, 'or')}"
    if credential.rights == "scope":
        asked = _right(
            dataset.scope,
            "have the scope {} added to the application",
            "ask LivePerson for the OAuth 2.0 scope that it needs, which is {}",
        )
    else:
        asked = "have the right given to the user"
    if credential.kind.title in dataset.credentials:
        return asked
    return f"{asked}; LivePerson's pages name {_list(dataset.credentials)} for it, not {credential.kind}"


def _right(right: str, known: str, unknown: str) -> str:
    return (unknown if right == NOT_DOCUMENTED else known).format(right)


def _conclusion(name: str, accesses: list[Access]) -> tuple[bool, str]:
    counts = {
        status: sum(access.status == status for access in accesses)
        for status in ("readable", "refused", "unknown")
    }
    through = f" through {name}" if name else ""
    if not counts["readable"]:
        return False, f"None of {len(accesses)} datasets can be read{through}."
    unsure = any(access.status == "unknown" and access.has_service for access in accesses)
    rest = [f"{counts[status]} {status}" for status in ("refused", "unknown") if counts[status]]
    return not unsure, (
        f"{counts['readable']} of {len(accesses)} datasets can be read{through}"
        + (f"; {', '.join(rest)}" if rest else "")
        + "."
    )


def _list(names: Iterable[str], joined_by: str = "and") -> str:
    *others, last = names
    return f"{', '.join(others)} {joined_by} {last}" if others else last


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
