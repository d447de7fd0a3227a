"""Which revision of a collection was landed last, and where: remembered beside the windows."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.records import raw

NAME = "_revision.json"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A revision that is in the store.

    :param revision: LivePerson's number.
    :param folder: the folder of the window that holds it.
    :param manifest: that window's manifest, when it was read back.
    """

    revision: str
    folder: str
    manifest: Manifest | None = None


class _File(msgspec.Struct):
    revision: str
    folder: str


def read_revision(store: Store, home: str) -> Revision | None:
    """The latest revision that was landed, if its manifest still says so.

    :param store: where.
    :param home: the folder of all windows of the dataset and account.
    """
    data = store.read(f"{home}/{NAME}")
    if data is None:
        return None
    try:
        file = raw.decode(msgspec.json.Decoder(_File), data)
    except msgspec.DecodeError:
        return None
    key = f"{file.folder}/{manifests.NAME}"
    found = store.read(key)
    if found is None:
        return None
    try:
        manifest = Manifest.decode(found, store.uri(key))
    except StorageError:  # something else, which is nothing to copy from
        return None
    if manifest.revision != file.revision:
        return None
    return Revision(revision=file.revision, folder=file.folder, manifest=manifest)


def write_revision(store: Store, home: str, revision: Revision) -> None:
    """Remember a revision, unless it is remembered already.

    :param store: where.
    :param home: the folder of all windows of the dataset and account.
    :param revision: the revision and its folder.
    """
    data = msgspec.json.encode(_File(revision=revision.revision, folder=revision.folder))
    if store.read(f"{home}/{NAME}") != data:
        store.write(f"{home}/{NAME}", data)
