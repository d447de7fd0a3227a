"""Windows that overlap others: their records would land twice."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.window import Window, window_of_stamps

OVERLAP = ("refuse", "allow")
_MAX_NAMED = 3


def check_overlap(overlap: str) -> None:
    """Refuse a value that is not valid.

    :param overlap: ``refuse`` or ``allow`` a window that overlaps another.
    :raises ConfigurationError: for anything else.
    """
    if overlap not in OVERLAP:
        raise ConfigurationError(f"overlap is {overlap!r}; it must be 'refuse' or 'allow'", field="overlap")


def refuse_overlaps(
    destination: Destination, dataset: str, account_id: str, windows: Sequence[Window]
) -> None:
    """Refuse windows that overlap others that have landed.

    A window counts as landed once its manifest is there; landing the same window again is not an overlap.
    Windows are read from the names of their folders: one listing for a day, and one more for several days. So one that
    began on an earlier day, as only a query can that is not cut into days, is not found.

    :param destination: where they are to land.
    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param windows: the windows to be landed, in order.
    :raises ConfigurationError: naming the folders, and what can be done.
    :raises StorageError: when the store cannot be listed.
    """
    store, home = destination.store, destination.account_folder(dataset, account_id)
    own = {destination.folder(dataset, account_id, window) for window in windows}
    days = [day for window in windows for day in window.days()]
    names = [f"dt={day.start.date()}" for day in days]
    there = set(store.folders(home) if len(days) > 1 else names)
    found: list[str] = []
    for day, name in zip(days, names, strict=True):
        for other in store.folders(f"{home}/{name}") if name in there else ():
            folder, window = f"{home}/{name}/{other}", window_of_stamps(other)
            if (
                window is not None
                and window.overlaps(day)
                and folder not in own
                and store.read(f"{folder}/{manifests.NAME}") is not None
            ):
                found.append(store.uri(folder))
    if not found:
        return
    more = len(found) - _MAX_NAMED
    raise ConfigurationError(
        f"{Window(windows[0].start, windows[-1].end)} of {dataset} overlaps what has landed under the same prefix:"
        f" {', '.join(found[:_MAX_NAMED])}{f' and {more} more' if more > 0 else ''}; records in both would be there"
        " twice. Land it under another prefix, remove what is there, pull the window that is there already, or set"
        " overlap='allow' if that is meant",
        field="overlap",
        permanent=True,
    )
