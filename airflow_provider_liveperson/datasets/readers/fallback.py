"""Asking in another way, such as for less, where LivePerson rejects a request: accounts differ in what they know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, Self

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.reader import Pager
from airflow_provider_liveperson.exceptions import RequestRejectedError
from airflow_provider_liveperson.records.line import Line

log = logging.getLogger(__name__)

FALLBACK = "fallback"
"""What :attr:`Query.learned` calls it."""


class FallbackPager(Pager):
    """Reads a slice with another pager, and with one that asks in another way where LivePerson rejects the first.

    That is found out once for all slices of a query, and said once in the log.

    :param make: makes the pager; whether it has to ask in the other way.
    :param query: the query, which remembers it.
    :param how: how that differs, for the log, such as ``without nps``; empty where there is no other way.
    """

    def __init__(self, make: Callable[[bool], Pager], query: Query, how: str) -> None:
        self._make = make
        self._query = query
        self._how = how
        self._is_fallback = False
        self._has_answer = False
        self._pager: Pager | None = None

    @property
    def pager(self) -> Pager:
        """The pager that reads."""
        if self._pager is None:
            self._is_fallback = bool(self._how) and self._query.learned.get(FALLBACK, False)
            self._pager = self._make(self._is_fallback)
        return self._pager

    def next_request(self) -> ApiRequest | None:
        return self.pager.next_request()

    def parse(self, answer: Answer) -> Any:
        return self.pager.parse(answer)

    def accept(self, parsed: Any) -> Iterable[Line]:
        self._has_answer = True
        taken = list(self.pager.accept(parsed))
        self._take_over()
        return taken

    def peek(self, parsed: Any) -> None:
        self.pager.peek(parsed)
        self.reported = self.pager.reported

    def finish(self) -> None:
        self.pager.finish()
        self._take_over()

    def refused(self, error: RequestRejectedError) -> None:
        if error.status != 400 or not self._how or self._is_fallback or self._has_answer:
            self.pager.refused(error)
            return
        if not self._query.learned.get(FALLBACK):
            log.warning("LivePerson rejected the request (%s); asking again %s", error, self._how)
        self._query.learned[FALLBACK] = True
        self._pager = None

    def learn(self, before: Self) -> None:
        self.pager.learn(before.pager)

    def _take_over(self) -> None:
        one = self.pager
        self.reported, self.received, self.repeated = one.reported, one.received, one.repeated
        self.undated, self.still_partial = one.undated, one.still_partial
