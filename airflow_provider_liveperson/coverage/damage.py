"""Whether the store holds what a manifest says, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_liveperson.landing.committed import list_of
from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.landing.manifest import Manifest, ManifestEntry
from airflow_provider_liveperson.landing.stores import Store


def find_damage(store: Store, layout: Layout, folder: str, manifest: Manifest) -> Iterator[str]:
    """Read every part of a window and the lists of its parts, and say what is wrong, a sentence each.

    The parts are read in a stream.

    :param store: where.
    :param layout: where the list is.
    :param folder: the window's folder.
    :param manifest: the window's manifest.
    :raises StorageError: when the store cannot be read.
    """
    entries = store.entries(folder) if manifest.parts else {}
    for part in manifest.parts:
        key = f"{folder}/{part.name}"
        entry = entries.get(key)
        if entry is None:
            yield f"{part.name} is missing"
        elif entry.size != part.bytes:
            yield f"{part.name} has {entry.size} bytes; the manifest says {part.bytes}"
        elif (digest := store.digest(key)) != part.sha256:
            found = f"has the SHA-256 {digest}" if digest else "is missing"
            yield f"{part.name} {found}; the manifest says {part.sha256}"
    expected = [ManifestEntry.of(store.uri(f"{folder}/{part.name}"), part) for part in manifest.parts]
    if manifest.entries not in (None, expected):
        yield "the manifest's entries, which Redshift reads, do not name its parts"
    key = layout.committed_list(folder)
    listed = store.read(key)
    if listed is None:
        yield f"the list {store.uri(key)} is missing"
    elif listed != list_of(store, folder, manifest):
        yield f"the list {store.uri(key)} does not name the parts of the manifest"
