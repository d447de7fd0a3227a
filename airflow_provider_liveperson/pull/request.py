"""The identity of a landing: everything that decides what its parts hold, but for what LivePerson answers."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.landing.manifest import ManifestHead, Selection
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.datasets.model.slices import Query
    from airflow_provider_liveperson.landing.destination import Destination
    from airflow_provider_liveperson.landing.manifest import Manifest
    from airflow_provider_liveperson.records.masking import Masking

VERSIONS = {"airflow_provider_liveperson": __version__, "python": platform.python_version()}


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """What one manifest is asked for: equal requests land the same bytes of the same records.

    All values are as JSON has them, so that a request compares with what a manifest says.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param window: the exact window.
    :param cursor: the field by which a record belongs to the window; empty for a whole collection.
    :param filters: the dataset's filters, as they are sent.
    :param arguments: what is asked of LivePerson: method, service, path, and the arguments without any secret.
    :param masking: which fields are hashed or dropped; None for none.
    :param file_format: of the parts.
    :param compression: of the parts.
    :param csv_formulas: ``keep`` or ``quote``.
    :param roll_at: bytes before compression at which a part ends.
    :param share_below: bytes before compression below which slices share a part.
    :param complete: whether all records of the window can be there.
    :param erased: a digest of the persons that must not land; None for nobody.
    :param versions: of what makes the parts.
    """

    dataset: str
    account_id: str
    window: Window
    cursor: str
    filters: Mapping[str, Any] = field(hash=False)
    arguments: Mapping[str, Any] = field(hash=False)
    masking: Mapping[str, Any] | None = field(hash=False)
    file_format: str
    compression: str
    csv_formulas: str
    roll_at: int
    share_below: int
    complete: bool
    erased: str | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: dict(VERSIONS), hash=False)

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        query: Query,
        account_id: str,
        destination: Destination,
        *,
        masking: Masking | None,
        complete: bool,
        erased: str | None = None,
    ) -> PullRequest:
        """The request for one window.

        :param dataset: what to pull.
        :param query: the window, the filters and the cursor.
        :param account_id: the LivePerson account.
        :param destination: how it lands.
        :param masking: hashes and drops fields, or None.
        :param complete: whether all records of the window can be there.
        :param erased: a digest of the persons that must not land; None for nobody.
        """
        encoding = destination.encoding
        return cls(
            dataset=dataset.name,
            account_id=account_id,
            window=query.window,
            cursor=query.cursor,
            filters=_as_json(dict(query.filters)),
            arguments=_as_json(
                {
                    "service": dataset.request.service,
                    "method": dataset.request.method,
                    "path": dataset.request.path.replace("{account_id}", account_id),
                    "arguments": dataset.describe(query),
                }
            ),
            masking=_as_json(masking.describe()) if masking is not None else None,
            file_format=encoding.file_format,
            compression=encoding.compression,
            csv_formulas=encoding.csv_formulas,
            roll_at=destination.roll_at,
            share_below=destination.share_below,
            complete=complete,
            erased=erased,
        )

    @property
    def fingerprint(self) -> str:
        """A SHA-256, hexadecimal, that two requests have in common only if they are equal."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    @property
    def head(self) -> ManifestHead:
        """What its manifest says before any record has come."""
        return ManifestHead(
            selection=Selection(
                dataset=self.dataset,
                account_id=self.account_id,
                window_start=stamp(self.window.start),
                window_end=stamp(self.window.end),
                cursor=self.cursor,
                filters=self.filters,
            ),
            request=self.arguments,
            file_format=self.file_format,
            compression=self.compression,
            csv_formulas=self.csv_formulas if self.csv_formulas != "keep" else None,
            masking=self.masking,
        )

    def equals_but_for_the_window(self, manifest: Manifest) -> bool:
        """Whether a manifest, of whatever window, was landed by this very request.

        :param manifest: the manifest.
        """
        there = manifest.head
        selection = replace(
            there.selection,
            window_start=self.head.selection.window_start,
            window_end=self.head.selection.window_end,
        )
        return replace(there, selection=selection) == self.head


def _as_json(value: Any) -> Any:
    """A value as it comes back from a manifest."""
    return msgspec.json.decode(msgspec.json.encode(value))
