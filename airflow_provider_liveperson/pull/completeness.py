"""Windows that cannot be complete: refused, or landed with a warning."""

from __future__ import annotations

import logging
from datetime import datetime

from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.window import Window

log = logging.getLogger(__name__)


def check_complete(dataset: Dataset, window: Window, now: datetime, *, allow_out_of_range: bool) -> bool:
    """Refuse a window of which LivePerson does not have all records now, or warn of it.

    :param dataset: the dataset.
    :param window: the window.
    :param now: the present, aware.
    :param allow_out_of_range: only warn, unless nothing of the window is left at LivePerson.
    :returns: whether the window can be complete.
    :raises WindowOutOfRangeError: saying by how much it is out of range.
    """
    found = dataset.limits.out_of_range(dataset.name, window, now)
    if found is None:
        return True
    if not allow_out_of_range or dataset.limits.is_gone(window, now):
        raise found.error()
    log.warning("This window cannot be complete, and its manifest says so: %s", found.why)
    return False
