"""The proof of a window: what was asked, what came, what was kept, and in which files. Written last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.records import raw

NAME = "_manifest.json"
FORMAT = 1


class _Format(msgspec.Struct):
    manifest_format: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Records, each once.

    :param reported: what LivePerson says there are for what was asked, where it says so.
    :param received: what came; more than the window where LivePerson only takes whole days.
    :param outside_window: received, but not inside the window.
    :param kept: landed. ``received`` is ``outside_window`` plus ``kept`` plus ``erased``.
    :param repeated: rows that came more than once, because pages overlapped or moved.
    :param undated: of those outside the window, the ones that cannot be placed in time, because they have no readable
        value of the cursor's field.
    :param still_partial: of those kept, the ones that LivePerson gave only in part, even when asked for by id.
    :param repaired: kept, but with U+FFFD in place of bytes that were not UTF-8.
    :param erased: inside the window, but of persons that were erased: taken out after landing, or not landed again.
    """

    reported: int | None
    received: int
    outside_window: int
    kept: int
    repeated: int
    undated: int = 0
    still_partial: int = 0
    repaired: int = 0
    erased: int = 0

    def without(self, records: int, *, still_partial: int) -> Self:
        """The same once some records that were kept are erased.

        :param records: how many.
        :param still_partial: how many of the rest LivePerson gave only in part.
        """
        kept = self.kept - records
        return msgspec.structs.replace(
            self,
            kept=kept,
            erased=self.erased + records,
            still_partial=still_partial,
            repaired=min(self.repaired, kept),
        )


class SliceCounts(Counts, frozen=True, kw_only=True):
    """The records of one slice: what was asked for at once.

    :param slice: its bounds, for people.
    :param bounds: the same, to ask for it again: the field, and its first instant inside and outside, ISO 8601, UTC.
    :param partition: what else sets it apart, by name.
    """

    slice: str
    bounds: dict[str, list[str]] | None = None
    partition: dict[str, str] | None = None


class ErasureNote(msgspec.Struct, frozen=True, kw_only=True):
    """That records were taken out of a landed window; never whose.

    :param erased_at: when, ISO 8601, UTC.
    :param records: how many.
    :param replaced: the names of the parts that held them, which may still have to be removed after a crash.
    """

    erased_at: str
    records: int
    replaced: list[str]


class EntryMeta(msgspec.Struct, frozen=True, kw_only=True):
    """What Redshift wants to know about a file before it reads it.

    :param content_length: its size in bytes.
    """

    content_length: int


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A part as a manifest of Amazon Redshift names it, for ``COPY … MANIFEST`` and Redshift Spectrum.

    Source: "Using a manifest to specify data files" in Amazon's Redshift Database Developer Guide.

    :param url: the part's URI.
    :param mandatory: whether a COPY fails if it is not there: always.
    :param meta: its size.
    """

    url: str
    mandatory: bool = True
    meta: EntryMeta

    @classmethod
    def of(cls, url: str, part: Part) -> ManifestEntry:
        """A part's entry.

        :param url: the part's URI.
        :param part: the part.
        """
        return cls(url=url, meta=EntryMeta(content_length=part.bytes))


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which records a manifest is about: one landing replaces another only where these are equal.

    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param window_start: first instant inside, ISO 8601, UTC.
    :param window_end: first instant outside, ISO 8601, UTC.
    :param cursor: the field by which a record belongs to the window; empty for a whole collection.
    :param filters: the dataset's filters as they were given.
    """

    dataset: str
    account_id: str
    window_start: str
    window_end: str
    cursor: str
    filters: Mapping[str, Any] = field(hash=False)

    def __str__(self) -> str:
        return (
            f"{self.dataset} of account {self.account_id}, {self.window_start} to {self.window_end}, with the filters"
            f" {dict(self.filters)} and the cursor {self.cursor!r}"
        )


