"""When a window is complete: the one place in the pull that asks a dataset."""

from __future__ import annotations

import logging
from datetime import datetime

from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.exceptions import WindowOutOfRangeError
from airflow_provider_liveperson.window import Window

log = logging.getLogger(__name__)


def complete_at(dataset: Dataset, window: Window) -> datetime:
    """The instant from which on LivePerson has all records of a window.

    :param dataset: the dataset.
    :param window: the window.
    :returns: aware, in UTC.
    """
    return window.end + dataset.lag


def can_be_complete(dataset: Dataset, window: Window, now: datetime) -> bool:
    """Whether LivePerson has all records of a window now.

    :param dataset: the dataset.
    :param window: the window.
    :param now: the present, aware.
    """
    try:
        dataset.check_range(window, now)
    except WindowOutOfRangeError:
        return False
    return True


def check_complete(dataset: Dataset, window: Window, now: datetime, *, allow_out_of_range: bool) -> bool:
    """Refuse a window of which LivePerson does not have all records now, or warn of it.

    :param dataset: the dataset.
    :param window: the window.
    :param now: the present, aware.
    :param allow_out_of_range: only warn.
    :returns: whether the window can be complete.
    :raises WindowOutOfRangeError: saying by how much it is out of range.
    """
    try:
        dataset.check_range(window, now)
    except WindowOutOfRangeError as error:
        if not allow_out_of_range:
            raise
        log.warning("This window cannot be complete, and its manifest says so: %s", error)
        return False
    return True
