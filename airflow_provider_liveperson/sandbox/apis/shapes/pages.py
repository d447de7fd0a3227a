"""Answers in pages: by offset and limit, or by opaque keys."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

from airflow_provider_liveperson.sandbox.apis.api import Call
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import Parameters
from airflow_provider_liveperson.sandbox.http.faults import Fault
from airflow_provider_liveperson.sandbox.http.refusal import Refusal

T = TypeVar("T")

PAGE_FAULTS = {
    "partial_result": "a page that says that it is partial, with `rows` missing, of an API with search shards",
    "count_drift": "a page whose count is off by `rows`, of an API that counts",
}
"""Faults of pages with a count; an API that acts on them declares them as its own."""


@dataclass(frozen=True)
class Bounds:
    """Which records a page holds.

    :param offset: how many come before it.
    :param limit: how many it holds at most.
    """

    offset: int
    limit: int

    def cut(self, rows: Sequence[T]) -> Sequence[T]:
        """Return the records of this page.

        :param rows: all records, in their order.
        """
        return rows[self.offset : self.offset + self.limit]

    def links(self, count: int, *, first: bool = False, previous: str = "prev") -> dict[str, int]:
        """Return the offsets of other pages, by the names of the links to them.

        :param count: how many records there are.
        :param first: whether there is a link to the first page.
        :param previous: name of the link to the page before.
        """
        links = {"self": self.offset}
        if first:
            links["first"] = 0
        if self.offset + self.limit < count:
            links["next"] = self.offset + self.limit
        if self.offset:
            links[previous] = max(0, self.offset - self.limit)
        if count or first:
            links["last"] = max(0, count - 1) // self.limit * self.limit
        return links


@dataclass(frozen=True, kw_only=True)
class PagedSearch:
    """Pages by offset and limit, which count records from zero.

    :param default_limit: the page's size where the request names none.
    :param max_limit: the largest size.
    :param over_limit: what a larger one gets: silently the largest (``clamp``), or a 400 (``reject``).
    :param deep_limit: the most that offset and limit may be together; None for no limit.
    :param deep_error: what lies beyond: a 500 with the search engine's code 0007, or a 400.
    :param offset_ignored: whether every page is the first one, as the setting of that name says.
    """

    default_limit: int = 50
    max_limit: int = 100
    over_limit: Literal["clamp", "reject"] = "clamp"
    deep_limit: int | None = None
    deep_error: Literal["500", "400"] = "400"
    offset_ignored: bool = False

    def bounds(self, parameters: Parameters) -> Bounds:
        """Read ``offset`` and ``limit``.

        :param parameters: the query's, or those of the body; what is wrong is noted there.
        :raises Refusal: a 500 where both together reach too deep and ``deep_error`` says so.
        """
        offset = parameters.number("offset", 0)
        limit = parameters.number(
            "limit",
            min(self.default_limit, self.max_limit),
            minimum=1,
            maximum=self.max_limit,
            over=self.over_limit,
        )
        if self.offset_ignored:
            offset = 0
        if self.deep_limit is not None and offset + limit > self.deep_limit:
            if self.deep_error == "500":
                raise Refusal(500, {"internalCode": "0007", "message": "The search engine failed"})
            parameters.wrong("offset, limit", f"must together be at most {self.deep_limit}")
        return Bounds(offset, limit)


def link(host: str, call: Call, bounds: Bounds, offset: int) -> str:
    """Return the address of another page, on a host that only LivePerson reaches, as its answers have it.

    :param host: scheme and host, such as ``http://localhost:4080``.
    :param call: the request.
    :param bounds: the page's.
    :param offset: the other page's.
    """
    rest = {name: value for name, value in call.parameters.items() if name not in ("limit", "offset")}
    return f"{host}{call.path}?{urlencode({**rest, 'limit': bounds.limit, 'offset': offset})}"


def references(host: str, call: Call, bounds: Bounds, count: int) -> list[dict[str, str]]:
    """Return the links to other pages as a list; that to the last page has the rest as its limit.

    :param host: the host in the links.
    :param call: the request.
    :param bounds: what the page holds.
    :param count: how many records there are.
    """
    found = []
    for rel, offset in bounds.links(count, first=True, previous="previous").items():
        limit = count - offset if rel == "last" and count else bounds.limit
        found.append({"rel": rel, "href": link(host, call, Bounds(offset, limit), offset)})
    return found


def drifted(count: int, fault: Fault | None) -> int:
    """Return the count that an answer has.

    :param count: the right one.
    :param fault: what goes wrong with the request; ``count_drift`` makes the count wrong.
    """
    return max(0, count + fault.rows) if fault is not None and fault.kind == "count_drift" else count


@dataclass(frozen=True, kw_only=True)
class KeyedPage(Generic[T]):
    """One page.

    :param rows: its records.
    :param size: how many it may hold.
    :param key: the key that led to it; None for the first.
    :param next_key: the key of the page after it; None for the last.
    """

    rows: Sequence[T]
    size: int
    key: str | None
    next_key: str | None


@dataclass(frozen=True, kw_only=True)
class KeyedPages:
    """Pages that lead to one another by keys. A key is opaque, and good for the same request only.

    :param default_size: the page's size where the request names none.
    :param max_size: the largest size.
    :param over_size: what a larger one gets: silently the largest (``clamp``), or a 400 (``reject``).
    :param empty_pages: whether a page without a record, but with a key, comes before every page with some.
    :param size_parameter: name of the parameter that says how many.
    :param key_parameter: name of the parameter that holds the key.
    """

    default_size: int = 100
    max_size: int = 500
    over_size: Literal["clamp", "reject"] = "reject"
    empty_pages: bool = False
    size_parameter: str = "pageSize"
    key_parameter: str = "pageKey"
    _secret: str = field(default="sandbox", repr=False)

    def page(self, call: Call, parameters: Parameters, rows: Sequence[T]) -> KeyedPage[T]:
        """Return the page that a request asks for.

        :param call: the request.
        :param parameters: its parameters; what is wrong is noted there.
        :param rows: all records, in their order.
        """
        size = parameters.number(
            self.size_parameter, self.default_size, minimum=1, maximum=self.max_size, over=self.over_size
        )
        key = call.parameters.get(self.key_parameter)
        step = self._step(call, key) if key is not None else 0
        if step is None:
            parameters.wrong(self.key_parameter, "is unknown, or belongs to another request")
            step = 0
        full = -(-len(rows) // size)
        steps = 2 * full if self.empty_pages else full
        if not self.empty_pages:
            page = rows[step * size : (step + 1) * size]
        else:
            page = rows[step // 2 * size : (step // 2 + 1) * size] if step % 2 else rows[:0]
        following = self._key(call, step + 1) if step + 1 < steps else None
        return KeyedPage(rows=page, size=size, key=key, next_key=following)

    def _key(self, call: Call, step: int) -> str:
        made = f"{step}.{self._digest(call, step)}"
        return base64.urlsafe_b64encode(made.encode()).decode().rstrip("=")

    def _step(self, call: Call, key: str) -> int | None:
        try:
            padded = key + "=" * (-len(key) % 4)
            number, _, digest = base64.urlsafe_b64decode(padded.encode()).decode().partition(".")
            step = int(number)
        except ValueError:
            return None
        return step if step > 0 and digest == self._digest(call, step) else None

    def _digest(self, call: Call, step: int) -> str:
        query = sorted((name, value) for name, value in call.query if name != self.key_parameter)
        return hashlib.sha256(repr((self._secret, call.path, query, step)).encode()).hexdigest()[:24]


def paging(page: KeyedPage[Any], call: Call, key_parameter: str = "pageKey") -> dict[str, Any]:
    """Describe a page as Interval Metrics does.

    :param page: the page.
    :param call: the request.
    :param key_parameter: name of the parameter that holds the key.
    """

    def address(key: str | None) -> str:
        rest: Mapping[str, str] = {
            name: value for name, value in call.parameters.items() if name != key_parameter
        }
        query = {**rest, key_parameter: key} if key else rest
        return f"http://agent-activity-service.internal:8080{call.path}?{urlencode(query)}"

    made: dict[str, Any] = {
        "pageSize": page.size,
        "refs": {"first": address(None), "current": address(page.key)},
    }
    if page.key:
        made["pageKey"] = page.key
    if page.next_key:
        made["nextPageKey"] = page.next_key
        made["refs"]["next"] = address(page.next_key)
    return made