@dataclass(frozen=True, kw_only=True)
class ManifestHead:
    """What a manifest says before any record has come: which records were asked for, and how they land.

    :param selection: which records.
    :param request: what is asked of LivePerson: method, service, path, and the arguments without any secret.
    :param file_format: of the parts.
    :param compression: of the parts.
    :param csv_formulas: ``quote`` when texts that begin like formulas have an apostrophe before them.
    :param masking: which fields are hashed, dropped or the only ones kept before landing, if any.
    """

    selection: Selection
    request: Mapping[str, Any] = field(hash=False)
    file_format: str
    compression: str
    csv_formulas: str | None = None
    masking: Mapping[str, Any] | None = field(default=None, hash=False)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One window, landed.

    :param manifest_format: the version of this file's shape.
    :param dataset: the dataset's name.
    :param account_id: the LivePerson account.
    :param window_start: first instant inside, ISO 8601, UTC.
    :param window_end: first instant outside, ISO 8601, UTC.
    :param cursor: the field by which a record belongs to the window.
    :param filters: the dataset's filters as they were given.
    :param complete: False when the window reached into the future, or past what LivePerson keeps, as it was
        pulled with ``allow_out_of_range``; when LivePerson stopped keeping its beginning while it was read; and when
        any record was undated, or is still partial.
    :param still_partial: the keys of the records that LivePerson gave only in part, hashed where the field of the key
        is; none where it has not landed, or where a record lacks a field of its key.
    :param request: what was asked of LivePerson: method, service, path, and the arguments without any secret.
    :param file_format: of the parts.
    :param compression: of the parts.
    :param csv_formulas: ``quote`` when texts that begin like formulas have an apostrophe before them.
    :param masking: which fields were hashed, dropped or the only ones kept before landing, if any.
    :param revision: of the collection, for a dataset that has one.
    :param counts: records.
    :param slices: the same, for each slice.
    :param undeclared: how often which field came that the dataset does not declare, by its path, at most 100 of them
        and the rest as ``*``; None where nobody looked.
    :param erasures: what was taken out of the window after it had landed; None for nothing.
    :param parts: the files, in order.
    :param entries: the same files as Amazon Redshift names them; None where they are not on S3.
    :param versions: of what wrote it.
    """

    manifest_format: int = FORMAT
    dataset: str
    account_id: str
    window_start: str
    window_end: str
    cursor: str
    filters: dict[str, Any]
    complete: bool
    request: dict[str, Any]
    file_format: str
    compression: str
    csv_formulas: str | None = None
    masking: dict[str, Any] | None = None
    revision: str | None = None
    counts: Counts
    slices: list[SliceCounts] = []
    undeclared: dict[str, int] | None = None
    still_partial: list[str] = []
    erasures: list[ErasureNote] | None = None
    parts: list[Part]
    entries: list[ManifestEntry] | None = None
    versions: dict[str, str]

    @classmethod
    def of(cls, head: ManifestHead, **rest: Any) -> Manifest:
        """A manifest with a head.

        :param head: what was asked for, and how it lands.
        :param rest: the other fields.
        """
        selection = head.selection
        return cls(
            dataset=selection.dataset,
            account_id=selection.account_id,
            window_start=selection.window_start,
            window_end=selection.window_end,
            cursor=selection.cursor,
            filters=dict(selection.filters),
            request=dict(head.request),
            file_format=head.file_format,
            compression=head.compression,
            csv_formulas=head.csv_formulas,
            masking=dict(head.masking) if head.masking is not None else None,
            **rest,
        )

    @property
    def head(self) -> ManifestHead:
        """What was asked for, and how it landed."""
        return ManifestHead(
            selection=Selection(
                dataset=self.dataset,
                account_id=self.account_id,
                window_start=self.window_start,
                window_end=self.window_end,
                cursor=self.cursor,
                filters=self.filters,
            ),
            request=self.request,
            file_format=self.file_format,
            compression=self.compression,
            csv_formulas=self.csv_formulas,
            masking=self.masking,
        )

    @property
    def size(self) -> int:
        """The size of all parts as stored, in bytes."""
        return sum(part.bytes for part in self.parts)

    def lands_the_same(self, other: Manifest, *, by_bytes: bool = False) -> bool:
        """Whether two manifests describe the same landed data, however they came by it.

        Counts of overlap and versions may differ between two runs that land the same bytes.

        :param other: the other manifest.
        :param by_bytes: whether parts of other names may hold the same bytes.
        """
        mine, others = self.parts, other.parts
        return (
            self.manifest_format == other.manifest_format
            and self.head == other.head
            and (self.complete, self.revision) == (other.complete, other.revision)
            and self.counts.kept == other.counts.kept
            and self.counts.still_partial == other.counts.still_partial
            and self.still_partial == other.still_partial
            and (
                _hashes(mine) == _hashes(others)
                if by_bytes
                else (mine, self.entries) == (others, other.entries)
            )
        )

    def encode(self) -> bytes:
        """As indented JSON, ending in a line break."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def decode(cls, data: bytes, where: str) -> Manifest:
        """Read a manifest.

        :param data: the file.
        :param where: its URI, for the error.
        :raises StorageError: when it is not a manifest, or one of a later format.
        """
        try:
            if raw.decode(msgspec.json.Decoder(_Format), data).manifest_format > FORMAT:
                raise StorageError(
                    f"{where} was written by a later version of this package; use that version, or land under another"
                    " prefix",
                    permanent=True,
                )
            return raw.decode(msgspec.json.Decoder(cls), data)
        except msgspec.DecodeError as error:
            raise StorageError(
                f"{where} is not a manifest of this package ({error}); move it away, or land under another prefix",
                permanent=True,
            ) from error


def _hashes(parts: Sequence[Part]) -> list[str]:
    return [part.sha256 for part in parts]
