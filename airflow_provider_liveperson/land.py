"""From arguments to what has landed: what the operators and ``hook.land`` share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.arguments import (
    read_flag,
    read_limits,
    read_mapping,
    read_masked,
    read_optional_text,
    read_text,
)
from airflow_provider_liveperson.client import retries
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.slices import Query
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.encoding import FILE_FORMATS, RAW, Encoding, check_raw
from airflow_provider_liveperson.pull.pull import PullResult, landed_windows, pull
from airflow_provider_liveperson.records.masking import Masking, masking_of
from airflow_provider_liveperson.records.policy import NO_POLICY, ConnectionPolicy, Policy

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.window import Window

log = logging.getLogger(__name__)


def wait_until(moment: datetime) -> None:
    """Wait until an instant.

    :param moment: the instant, aware.
    """
    retries.pause((moment - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True, kw_only=True)
class LandRequest:
    """What is to be landed and how, as far as that can be checked without a connection; see :meth:`read`."""

    dataset: Dataset
    query: Query
    file_format: str
    compression: str
    csv_formulas: str
    hash_fields: Sequence[str]
    drop_fields: Sequence[str]
    keep_fields: Sequence[str] | None = None
    unknown_fields: str | None = None
    allow_undeclared_fields: bool
    allow_out_of_range: bool
    overlap: str
    raw: bool

    @classmethod
    def read(
        cls, dataset: object, window: Window, *, filters: object, cursor: object, **choices: Any
    ) -> LandRequest:
        """Read arguments, in the forms that templates give them too.

        :param dataset: the dataset's name.
        :param window: what to pull.
        :param filters: the dataset's filters.
        :param cursor: one of its cursors.
        :param choices: the rest, as an operator's arguments of the same names.
        :raises ConfigurationError: for one that is not valid; its field is the argument.
        """
        declared = dataset_named(read_text(dataset, "dataset"))
        query = declared.query(
            window,
            filters=read_mapping(filters, "filters"),
            cursor=read_optional_text(cursor, "cursor"),
        )
        texts = ("file_format", "compression", "csv_formulas", "overlap")
        lists = ("hash_fields", "drop_fields")
        flags = ("allow_undeclared_fields", "allow_out_of_range", "raw")
        made = cls(
            dataset=declared,
            query=query,
            **{
                **choices,
                **{name: read_text(choices[name], name) for name in texts},
                **{name: read_masked(choices[name], name) for name in lists},
                **{name: read_flag(choices[name], name) for name in flags},
                **read_limits(choices.get("keep_fields"), choices.get("unknown_fields")),
            },
        )
        return made.as_files() if made.raw else made.check_format()

    def check_format(self) -> LandRequest:
        """Refuse what is not a format of records.

        :raises ConfigurationError: saying what there is instead.
        """
        if self.file_format == RAW:
            raise ConfigurationError(
                f"file_format is {RAW!r}; set raw to True to land files as they came, or choose one of"
                f" {', '.join(FILE_FORMATS)}",
                field="file_format",
            )
        return self

    def as_files(self) -> LandRequest:
        """The request for files as they came.

        :raises ConfigurationError: for a dataset that does not come in files, and for what would change them.
        """
        check_raw(vars(self))
        return replace(self, dataset=self.dataset.as_files(), file_format=RAW, compression="none")

    def landed_windows(self) -> list[Window]:
        """The windows that it would land now, each in a folder of its own, in order: UTC days, or parts of them."""
        return landed_windows(self.dataset, self.query, datetime.now(UTC))

    def land(
        self,
        client: LivePersonClient,
        destination: Callable[[Encoding], Destination],
        *,
        privacy: ConnectionPolicy = NO_POLICY,
        wait: Callable[[datetime], None] = wait_until,
    ) -> PullResult:
        """Land it, once LivePerson has all records of the window.

        :param client: sends the requests.
        :param destination: makes the destination, given file format and compression.
        :param privacy: what the connection enforces, and its salt.
        :param wait: waits until an instant.
        :raises LivePersonError: as for :func:`~airflow_provider_liveperson.pull.pull.pull`.
        """
        masking = self.masking(privacy)
        columns = self.dataset.columns
        columns = columns if masking is None else masking.columns(columns)
        encoding = Encoding(self.file_format, self.compression, columns, csv_formulas=self.csv_formulas)
        where = destination(encoding)
        self._wait_for_late_records(wait)
        return pull(
            client,
            self.dataset,
            self.query,
            where,
            masking=masking,
            allow_out_of_range=self.allow_out_of_range,
            overlap=self.overlap,
            secret=privacy.salt,
        )

    def masking(self, privacy: ConnectionPolicy) -> Masking | None:
        """What masks its records, or None for nothing.

        :param privacy: what the connection enforces, and its salt.
        :raises ConfigurationError: for fields that cannot be masked, and for files as they came where the connection
            masks fields of their records.
        """
        if self.raw:
            self._refuse_raw(privacy)
        columns = self.dataset.columns
        return masking_of(
            self.dataset.name,
            columns,
            Policy(
                hash_fields=self.hash_fields,
                drop_fields=self.drop_fields,
                keep_fields=self.keep_fields,
                unknown_fields=self.unknown_fields,
            ),
            Policy() if self.raw else privacy.of(self.dataset.name, columns),
            salt=privacy.salt,
            allow_undeclared_fields=self.allow_undeclared_fields,
        )

    def _refuse_raw(self, privacy: ConnectionPolicy) -> None:
        """Refuse files as they came where the connection has fields of their records masked.

        :param privacy: what the connection enforces.
        """
        name = self.dataset.name
        if policy := privacy.of(name, dataset_named(name).columns):
            names = [it for it, value in vars(policy).items() if value not in ((), [], None)]
            raise ConfigurationError(
                f"raw is True, which lands files as they came, but the connection's {' and '.join(names)} apply to"
                f" {name}; leave raw out, or use a connection whose extras do not apply to it",
                field="raw",
            )

    def _wait_for_late_records(self, wait: Callable[[datetime], None]) -> None:
        """Wait for a window that has just ended; one that ends later is refused by the pull."""
        now, window = datetime.now(UTC), self.query.window
        moment = self.dataset.limits.complete_at(window)
        if self.allow_out_of_range or not window.end <= now < moment:
            return
        log.info("The window has just ended; waiting until %s, when all its records are there", moment)
        wait(moment)
