"""What has landed below a prefix, read from the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import chain

from airflow_provider_liveperson.coverage.damage import find_damage
from airflow_provider_liveperson.coverage.spans import midnight, uncovered, whole_days
from airflow_provider_liveperson.coverage.states import Status, WindowState
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError, EmptyWindowError, StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.window import Window, window_of_stamps

_AT_ONCE = 8
_MAX_TRIES = 3
_ACCOUNT = "account_id="
_DAY = "dt="


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
        folders = dict(self._folders(series, start, end))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coverage") as pool:
            read = pool.map(lambda item: self._read(series, *item), folders.items())
            landed = sorted(filter(None, read), key=lambda state: state.window)
        span = _span(series, landed, start, end, now or datetime.now(UTC))
        if span is None:
            return []
        landed = [state for state in landed if state.window.overlaps(span)]
        covered: Iterable[Window] = (state.window for state in landed)
        missing = [
            WindowState(
                dataset=series.dataset, account_id=series.account_id, window=window, status=Status.MISSING
            )
            for window in uncovered(span, map(whole_days, covered) if series.is_snapshot else covered)
        ]
        return sorted([*landed, *missing], key=lambda state: state.window)

    def _folders(
        self, series: Series, start: datetime | None, end: datetime | None
    ) -> Iterator[tuple[str, Window]]:
        """The folders of windows that are in a range, with their windows."""
        if series.account_id is None:
            return
        home = self._layout.account_folder(series.dataset, series.account_id)
        first = start.date() if start is not None and not series.may_span_days else date.min
        last = end.date() if end is not None else date.max
        days = [
            f"{home}/{name}"
            for name in self._store.folders(home)
            if (day := _day(name)) is not None and first <= day <= last
        ]
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
            size=manifest.size,
            problems=problems,
        )


def _span(
    series: Series,
    landed: Sequence[WindowState],
    start: datetime | None,
    end: datetime | None,
    now: datetime,
) -> Window | None:
    if start is not None and end is not None:
        return Window(start, end)
    if start is None and not landed:
        if series.account_id is not None and end is not None:
            return None  # what has landed is later
        raise ConfigurationError(
            f"nothing of {series.dataset} has landed, so there is no first window to start from; give the start"
            " of the range, or check the address",
            field="start",
        )
    start = start or landed[0].window.start
    if end is None:
        end = max([series.last_complete_midnight(now), *(state.window.end for state in landed)])
    return Window(start, end) if start < end else None


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
