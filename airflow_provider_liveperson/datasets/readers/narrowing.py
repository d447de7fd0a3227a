"""Asking for less where LivePerson rejects a request: an older account may not know all that can be asked for."""

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

NARROWED = "narrowed"
"""What :attr:`Query.learned` calls it."""


class NarrowingPager(Pager):
    """Reads a slice with another pager, and with one that asks for less where LivePerson rejects the first request.

    That is found out once for all slices of a query, and said once in the log.

    :param make: makes the pager; whether it has to ask for less.
    :param query: the query, which remembers it.
    :param left_out: what is not asked for then, for the log; empty where there is nothing that could be left out.
    """

    def __init__(self, make: Callable[[bool], Pager], query: Query, left_out: str) -> None:
        self._make = make
        self._query = query
        self._left_out = left_out
        self._is_narrowed = False
        self._has_answer = False
        self._pager: Pager | None = None

    @property
    def pager(self) -> Pager:
        """The pager that reads."""
        if self._pager is None:
            self._is_narrowed = bool(self._left_out) and self._query.learned.get(NARROWED, False)
            self._pager = self._make(self._is_narrowed)
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
        if error.status != 400 or not self._left_out or self._is_narrowed or self._has_answer:
            self.pager.refused(error)
            return
        if not self._query.learned.get(NARROWED):
            log.warning(
                "LivePerson rejected the request (%s); asking again without %s", error, self._left_out
            )
        self._query.learned[NARROWED] = True
        self._pager = None

    def learn(self, before: Self) -> None:
        self.pager.learn(before.pager)

    def _take_over(self) -> None:
        one = self.pager
        self.reported, self.received, self.repeated = one.reported, one.received, one.repeated
        self.undated, self.still_partial = one.undated, one.still_partial
