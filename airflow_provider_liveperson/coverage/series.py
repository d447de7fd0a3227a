"""The windows of one dataset and account, and what is known of them before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_provider_liveperson.coverage.spans import midnight
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.window import Window


@dataclass(frozen=True, kw_only=True)
class Series:
    """The windows of one dataset and account.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account; None where nothing of any account has landed.
    """

    dataset: str
    account_id: str | None

    @property
    def is_snapshot(self) -> bool:
        """Whether it has no history: one copy a day is all that there can be."""
        declared = DATASETS.get(self.dataset)
        return declared is not None and declared.is_snapshot

    @property
    def may_span_days(self) -> bool:
        """Whether a window may land whole, in the folder of its first day."""
        declared = DATASETS.get(self.dataset)
        return declared is not None and any(cursor.open_ended for cursor in declared.cursors)

    def complete_at(self, window: Window) -> datetime:
        """The instant from which LivePerson has all records of a window.

        :param window: the window.
        """
        declared = DATASETS.get(self.dataset)
        return window.end if declared is None else declared.limits.complete_at(window)

    def last_complete_midnight(self, now: datetime) -> datetime:
        """The last midnight, UTC, up to which LivePerson has all records by now.

        :param now: the present, aware.
        """
        declared = DATASETS.get(self.dataset)
        return midnight(now - declared.limits.lag if declared is not None else now)

    def can_be_pulled(self, window: Window, now: datetime) -> bool:
        """Whether a pull at an instant would find all records of a window.

        :param window: the window.
        :param now: the present, aware.
        """
        declared = DATASETS.get(self.dataset)
        return declared is None or declared.limits.can_be_complete(window, now)
