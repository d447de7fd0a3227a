"""What each of several datasets' tasks does, read from arguments that are given once for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.transfers.base import LivePersonTransferOperator
from airflow_provider_liveperson.window import Window, windows

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

ALL_READABLE = "all readable"
"""For ``datasets``: all that the connection can read."""

Paths = Sequence[str] | Mapping[str, Sequence[str]]
"""Of fields: those of each dataset that has them, or a list for each dataset."""

_POLICY = ("hash_fields", "drop_fields", "keep_fields", "unknown_fields")
_A_DAY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


@dataclass(frozen=True)
class Pull:
    """What one dataset's task does.

    :param dataset: the dataset.
    :param special: the arguments that are its own.
    :param windows: the arguments of each of its windows, where it has several.
    """

    dataset: Dataset
    special: Mapping[str, Any]
    windows: Sequence[Mapping[str, Any]]

    def arguments(self, common: Mapping[str, Any]) -> dict[str, Any]:
        """The operator's arguments."""
        return {**common, "dataset": self.dataset.name, **self.special}

    def check(self, common: Mapping[str, Any]) -> None:
        """Refuse what the task would refuse when it runs, as far as no template hides it.

        :param common: the arguments for all tasks.
        :raises ConfigurationError: naming the dataset and the argument.
        """
        from airflow_provider_liveperson.landing.compression import COMPRESSIONS
        from airflow_provider_liveperson.landing.csv_encoding import FORMULAS
        from airflow_provider_liveperson.landing.encoding import FILE_FORMATS, check_raw
        from airflow_provider_liveperson.landing.overlaps import OVERLAP
        from airflow_provider_liveperson.records.masking import masking_of
        from airflow_provider_liveperson.records.policy import Policy

        given = {
            name: value
            for name, value in self.arguments(common).items()
            if not (isinstance(value, str) and "{" in value)
        }
        try:
            self.dataset.query(_A_DAY, filters=given.get("filters"), cursor=given.get("cursor"))
            masking_of(
                self.dataset.name,
                self.dataset.columns,
                Policy(**{name: given[name] for name in _POLICY if name in given}),
                Policy(),
                salt="the connection's",
                allow_undeclared_fields=bool(given.get("allow_undeclared_fields")),
            )
            if given.get("raw"):
                self.dataset.as_files()
                check_raw(given)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.dataset.name}: {error}", field=error.field) from None
        for name, known in (
            ("file_format", FILE_FORMATS),
            ("compression", tuple(COMPRESSIONS)),
            ("csv_formulas", FORMULAS),
            ("overlap", OVERLAP),
        ):
            if name in given and given[name] not in known:
                raise ConfigurationError(
                    f"{self.dataset.name}: {name} is {given[name]!r}; it must be one of {', '.join(known)}",
                    field=name,
                )


def read_pulls(
    datasets: Sequence[str] | str,
    *,
    exclude: Sequence[str],
    hash_fields: Paths,
    drop_fields: Paths,
    keep_fields: Paths | None,
    refresh: Mapping[str, int] | None,
    overrides: Mapping[str, Mapping[str, Any]] | None,
    common: Mapping[str, Any],
) -> list[Pull]:
    """Read the arguments of a task group.

    :param datasets: names, or :data:`ALL_READABLE`.
    :param exclude: those to leave out.
    :param hash_fields: fields to hash.
    :param drop_fields: fields to leave out.
    :param keep_fields: the only fields to land; None for all.
    :param refresh: how many windows to pull again, by dataset.
    :param overrides: the operator's arguments by dataset.
    :param common: the operator's arguments for all datasets.
    :raises ConfigurationError: for one that is not valid; its field is the argument.
    """
    chosen = _chosen(datasets, exclude)
    masking = {
        "hash_fields": _paths_by_dataset(hash_fields, "hash_fields", chosen),
        "drop_fields": _paths_by_dataset(drop_fields, "drop_fields", chosen),
        **({} if keep_fields is None else {"keep_fields": _kept_by_dataset(keep_fields, chosen)}),
    }
    refreshed = _by_dataset(refresh, "refresh", chosen)
    overridden = _by_dataset(overrides, "overrides", chosen)
    pulls = []
    for dataset in chosen:
        special = {
            **{name: list(paths[dataset.name]) for name, paths in masking.items() if dataset.name in paths},
            **_override(dataset, overridden.get(dataset.name, {})),
        }
        pull = Pull(dataset, special, _windows_of(dataset, refreshed.get(dataset.name, 0), common))
        pull.check(common)
        pulls.append(pull)
    return pulls


def _chosen(datasets: Sequence[str] | str, exclude: Sequence[str]) -> list[Dataset]:
    from airflow_provider_liveperson.datasets.catalog import DATASETS

    if datasets == ALL_READABLE:
        names: list[Dataset] = list(DATASETS.values())
    else:
        names = list(_named(datasets, "datasets", f", or {ALL_READABLE!r}"))
    left_out = {dataset.name for dataset in _named(exclude, "exclude")}
    chosen = [dataset for dataset in names if dataset.name not in left_out]
    if not chosen:
        raise ConfigurationError("datasets: there are none, or all are excluded", field="datasets")
    return chosen


