"""Whether LivePerson has all records of a window: what the sensor and its trigger share."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.datasets.readers.files import Files
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.pull.listing import listed_files
from airflow_provider_liveperson.window import Window

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient

_FILE = timedelta(hours=1)  # what a file is made of; all of LivePerson's are hourly


def dataset_to_wait_for(name: object) -> Dataset:
    """A dataset whose windows become complete.

    :param name: its name.
    :raises ConfigurationError: for an unknown one, and for one that shows the present only.
    """
    dataset = dataset_named(read_text(name, "dataset"))
    if dataset.is_snapshot:
        raise ConfigurationError(
            f"dataset is {dataset.name!r}, which LivePerson returns only as it is now: there is no window of it to wait"
            " for. Pull it without the sensor",
            field="dataset",
        )
    return dataset


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """The question whether a window is ready; see :meth:`read`."""

    dataset: Dataset
    query: Query

    @classmethod
    def read(cls, dataset: object, window: Window) -> Readiness:
        """Read arguments.

        :param dataset: the dataset's name.
        :param window: the window.
        :raises ConfigurationError: for an argument that is not valid, or a window that can never be pulled.
        """
        declared = dataset_to_wait_for(dataset)
        return cls(dataset=declared, query=declared.query(window))

    @property
    def complete_at(self) -> datetime:
        """The instant from which all records can be pulled, aware, UTC."""
        return self.dataset.limits.complete_at(self.query.window)

    def check(self, now: datetime) -> None:
        """Refuse a window that is complete at no time from now on.

        :param now: the present, aware.
        :raises WindowOutOfRangeError: for one that LivePerson does not keep any more, or not until it is complete.
        """
        self.dataset.check_range(self.query.window, max(now, self.complete_at))

    def is_ready(
        self, now: datetime, connect: Callable[[], AbstractContextManager[LivePersonClient]]
    ) -> bool:
        """Whether all records can be pulled.

        Of a dataset that comes in files, the files have to be listed, too. An hour in which nothing has happened has no
        file, so what counts is that a file of the window's last hour is listed, or of a later one: LivePerson makes
        files in the order of their hours.

        :param now: the present, aware.
        :param connect: makes a client, for a dataset that comes in files; it is closed afterward.
        :raises WindowOutOfRangeError: for a window that will never be ready.
        :raises LivePersonError: when the list of files cannot be had.
        """
        self.check(now)
        if now < self.complete_at:
            return False
        if not isinstance(self.dataset.reader, Files):
            return True
        since = replace(self.query, window=Window(self.query.window.end - _FILE, now))
        with connect() as client:
            return any(True for _ in listed_files(client, self.dataset, since))
