"""The list of a window's parts, one URI a line, for query engines that follow lists of files.

Athena, Trino and Spark read it as a symlink table, BigQuery as a newline-delimited manifest. See
``docs/decisions/0074-lists-of-committed-parts.md``.
"""

from __future__ import annotations

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.errors import concurrent_run
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.stores import ConflictError, Store

FOLDER = "_committed"
"""The folder of all lists, beside the folders of the datasets."""

_MAX_TRIES = 10


def list_of(store: Store, folder: str, manifest: Manifest) -> bytes:
    """The list of a window's parts.

    :param store: where they are.
    :param folder: the window's folder.
    :param manifest: the window's manifest.
    """
    return "".join(f"{store.uri(f'{folder}/{part.name}')}\n" for part in manifest.parts).encode()


def write_list(store: Store, key: str, folder: str) -> None:
    """Bring a window's list up to its manifest, before any part that the list may name is removed.

    Of two runs that commit one after the other, the slower one may come here last. So the manifest is read after the
    list, and the list is replaced only if it is still the one that was read.

    :param store: where.
    :param key: the list's key.
    :param folder: the window's folder.
    :raises ConcurrentRunError: when other runs of the same window keep replacing the list.
    :raises StorageError: when the store refuses, or the manifest is gone.
    """
    manifest_key = f"{folder}/{manifests.NAME}"
    for _ in range(_MAX_TRIES):
        before = store.fetch(key)
        found = store.fetch(manifest_key)
        if found is None:
            raise StorageError(
                f"{store.uri(manifest_key)} was removed before {store.uri(key)} was written; does anything remove"
                " objects in this folder?"
            )
        manifest = Manifest.decode(found.data, store.uri(manifest_key))
        data = list_of(store, folder, manifest)
        if before is not None and before.data == data:
            return
        try:
            return store.swap(key, data, before)
        except ConflictError:
            continue
    raise concurrent_run(store.uri(key))
