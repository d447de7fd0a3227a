"""Windows that overlap others: their records would land twice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from airflow_provider_liveperson.exceptions import ConfigurationError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.manifest import Manifest, Selection
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


def refuse_other_selections(
    destination: Destination, selection: Selection, windows: Sequence[Window]
) -> None:
    """Refuse windows beside others that have landed by another cursor, or with other filters.

    The last one in the day before is looked at, and the last one in the day in which they end.

    :param destination: where they are to land.
    :param selection: which records are to be landed.
    :param windows: the windows to be landed, in order.
    :raises ConfigurationError: naming what is there.
    :raises StorageError: when the store cannot be read.
    """
    store, home = destination.store, destination.account_folder(selection.dataset, selection.account_id)
    for day in (windows[0].start.toordinal() - 1, windows[-1].end.toordinal()):
        if not date.min.toordinal() <= day <= date.max.toordinal():
            continue
        folder = f"{home}/dt={date.fromordinal(day)}"
        for name in reversed(store.folders(folder)):
            key = f"{folder}/{name}/{manifests.NAME}"
            there = None if window_of_stamps(name) is None else _selection_of(store.read(key), store.uri(key))
            if there is None:
                continue
            if (there.cursor, there.filters) != (selection.cursor, selection.filters):
                raise ConfigurationError(
                    f"{store.uri(key)} holds {there}; land {selection} under another prefix, remove what is there, or"
                    " set overlap='allow' if both are meant to be there",
                    field="prefix",
                    permanent=True,
                )
            break


def _selection_of(data: bytes | None, uri: str) -> Selection | None:
    """Which records a manifest is about; None where there is none, or one that cannot be read."""
    with suppress(StorageError):
        return None if data is None else Manifest.decode(data, uri).head.selection
    return None
