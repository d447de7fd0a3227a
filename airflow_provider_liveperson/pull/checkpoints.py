"""What a landing has finished so far, kept beside the data: a retry after a crash goes on from there."""

from __future__ import annotations

import msgspec

from airflow_provider_liveperson.landing.manifest import SliceCounts
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.records import raw

NAME = "_checkpoint.json"


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A slice that has been landed.

    :param counts: its records.
    :param parts: its files.
    :param still_partial: the keys of its records that LivePerson gave only in part.
    """

    counts: SliceCounts
    parts: list[Part]
    still_partial: list[str] = []


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A landing under way.

    :param fingerprint: of everything that decides what the parts hold; another landing's checkpoint is of no use.
    :param written_at: epoch seconds by the clock of the machine that wrote it.
    :param finished: the slices that have landed, in order.
    :param remaining: the slices that have not, in order; each as the range of every bound, ISO 8601.
    :param base: the hash of the manifest that was there as the landing began. Once another one is there, the parts
        that a checkpoint names may be removed by whoever committed it.
    """

    fingerprint: str
    written_at: float
    finished: list[Finished]
    remaining: list[dict[str, tuple[str, str]]]
    base: str | None = None

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Checkpoint | None:
        """Read a checkpoint; None for what is none, which only means to start from the beginning."""
        try:
            return raw.decode(msgspec.json.Decoder(cls), data)
        except msgspec.DecodeError:
            return None
