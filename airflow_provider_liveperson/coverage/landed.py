"""What has landed below a prefix, read from the manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import chain

from airflow_provider_liveperson.coverage.damage import find_damage
from airflow_provider_liveperson.coverage.missing import with_missing
from airflow_provider_liveperson.coverage.series import Series
from airflow_provider_liveperson.coverage.spans import midnight_of
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.exceptions import EmptyWindowError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.window import Window, window_of_stamps

_AT_ONCE = 8
_MAX_TRIES = 3
_ACCOUNT = "account_id="
_DAY = "dt="


class Landed:
    """What has landed below a prefix. Only names of folders, and the manifests in a range, are read.

    :param store: where.
    :param prefix: the folder below which the layout begins; may be empty.
    :param verify: whether to read every part, too, and compare it with its manifest.
    :raises ConfigurationError: for an invalid prefix.
    """

    def __init__(self, store: Store, prefix: str, *, verify: bool = False) -> None:
        self._store = store
        self._layout = Layout(prefix=prefix)
        self._verify = verify

    def series(self, datasets: Sequence[str] = (), account_id: str | None = None) -> list[Series]:
        """The datasets and accounts that have landed.

        :param datasets: only these, and these even where nothing has landed; all if empty.
        :param account_id: only this account; all accounts if None.
        :raises StorageError: when the store cannot be listed.
        """
        if datasets:
            names = list(dict.fromkeys(datasets))
        else:
            found = self._store.folders(self._layout.prefix)
            names = [name for name in found if not name.startswith("_")]
        made: list[Series] = []
        for name in names:
            folders = self._store.folders(self._layout.dataset_folder(name))
            accounts: list[str | None] = [
                folder.removeprefix(_ACCOUNT)
                for folder in folders
                if folder.startswith(_ACCOUNT) and folder != _ACCOUNT
            ]
            if account_id is not None:
                accounts = [account for account in accounts if account == account_id]
            if datasets:
                accounts = accounts or [account_id]
            made += [Series(dataset=name, account_id=account) for account in accounts]
        return made

    def states(
        self,
        series: Series,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        now: datetime | None = None,
    ) -> list[WindowState]:
        """The windows of a range, in order: those that have landed, and for the rest what is missing, a UTC day each.

        Of a snapshot, a day with one copy is not missing.

        :param series: the dataset and account.
        :param start: the first instant, aware; None for the beginning of the first window that has landed.
        :param end: the first instant after, aware; None for the last midnight, UTC, up to which LivePerson has all
            records, or the end of the last window that has landed, if that is later.
        :param now: the present, aware; default: this machine's clock.
        :returns: landed windows as they are, also where they reach beyond the range; none where the range is empty
            because of what the store says of its open end.
        :raises ConfigurationError: when nothing has landed, and the range has no start.
        :raises EmptyWindowError: when start and end are given, and start is not before end.
        :raises StorageError: when the store cannot be read.
        """
        folders = dict(self.folders(series, start, end))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coverage") as pool:
            read = pool.map(lambda item: self._read(series, *item), folders.items())
            landed = list(filter(None, read))
        return with_missing(series, landed, start, end, now=now or datetime.now(UTC))

    def first_day(self, series: Series) -> datetime | None:
        """The beginning of the first UTC day that has a folder; None where none has.

        :param series: the dataset and account.
        :raises StorageError: when the store cannot be listed.
        """
        return min((midnight_of(day) for day, _ in self._days(series)), default=None)

    def _days(self, series: Series) -> list[tuple[date, str]]:
        """The UTC days that have a folder, with their folders."""
        if series.account_id is None:
            return []
        home = self._layout.account_folder(series.dataset, series.account_id)
        named = [(_day(name), f"{home}/{name}") for name in self._store.folders(home)]
        return [(day, folder) for day, folder in named if day is not None]

    def folders(
        self, series: Series, start: datetime | None, end: datetime | None
    ) -> Iterator[tuple[str, Window]]:
        """The folders of windows that are in a range, with their windows, whether they have landed or not.

        :param series: the dataset and account.
        :param start: the first instant, aware; None for all.
        :param end: the first instant after, aware; None for all.
        :raises StorageError: when the store cannot be listed.
        """
        first = start.date() if start is not None and not series.may_span_days else date.min
        last = end.date() if end is not None else date.max
        days = [folder for day, folder in self._days(series) if first <= day <= last]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coverage") as pool:
            listed = pool.map(lambda day: [f"{day}/{name}" for name in self._store.folders(day)], days)
            for folder in chain.from_iterable(listed):
                window = window_of_stamps(folder.rpartition("/")[2])
                if (
                    window is not None
                    and (start is None or window.end > start)
                    and (end is None or window.start < end)
                ):
                    yield folder, window

    def _read(self, series: Series, folder: str, window: Window) -> WindowState | None:
        """What a window's manifest says; None where it has none."""
        key = f"{folder}/{manifests.NAME}"
        data = self._store.read(key)
        for _ in range(_MAX_TRIES):
            if data is None:
                return None
            state = self._judge(series, folder, window, data)
            if state.status is not Status.DAMAGED:
                break
            # A run that has landed the window meanwhile has removed the parts of before.
            before, data = data, self._store.read(key)
            if data == before:
                break
        return state

    def _judge(self, series: Series, folder: str, window: Window, data: bytes) -> WindowState:
        where = self._store.uri(f"{folder}/{manifests.NAME}")
        damaged = WindowState(
            dataset=series.dataset,
            account_id=series.account_id,
            window=window,
            status=Status.DAMAGED,
            manifest=where,
        )
        try:
            manifest = Manifest.decode(data, where)
        except StorageError as error:
            return replace(damaged, problems=(str(error),))
        if _selection(manifest) != (series.dataset, series.account_id, window):
            return replace(damaged, problems=(f"{where} is about {manifest.head.selection}",))
        problems = tuple(find_damage(self._store, self._layout, folder, manifest)) if self._verify else ()
        status = Status.COMPLETE if manifest.complete else Status.PARTIAL
        return replace(
            damaged,
            status=Status.DAMAGED if problems else status,
            reported=manifest.counts.reported,
            received=manifest.counts.received,
            kept=manifest.counts.kept,
            erased=manifest.counts.erased,
            size=manifest.size,
            problems=problems,
        )


def _day(name: str) -> date | None:
    if not name.startswith(_DAY):
        return None
    try:
        return date.fromisoformat(name.removeprefix(_DAY))
    except ValueError:
        return None


def _selection(manifest: Manifest) -> tuple[str, str, Window | None]:
    try:
        window = Window(
            datetime.fromisoformat(manifest.window_start), datetime.fromisoformat(manifest.window_end)
        )
    except (ValueError, EmptyWindowError):
        return manifest.dataset, manifest.account_id, None
    return manifest.dataset, manifest.account_id, window
