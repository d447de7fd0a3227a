"""The results of checks, as values that JSON, a table and a page can show; see also :func:`without_secrets`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

import msgspec

from airflow_provider_liveperson.client.scrubbing import scrub

S = TypeVar("S", bound=msgspec.Struct)

Status = Literal["readable", "refused", "unknown"]
Outcome = Literal["agree", "differ", "one side", "skipped", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all results.

    :param sentence: the result in words.
    """

    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """The result as dicts, lists, texts and numbers."""
        builtins: dict[str, Any] = msgspec.to_builtins(self)
        return builtins


class Services(Finding, frozen=True, kw_only=True):
    """The services that the Domain API lists for the account.

    :param works: whether the Domain API answered.
    :param hosts: service name to host, sorted.
    :param missing: services that datasets need and the account does not have.
    """

    works: bool
    hosts: dict[str, str]
    missing: list[str]


class Clock(Finding, frozen=True, kw_only=True):
    """This machine's clock.

    :param offset_seconds: seconds by which LivePerson's clock is ahead; None when no answer carried a Date header.
    """

    offset_seconds: float | None


class TokenFacts(Finding, frozen=True, kw_only=True):
    """Facts about the token that the credential signs with, but never the token itself.

    :param works: whether there is a token, or none is needed.
    :param lifetime_seconds: how long a token lasts; None where that is unknown, or there is none.
    :param claims: of a JWT: ``aud``, ``azp``, ``scope``, ``iss``, and ``iat`` and ``exp`` as ISO 8601 in UTC.
    """

    works: bool
    lifetime_seconds: float | None
    claims: dict[str, str]


class DatasetAccess(Finding, frozen=True, kw_only=True):
    """Whether a connection can read a dataset.

    :param dataset: the dataset's name.
    :param status: ``readable``, ``refused``, or ``unknown`` where that could not be determined.
    :param service: the Domain API's name of the dataset's service.
    :param has_service: False where the account does not have that service.
    :param permission: the API key permission that the dataset needs, as far as LivePerson documents it.
    :param scope: the OAuth 2.0 scope that the dataset needs, as far as LivePerson documents it.
    :param answered: the HTTP status of a refusal or failure; else None.
    :param detail: the full error of a refusal or failure; else empty.
    """

    dataset: str
    status: Status
    service: str
    has_service: bool
    permission: str
    scope: str
    answered: int | None = None
    detail: str = ""


class ConnectionReport(Finding, frozen=True, kw_only=True):
    """What one connection can reach.

    :param connection: the connection's name.
    :param account_id: the LivePerson account.
    :param credential: the credential's kind.
    :param ok: whether at least one of the datasets can be read.
    :param services: the services that the Domain API lists.
    :param clock: this machine's clock.
    :param token: the token.
    :param refusal: why LivePerson rejects the credential everywhere, said once for all datasets; else empty.
    :param datasets: one result per dataset, in the catalog's order.
    :param privacy: which fields the connection has hashed, dropped or kept, in words.
    """

    connection: str
    account_id: str
    credential: str
    ok: bool
    services: Services
    clock: Clock
    token: TokenFacts
    datasets: list[DatasetAccess]
    refusal: str = ""
    privacy: str = ""

    def access(self, dataset: str) -> DatasetAccess:
        """The result for one dataset.

        :raises KeyError: when it was not checked.
        """
        for access in self.datasets:
            if access.dataset == dataset:
                return access
        raise KeyError(dataset)


class RecordSample(msgspec.Struct, frozen=True, kw_only=True):
    """A number of records, with the keys of a few.

    :param count: how many records.
    :param examples: the keys of some; of records without a key, their time and a hash.
    """

    count: int
    examples: list[str]


NO_RECORDS = RecordSample(count=0, examples=[])


class DatasetComparison(Finding, frozen=True, kw_only=True):
    """What two connections return for one dataset.

    :param dataset: the dataset's name.
    :param outcome: ``agree``; ``differ``; ``one side`` where only one connection can read it; ``skipped`` where neither
        can, or the account does not have the service; ``unknown`` where the comparison failed.
    :param window: start and end, ISO 8601 in UTC; None for a snapshot, and where nothing was read.
    :param records: how many records were read through each connection.
    :param is_cut: whether there were more records than were compared.
    :param only_first: records that only the first connection returns.
    :param only_second: records that only the second connection returns.
    :param differing: records that both return, with different contents.
    :param fields: the paths of the fields in which those differ.
    """

    dataset: str
    outcome: Outcome
    window: tuple[str, str] | None = None
    records: tuple[int, int] = (0, 0)
    is_cut: bool = False
    only_first: RecordSample = NO_RECORDS
    only_second: RecordSample = NO_RECORDS
    differing: RecordSample = NO_RECORDS
    fields: list[str] = []


class Comparison(Finding, frozen=True, kw_only=True):
    """Whether two connections return the same records.

    :param connections: their names, the first and the second.
    :param account_id: the LivePerson account of both.
    :param ok: whether at least one dataset was compared, all that were compared agree, and no dataset is left that
        only one connection can read or that could not be compared.
    :param max_records: how many records of a dataset were compared at most; ``most`` in JSON.
    :param datasets: one result per dataset, in the catalog's order.
    """

    connections: tuple[str, str]
    account_id: str
    ok: bool
    max_records: int = msgspec.field(name="most")
    datasets: list[DatasetComparison]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a whole check: of one connection, or of two and how they compare.

    :param connection: what the connection can reach.
    :param against: what the connection that it is compared with can reach, if there is one.
    :param comparison: whether both return the same records, if there are two.
    """

    connection: ConnectionReport
    against: ConnectionReport | None = None
    comparison: Comparison | None = None

    @property
    def ok(self) -> bool:
        """Whether the check found everything as it should be."""
        return self.connection.ok if self.comparison is None else self.comparison.ok

    @property
    def connections(self) -> list[ConnectionReport]:
        """The reports of one or two connections."""
        return [self.connection] if self.against is None else [self.connection, self.against]

    def to_dict(self) -> dict[str, Any]:
        """The report as dicts, lists, texts and numbers, as ``check --json`` prints it."""
        builtins: dict[str, Any] = msgspec.to_builtins(self)
        return {"ok": self.ok, **builtins}


_OWN_WORDS = ("status", "outcome")  # never a secret, even where a secret is spelled like one of them


def without_secrets(finding: S, secrets: Iterable[str]) -> S:
    """Remove from all texts of a result what is, or looks like, a credential.

    :param finding: the result; parts of it are LivePerson's own words.
    :param secrets: the credential's secrets.
    """
    known = list(secrets)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return scrub(value, known)
        if isinstance(value, dict):
            return {name: item if name in _OWN_WORDS else clean(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        return value

    return msgspec.convert(clean(msgspec.to_builtins(finding)), type(finding))
