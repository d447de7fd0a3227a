"""Requests to LivePerson and its answers, before and after HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal

import msgspec

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw

SOURCE = "{source}"
_BEFORE_JSON = b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """One request to one LivePerson service.

    :param method: the HTTP method.
    :param service: the service's name in the Domain API, case-sensitive (``accountConfigReadOnly``), or one of
        ``client/regional_hosts.py``.
    :param fallback_service: the service that stands in for it in an account that has no ``service``; empty for none.
    :param path: the path on that service's host; ``{account_id}`` stands for the account.
    :param params: query parameters. They are part of an OAuth 1.0 signature and may not hold secrets. The
        value :data:`SOURCE` stands for the connection's source label.
    :param json: an object to send as a JSON body.
    :param form: fields to send as a form body.
    :param headers: further headers; never ``Authorization``, which belongs to the credential.
    :param signed: whether the credential signs it.
    :param to_disk: write the body to a temporary file instead of memory, for answers of any size.
    :param shortest_wait: the least number of seconds to wait after a 429 (LivePerson: 1; login 5).
    :param repeatable: whether it may be sent again after it may have been received.
    :param when_closed: what happens to it when the client is closed: ``end`` it; let it ``finish``, as it begins
        something at LivePerson that would be lost; or let it ``begin`` even then, as it ends something there.
    :param json_answer: whether a good answer is JSON; for the requests of credentials.
    :param max_per_second: at most how many requests per second the service takes, where LivePerson documents that:
        all requests of a client to that service are then spaced accordingly, repetitions included. None for no limit.
    :param may_be_partial: whether a 206 is a whole answer, of a service that says so where there is nothing for parts
        of what was asked.
    :param params_by_kind: the query parameters for a credential of some kind, where they differ from ``params``, as
        those of another version of the API do.
    :param fullness: how large its answer is expected to be, as a share of the largest: less than 1 where few records or
        sections are asked for. It only says how much else may be requested ahead.
    """

    method: str
    service: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: object | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    signed: bool = True
    to_disk: bool = False
    shortest_wait: float = 1.0
    repeatable: bool = True
    json_answer: bool = True
    when_closed: Literal["end", "finish", "begin"] = "end"
    max_per_second: float | None = None
    may_be_partial: bool = False
    params_by_kind: Mapping[CredentialKind, Mapping[str, str]] = field(default_factory=dict)
    fallback_service: str = ""
    fullness: float = 1.0

    def for_kinds(self, params: Mapping[CredentialKind, Mapping[str, str]]) -> ApiRequest:
        """The same request with other query parameters for some credential kinds.

        :param params: kind to all query parameters.
        """
        return replace(self, params_by_kind=params)

    def params_for(self, kind: CredentialKind) -> Mapping[str, str]:
        """The query parameters that are sent with a credential.

        :param kind: its kind.
        """
        return self.params_by_kind.get(kind, self.params)

    def __str__(self) -> str:
        return f"{self.method} {self.service} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful answer, read to its end.

    :param status: the HTTP status, 2xx.
    :param headers: the headers; names compare without case.
    :param body: the whole body, empty where the request asked for a file.
    :param file: the body as a file at its start, where the request said ``to_disk``; closed by its reader.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    file: BinaryIO | None = field(default=None, repr=False)

    @property
    def content_type(self) -> str:
        """The ``Content-Type``; empty if there is none."""
        return self.headers.get("Content-Type") or ""

    @property
    def seems_json(self) -> bool:
        """Whether the body begins like a JSON object or array, as those of the right host do."""
        return self.body.lstrip(_BEFORE_JSON)[:1] in (b"{", b"[")

    def json(self) -> Any:
        """The body as Python objects, with U+FFFD for what is not in Unicode.

        A number that no float holds, or with more digits than Python reads as an int, is a
        :class:`decimal.Decimal`.

        :raises InvalidResponseError: when it is not JSON, or nested too deeply.
        """
        try:
            return raw.values(self.body, self.content_type)
        except msgspec.DecodeError as error:
            raise InvalidResponseError(f"the answer is not JSON ({error})", status=self.status) from error
