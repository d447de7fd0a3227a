"""What a check found out, as values that JSON, a table and a page can show. No secret gets in: see :func:`cleaned`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar

import msgspec

from airflow_provider_liveperson.client.scrubbing import scrub

S = TypeVar("S", bound=msgspec.Struct)

Status = Literal["readable", "refused", "unknown"]
Outcome = Literal["agree", "differ", "one side", "skipped", "unknown"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What all findings have in common.

    :param sentence: says it to people.
    """

    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, texts and numbers."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told


class Services(Finding, frozen=True, kw_only=True):
    """What the Domain API names for the account.

    :param works: whether it answered.
    :param hosts: service name to host, sorted.
    :param missing: services that datasets need and the account does not have.
    """

    works: bool
    hosts: dict[str, str]
    missing: list[str]


class Clock(Finding, frozen=True, kw_only=True):
    """This machine's clock.

    :param offset_seconds: by how much LivePerson's is ahead of it; None when LivePerson did not tell its time.
    """

    offset_seconds: float | None


class TokenFacts(Finding, frozen=True, kw_only=True):
    """The token that the credential signs with. The token itself is not here.

    :param works: whether there is one, or none is needed.
    :param lifetime_seconds: how long one lasts; None where that is not known, or there is none.
    :param claims: of a JWT: ``aud``, ``azp``, ``scope``, ``iss``, and ``iat`` and ``exp`` as ISO 8601 in UTC.
    """

    works: bool
    lifetime_seconds: float | None
    claims: dict[str, str]


class Access(Finding, frozen=True, kw_only=True):
    """Whether a dataset can be read.

    :param dataset: its name.
    :param status: ``readable``, ``refused``, or ``unknown`` where it cannot be told.
    :param service: the Domain API's name of its service.
    :param has_service: False where the account does not have that.
    :param permission: the API key's permission that it needs, as far as LivePerson's pages say.
    :param scope: the OAuth 2.0 scope that it needs, as far as LivePerson's pages say.
    :param answered: the HTTP status, where LivePerson did not let it be read.
    :param detail: what happened then, in full; else empty.
    """

    dataset: str
    status: Status
    service: str
    has_service: bool
    permission: str
    scope: str
    answered: int | None = None
    detail: str = ""


class Report(Finding, frozen=True, kw_only=True):
    """What one connection can reach.

    :param connection: its name.
    :param account_id: the LivePerson account.
    :param credential: the credential's kind.
    :param ok: whether something can be read, and for everything the account has it can be told whether.
    :param services: what the Domain API names.
    :param clock: this machine's clock.
    :param token: the token.
    :param refusal: why LivePerson accepts the credential for nothing, said once for all datasets; else empty.
    :param datasets: one for each dataset, in the catalog's order.
    """

    connection: str
    account_id: str
    credential: str
    ok: bool
    services: Services
    clock: Clock
    token: TokenFacts
    datasets: list[Access]
    refusal: str = ""

    def access(self, dataset: str) -> Access:
        """What was found out about a dataset.

        :raises KeyError: when it was not checked.
        """
        for access in self.datasets:
            if access.dataset == dataset:
                return access
        raise KeyError(dataset)


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Records by their keys.

    :param count: how many.
    :param examples: the keys of some; of records without a key, their time and a hash.
    """

    count: int
    examples: list[str]


class Compared(Finding, frozen=True, kw_only=True):
    """What two connections read of one dataset.

    :param dataset: its name.
    :param outcome: ``agree``, ``differ``, ``one side`` where only one may read it, ``skipped`` where neither may or
        the account does not have it, ``unknown`` where reading failed.
    :param window: start and end, ISO 8601 in UTC; None for a whole collection, and where nothing was read.
    :param records: how many were read through each connection.
    :param is_cut: whether there were more, and reading stopped.
    :param only_first: records that only the first connection gives.
    :param only_second: records that only the second connection gives.
    :param differing: records that both give, but not alike.
    :param fields: the names of fields in which those differ.
    """

    dataset: str
    outcome: Outcome
    window: tuple[str, str] | None
    records: tuple[int, int]
    is_cut: bool
    only_first: Keys
    only_second: Keys
    differing: Keys
    fields: list[str]


class Comparison(Finding, frozen=True, kw_only=True):
    """Whether two connections read the same.

    :param connections: their names, the first and the second.
    :param account_id: the LivePerson account of both.
    :param ok: whether something was compared, all that was compared agrees, and no dataset is left that only one may
        read or that could not be compared.
    :param most: how many records of a dataset were compared at most.
    :param datasets: one for each dataset, in the catalog's order.
    """

    connections: tuple[str, str]
    account_id: str
    ok: bool
    most: int
    datasets: list[Compared]


_OURS = ("status", "outcome")  # whose few words are no secret, even where one is spelt like a part of them


def cleaned(finding: S, secrets: Iterable[str]) -> S:
    """A finding without anything that is, or looks like, a credential, in whatever text.

    :param finding: what was found out; parts of it are LivePerson's own words.
    :param secrets: the credential's secrets.
    """
    known = list(secrets)

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return scrub(value, known)
        if isinstance(value, dict):
            return {name: item if name in _OURS else clean(item) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(item) for item in value]
        return value

    return msgspec.convert(clean(msgspec.to_builtins(finding)), type(finding))
