"""What a dataset's facts are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow_provider_liveperson.sandbox.server import SandboxServer

KINDS = ("api_key", "app_jwt_v2", "app_jwt_v1")
NOON = datetime(2026, 1, 28, 12, tzinfo=UTC)
"""On the day of which the tests know."""

Row = dict[str, Any]
Switches = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What these tests have to know of a dataset beside its declaration, and all that a new one has to add here.

    Its truth comes from the sandbox, by its name.

    :param url: part of the URL of its requests; by it faults find them.
    :param change: changes something on 28 January 2026, as LivePerson's users would.
    :param kinds: the credential kinds with which it can be read.
    :param small_pages: switches that have it given in many small pages; None if it comes in one answer.
    :param many_requests: switches that make a night of it take several requests, where its pages can be small.
    :param at_worst: switches that make it as hard to read as it may be.
    :param readings: switches for each point on which LivePerson's pages can be understood in several ways.
    :param as_read: makes the record that is to be expected with such switches, of one that is to be landed.
    :param never_rests: lets no reading of it ever add up; None where LivePerson tells nothing to add up to.
    :param as_landed: makes the record that is to be landed of one of the truth.
    """

    url: str
    change: Callable[[SandboxServer], object]
    kinds: tuple[str, ...] = KINDS
    small_pages: Switches | None = None
    many_requests: Switches = field(default_factory=dict)
    at_worst: Switches = field(default_factory=dict)
    readings: Mapping[str, Switches] = field(default_factory=dict)
    as_read: Callable[[Switches, Row], Row] = field(default=lambda switches, row: row)
    never_rests: Callable[[SandboxServer], object] | None = None
    as_landed: Callable[[Row], Row] = field(default=lambda row: row)
