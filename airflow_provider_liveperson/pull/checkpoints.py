"""What a landing has finished so far, kept beside the data: a retry after a crash goes on from there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from airflow_provider_liveperson.datasets.model.slices import Slice
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.records import raw

CHECKPOINT_LIFE = timedelta(hours=24)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A slice that has been landed.

    :param counts: its records.
    :param parts: its files; those of slices that share parts are with the last of them.
    :param still_partial: the keys of its records that LivePerson gave only in part.
    :param undeclared: how often which undeclared field came, by its path; None where nobody looked.
    """

    counts: SliceCounts
    parts: list[Part]
    still_partial: list[str] = []
    undeclared: dict[str, int] | None = None


def parts_of(finished: Sequence[Finished]) -> list[Part]:
    """The files of some slices, in order.

    :param finished: the slices.
    """
    return [part for one in finished for part in one.parts]


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A landing under way.

    :param fingerprint: of its request; another landing's checkpoint is of no use.
    :param written_at: epoch seconds by the clock of the machine that wrote it.
    :param finished: the slices that have landed, in order.
    :param remaining: the slices that have not, in order.
    :param base: the hash of the manifest that was there as the landing began. Once another one is there, the parts
        that a checkpoint names may be removed by whoever committed it.
    """

    fingerprint: str
    written_at: float
    finished: list[Finished]
    remaining: list[dict[str, Any]]
    base: str | None = None

    @property
    def slices(self) -> list[Slice]:
        """The slices that have not landed, in order."""
        return [Slice.from_json(values) for values in self.remaining]

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Checkpoint | None:
        """Read a checkpoint; None for what is not one, which only means to start from the beginning.

        :param data: the file.
        """
        try:
            checkpoint = raw.decode(msgspec.json.Decoder(cls), data)
            _ = checkpoint.slices
        except (msgspec.DecodeError, ConfigurationError, LookupError, TypeError, ValueError, AttributeError):
            return None
        return checkpoint


def recall(landing: Landing, fingerprint: str, *, not_before: float) -> Checkpoint | None:
    """What an earlier try of a landing has finished, if all its parts are still there.

    :param landing: the landing that wants to go on from there.
    :param fingerprint: of its request.
    :param not_before: epoch seconds; an older checkpoint may name records that have changed since.
    :raises StorageError: when the store refuses.
    """
    data = landing.read_checkpoint()
    checkpoint = Checkpoint.decode(data) if data is not None else None
    if (
        checkpoint is None
        or (checkpoint.fingerprint, checkpoint.base) != (fingerprint, landing.base)
        or checkpoint.written_at < not_before
    ):
        return None
    parts = parts_of(checkpoint.finished)
    if landing.missing(parts):
        return None
    landing.keep(parts)
    return checkpoint


def remember(
    landing: Landing,
    fingerprint: str,
    finished: Sequence[Finished],
    remaining: Sequence[Slice],
    *,
    now: float,
) -> None:
    """Keep what a landing has finished, for a retry.

    :param landing: the landing.
    :param fingerprint: of its request.
    :param finished: the slices that have landed, in order.
    :param remaining: the slices that have not, in order.
    :param now: epoch seconds.
    :raises StorageError: when a part before it could not be put there.
    """
    checkpoint = Checkpoint(
        fingerprint=fingerprint,
        base=landing.base,
        written_at=now,
        finished=list(finished),
        remaining=[slice_.to_json() for slice_ in remaining],
    )
    landing.write_checkpoint(checkpoint.encode(), parts_of(finished))