def _named(names: object, field: str, otherwise: str = "") -> Iterator[Dataset]:
    """The datasets of those names, each once.

    :param names: a list of names.
    :param field: the argument, for the error.
    :param otherwise: what else it takes, for the error.
    """
    from airflow_provider_liveperson.datasets.catalog import dataset_named

    if (
        isinstance(names, str)
        or not isinstance(names, Sequence)
        or not all(isinstance(name, str) for name in names)
    ):
        raise ConfigurationError(
            f"{field} must be a list of names of datasets{otherwise}, not {names!r}", field=field
        )
    for name in dict.fromkeys(names):
        try:
            yield dataset_named(name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{field}: {error}", field=field) from None


def _by_dataset(given: object, field: str, chosen: Sequence[Dataset]) -> Mapping[str, Any]:
    """An argument that has a value for each of some datasets.

    :param given: a mapping, or None.
    :param field: the argument, for the error.
    :param chosen: the datasets that there are.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"{field} must be a dict with names of datasets, not {given!r}", field=field)
    known = {dataset.name for dataset in chosen}
    for dataset in _named(list(given), field):
        if dataset.name not in known:
            raise ConfigurationError(
                f"{field}: {dataset.name} is not pulled; add it to datasets, or leave it out here",
                field=field,
            )
    return given


def _paths_by_dataset(given: Paths, field: str, chosen: Sequence[Dataset]) -> dict[str, Sequence[str]]:
    """The paths of each dataset.

    :param given: as the caller gave them.
    :param field: the argument, for the error.
    :param chosen: the datasets that are pulled.
    """
    from airflow_provider_liveperson.records.masking import Masking, declares

    if isinstance(given, Mapping):
        list(_named(list(given), field))
        for name, paths in given.items():
            _check_paths(paths, f"{field} of {name}", field)
        return {dataset.name: given[dataset.name] for dataset in chosen if given.get(dataset.name)}
    _check_paths(given, field, field)
    Masking(drop_fields=given)
    found = {dataset.name: [path for path in given if declares(dataset.columns, path)] for dataset in chosen}
    missing = [path for path in given if not any(path in paths for paths in found.values())]
    if missing:
        raise ConfigurationError(
            f"{field}: none of the datasets declares {', '.join(map(repr, missing))}, so nothing would be masked by"
            " that; correct it, or name the dataset in a dict",
            field=field,
        )
    return {name: paths for name, paths in found.items() if paths}


def _check_paths(paths: object, what: str, field: str) -> None:
    """Refuse a text: it is a list of letters, too, and none of them would mask anything."""
    if isinstance(paths, str) or not isinstance(paths, Sequence):
        raise ConfigurationError(f"{what} must be a list of paths, not {paths!r}", field=field)


def _kept_by_dataset(given: Paths, chosen: Sequence[Dataset]) -> dict[str, Sequence[str]]:
    """The only paths of each dataset that are kept; of a list, every dataset must declare some.

    :param given: as the caller gave them.
    :param chosen: the datasets that are pulled.
    """
    found = _paths_by_dataset(given, "keep_fields", chosen)
    if isinstance(given, Mapping):
        # An empty list is refused for its dataset.
        return {dataset.name: given[dataset.name] for dataset in chosen if dataset.name in given}
    nothing = [dataset.name for dataset in chosen if dataset.name not in found]
    if nothing:
        raise ConfigurationError(
            f"keep_fields: nothing would be left of {', '.join(nothing)}, which declares none of them; add fields of"
            " it, exclude it, or give a dict with the names of datasets",
            field="keep_fields",
        )
    return found


def _override(dataset: Dataset, given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"overrides: that of {dataset.name} must be a dict of arguments, not {given!r}", field="overrides"
        )
    for name in given:
        if name not in _arguments():
            raise ConfigurationError(
                f"overrides: {name!r} of {dataset.name} is not an argument that can differ between datasets; those are"
                f" {', '.join(sorted(_arguments()))}",
                field="overrides",
            )
    return given


@cache
def _arguments() -> frozenset[str]:
    """The pull operators' own arguments, which may differ between datasets."""
    own = inspect.signature(LivePersonTransferOperator.__init__).parameters
    return frozenset(own) - {"self", "kwargs", "dataset", "liveperson_conn_id"}


def _windows_of(dataset: Dataset, refresh: object, common: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if not refresh:
        return ()
    if dataset.is_snapshot:
        raise ConfigurationError(
            f"refresh: {dataset.name} has no past windows, as LivePerson returns it as it is now; leave it out here",
            field="refresh",
        )
    if common.get("start") is not None or common.get("windows_back"):
        raise ConfigurationError(
            "refresh goes back from the run's window; leave out start, end and windows_back", field="refresh"
        )
    try:
        return windows(refresh=refresh)  # type: ignore[arg-type]
    except ConfigurationError as error:
        raise ConfigurationError(f"refresh: {dataset.name}: {error}", field="refresh") from None
