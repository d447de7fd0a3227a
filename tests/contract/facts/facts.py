"""What the contract tests need to know of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_liveperson.sandbox.server import SandboxServer

NOON = datetime(2026, 1, 28, 12, tzinfo=UTC)
"""Noon of the day that the tests use."""

PULLED_AT = datetime(2026, 2, 1, 2, tzinfo=UTC)
"""When snapshots are pulled that say so themselves."""

Row = dict[str, Any]
Switches = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the tests need to know of a dataset besides its declaration; all that a new dataset has to add.

    Its true records come from the sandbox, by its name.

    :param url: part of the URL of its requests, to which faults are applied.
    :param change: changes something on 28 January 2026, as LivePerson's users would.
    :param further_kinds: the credential kinds that can read it beside those of its declaration, because LivePerson's
        pages leave them open and the sandbox accepts them; by the names of ``KINDS``.
    :param small_pages: switches that split it into many small pages; None if it is a single response.
    :param many_requests: switches with which one night takes several requests, where its pages can be small.
    :param at_worst: switches that make it as hard to read as possible.
    :param readings: switches for each point on which LivePerson's pages can be understood in several ways.
    :param as_read: turns a landed record into the record expected with such switches.
    :param never_rests: makes every attempt to read it fail to add up; None if LivePerson reports no count.
    :param nothing: the response of a snapshot that holds nothing.
    :param reach: the length of the longest window, where LivePerson keeps records for only hours or days; the tests
        then pull the last part of their window that holds data, with the sandbox's present set to just after it.
    :param as_landed: turns a true record into the record expected to land.
    """

    url: str
    change: Callable[[SandboxServer], object]
    further_kinds: tuple[str, ...] = ()
    small_pages: Switches | None = None
    many_requests: Switches = field(default_factory=dict)
    at_worst: Switches = field(default_factory=dict)
    readings: Mapping[str, Switches] = field(default_factory=dict)
    as_read: Callable[[Switches, Row], Row] = field(default=lambda switches, row: row)
    never_rests: Callable[[SandboxServer], object] | None = None
    nothing: object = None
    reach: timedelta | None = None
    as_landed: Callable[[Row], Row] = field(default=lambda row: row)
