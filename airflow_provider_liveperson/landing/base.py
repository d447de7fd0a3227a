"""What a landing begins from: the manifest that an earlier one has left in the window's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.manifest import Manifest, ManifestHead
from airflow_provider_liveperson.landing.stores import Stored


@dataclass(frozen=True, kw_only=True)
class Base:
    """The manifest that was there as a landing began.

    :param stored: its bytes, as they were read; None where there was none.
    :param manifest: what they say.
    """

    stored: Stored | None
    manifest: Manifest | None

    @property
    def digest(self) -> str | None:
        """The SHA-256 of its bytes, hexadecimal; None where there was none."""
        return hashlib.sha256(self.stored.data).hexdigest() if self.stored is not None else None

    @property
    def data(self) -> bytes | None:
        """Its bytes; None where there was none."""
        return self.stored.data if self.stored is not None else None


def read_replaceable(found: Stored | None, uri: str, head: ManifestHead) -> Manifest | None:
    """The manifest in a window's folder, if a landing may replace it.

    :param found: what was read under the manifest's key.
    :param uri: its address, for the error.
    :param head: what the landing would put there.
    :raises ConfigurationError: when it is another request's, whose records must not be lost.
    :raises StorageError: when it is not a manifest.
    """
    if found is None:
        return None
    manifest = Manifest.decode(found.data, uri)
    there = manifest.head
    if there.selection != head.selection:
        raise ConfigurationError(
            f"{uri} holds {there.selection}; land {head.selection} under another prefix, or remove what is there",
            field="prefix",
        )
    return manifest
