"""Whether objects in a store are the parts that a manifest or a checkpoint names."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.stores import Entry, Store


def is_in_place(part: Part, entry: Entry | None) -> bool:
    """Whether a listed object is a part, as far as a listing says.

    :param part: what a manifest or a checkpoint says is there.
    :param entry: what is listed under its name.
    """
    if entry is None or entry.size != part.bytes:
        return False
    return part.etag is None or entry.etag is None or part.etag == entry.etag


def is_sound(store: Store, key: str, part: Part, entry: Entry | None) -> bool:
    """Whether an object is a part, by its size and by its ETag or, where the store has none, its bytes.

    :param store: where.
    :param key: the object's key.
    :param part: what a manifest or a checkpoint says is there.
    :param entry: what is listed under the key.
    :raises StorageError: when the object cannot be read.
    """
    if not is_in_place(part, entry):
        return False
    return part.etag is not None or store.sha256(key) in (None, part.sha256)


def missing_parts(store: Store, folder: str, parts: Sequence[Part]) -> list[Part]:
    """Those of some parts that are not in a folder, or not as they were put there.

    :param store: where.
    :param folder: the folder.
    :param parts: what a manifest or a checkpoint says is there.
    :raises StorageError: when the folder cannot be listed.
    """
    if not parts:
        return []
    entries = store.entries(folder)
    keys = {part.name: f"{folder}/{part.name}" for part in parts}
    return [
        part for part in parts if not is_sound(store, keys[part.name], part, entries.get(keys[part.name]))
    ]
