"""How complete a window is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from airflow_provider_liveperson.window import Window, stamp


class Status(StrEnum):
    """How complete a window is.

    :cvar COMPLETE: it has landed with all its records.
    :cvar PARTIAL: its manifest says ``"complete": false``.
    :cvar MISSING: it has no manifest.
    :cvar DAMAGED: something in the store is not as its manifest says.
    """

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, kw_only=True)
class WindowState:
    """One window of one dataset and account.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account; None where nothing of any account has landed.
    :param window: the window.
    :param status: how complete it is.
    :param manifest: the address of its manifest; None where it has none.
    :param reported: how many records LivePerson reported; None where it reported no number.
    :param received: how many records were read; None where there is no manifest of the window that can be read, as for
        the next two.
    :param kept: how many of them landed.
    :param erased: how many others of the window are not there because they were of persons that were erased.
    :param size: of all parts, in bytes.
    :param problems: what is wrong, a sentence each.
    """

    dataset: str
    account_id: str | None
    window: Window
    status: Status
    manifest: str | None = None
    reported: int | None = None
    received: int | None = None
    kept: int | None = None
    erased: int = 0
    size: int | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_gap(self) -> bool:
        """Whether a new pull is needed."""
        return self.status is not Status.COMPLETE

    @property
    def is_irreplaceable(self) -> bool:
        """Whether something else is in the manifest's place, which no pull replaces."""
        return self.status is Status.DAMAGED and self.kept is None

    def to_dict(self) -> dict[str, Any]:
        """For JSON; the fields are named as in manifests."""
        return {
            "dataset": self.dataset,
            "account_id": self.account_id,
            "window_start": stamp(self.window.start),
            "window_end": stamp(self.window.end),
            "status": self.status.value,
            "reported": self.reported,
            "received": self.received,
            "kept": self.kept,
            "erased": self.erased,
            "bytes": self.size,
            "manifest": self.manifest,
            "problems": list(self.problems),
        }
