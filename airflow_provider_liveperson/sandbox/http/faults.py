"""Failures on demand: what goes wrong, for which requests, and how often."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

_When = Literal["newest", "late"]

KINDS = {
    "status": "an answer of `status` with `body`, and `retry_after` if given",
    "drop": "the connection closes without an answer",
    "lost": "the request is done, and the connection closes without an answer",
    "cut": "the right answer's headers, half of its body, and the connection closes",
    "cut_json": "half of the right answer's body, with a length that fits the half",
    "slow": "the right answer, after `seconds`",
    "not_json": "a 200 with a page of HTML",
    "redirect": "a 302 to `location`",
    "expire_tokens": "every token that data APIs have accepted so far expires; then the request is answered",
    "revoke_tokens": "every token that data APIs have accepted so far is revoked; then the request is answered",
    "revoke_grants": "every consent so far is revoked, with its refresh tokens; then the request is answered",
    "insert_rows": "`rows` records of what is read appear (see `when`); then the request is answered",
    "replace": "the right answer, with `put` in place of whatever in its body matches `find`",
}
"""What can go wrong with any request, and what happens. APIs have further kinds of their own."""


@dataclass(kw_only=True, slots=True)
class Fault:
    """One failure.

    :param kind: what happens: one of :data:`KINDS`, or of an API's own kinds.
    :param match: part of the path, with its query string, of the requests it happens to; empty for all.
    :param times: to how many requests it happens.
    :param skip: how many matching requests pass before.
    :param status: status of ``status``.
    :param body: body of ``status``: text and bytes as they are, anything else as JSON. None for a short JSON message.
    :param retry_after: seconds, or ``http-date``. None for the setting of the same name, on a 429 only.
    :param seconds: how long the request waits first, whatever the kind.
    :param location: target of ``redirect``.
    :param rows: records of ``insert_rows`` and ``partial_result``; of ``count_drift``, below zero for too few.
    :param lowers_count: whether the count of ``partial_result`` leaves out what is missing.
    :param find: a regular expression of ``replace``; a dot stands for line breaks, too.
    :param put: what ``replace`` writes, as for ``re.sub``.
    :param when: ``newest`` for records dated now, ``late`` for records dated among rows already read.
    :raises ValueError: if a value is not valid.
    """

    kind: str
    match: str = ""
    times: int = 1
    skip: int = 0
    status: int = 500
    body: Any = None
    retry_after: float | Literal["http-date"] | None = None
    seconds: float = 0.0
    location: str = "https://evil.example.com/"
    rows: int = 1
    lowers_count: bool = True
    find: str = ""
    put: str = ""
    when: _When = "newest"

    def __post_init__(self) -> None:
        if self.when not in get_args(_When):
            choices = ", ".join(get_args(_When))
            raise ValueError(f"when must be one of {choices}, not {self.when!r}")
        for name, kind, minimum in (
            ("times", int, 1),
            ("skip", int, 0),
            ("status", int, 200),
            ("rows", int, -1_000_000 if self.kind == "count_drift" else 1),
            ("seconds", (int, float), 0),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind) or value < minimum:
                raise ValueError(f"{name} must be a number of at least {minimum}, not {value!r}")
        for name in ("match", "location", "find", "put"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be text, not {getattr(self, name)!r}")
        try:
            re.compile(self.find)
        except re.error as error:
            raise ValueError(f"find must be a regular expression: {error}") from None
        if not isinstance(self.lowers_count, bool):
            raise ValueError(f"lowers_count must be true or false, not {self.lowers_count!r}")
        if self.status > 599:
            raise ValueError(f"status must be at most 599, not {self.status}")
        if self.retry_after not in (None, "http-date") and not isinstance(self.retry_after, (int, float)):
            raise ValueError(f"retry_after must be seconds or http-date, not {self.retry_after!r}")


class FaultQueue:
    """Faults that wait. Each counts the requests that match it; the first one whose turn has come acts.

    :param further_kinds: the kinds on which only APIs act, and what happens.
    """

    def __init__(self, further_kinds: Mapping[str, str] | None = None) -> None:
        self.kinds = {**KINDS, **(further_kinds or {})}
        self._lock = threading.Lock()
        self._waiting: deque[Fault] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, **description: Any) -> Fault:
        """Add a fault behind the others.

        :param description: the parameters of :class:`Fault`; ``kind`` is required.
        :raises ValueError: for an unknown parameter or a value that does not fit.
        """
        known = {item.name for item in fields(Fault)}
        unknown = sorted(set(description) - known)
        if unknown or "kind" not in description:
            raise ValueError(
                f"A fault takes a kind and {', '.join(sorted(known - {'kind'}))}; unknown: {unknown}"
            )
        if description["kind"] not in self.kinds:
            raise ValueError(f"kind must be one of {', '.join(self.kinds)}, not {description['kind']!r}")
        fault = Fault(**description)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting.clear()

    def take(self, target: str) -> Fault | None:
        """Find what goes wrong with a request.

        :param target: the request's path and query string.
        """
        with self._lock:
            acting: Fault | None = None
            for fault in list(self._waiting):
                if fault.match not in target:
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif acting is None:
                    acting = fault
                    fault.times -= 1
                    if not fault.times:
                        self._waiting.remove(fault)
            return acting
