"""The windows of which LivePerson has counted another number of records since they landed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from airflow_provider_liveperson.exceptions import LivePersonError
from airflow_provider_liveperson.window import Window


class _Window(msgspec.Struct):
    start: datetime
    end: datetime
    counted: int | None = None


class _Report(msgspec.Struct):
    """The report of a recount, as far as it is needed."""

    dataset: str
    account_id: str
    start: datetime
    end: datetime
    differ: list[_Window]


@dataclass(frozen=True, kw_only=True)
class Recounted:
    """A window whose count differs.

    :param counted: how many records LivePerson counts now; None where that is not known.
    :param at: when that was found out.
    """

    counted: int | None
    at: datetime


Differing = dict[tuple[str, str | None], dict[Window, Recounted]]
"""Windows by dataset and account."""


def differing(reports: Iterable[tuple[Mapping[str, Any], datetime]]) -> Differing:
    """The windows that differ, each as the last recount of it says.

    :param reports: what recounts have left, and when, in any order; what is not such a report is left out.
    """
    found: Differing = {}
    for report, at in sorted(reports, key=lambda one: one[1]):
        try:
            read = msgspec.convert(report, _Report)
            counted = Window(read.start, read.end)
            differ = {Window(one.start, one.end): one.counted for one in read.differ}
        except (msgspec.ValidationError, LivePersonError):
            continue
        windows = found.setdefault((read.dataset, read.account_id), {})
        for window in [window for window in windows if window.overlaps(counted)]:
            del windows[window]
        windows |= {window: Recounted(counted=number, at=at) for window, number in differ.items()}
    return found
