"""Snapshots with a revision: the known one is not fetched again, but copied from the window that holds it.

Which revision was landed last, and where, is remembered beside the windows. A snapshot without a revision needs nothing
of this: each landing fetches the present, and a re-run of its window replaces what is there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import msgspec

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.landing import Landing
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.stores import Store
from airflow_provider_liveperson.landing.verification import missing_parts
from airflow_provider_liveperson.pull.checkpoints import Finished
from airflow_provider_liveperson.pull.request import PullRequest
from airflow_provider_liveperson.records import raw

log = logging.getLogger(__name__)

NAME = "_revision.json"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A revision that is in the store.

    :param revision: LivePerson's number.
    :param folder: the folder of the window that holds it.
    :param manifest: that window's manifest.
    """

    revision: str
    folder: str
    manifest: Manifest


class _File(msgspec.Struct):
    revision: str
    folder: str


def known_revision(
    store: Store, home: str, folder: str, *, before: Manifest | None, request: PullRequest
) -> Revision | None:
    """The revision whose records are in the store, landed just as this request would land them.

    :param store: where.
    :param home: the folder of all windows of the dataset and account.
    :param folder: the folder of the window that is to be landed.
    :param before: its manifest, where it has landed before; it comes first.
    :param request: what is to be landed.
    :raises StorageError: when the store refuses.
    """
    if before is not None and before.revision is not None:
        own = Revision(revision=before.revision, folder=folder, manifest=before)
        if _fits(store, own, request):
            return own
    latest = read_revision(store, home)
    return latest if latest is not None and _fits(store, latest, request) else None


def copy_from(landing: Landing, known: Revision, dataset: str) -> Finished:
    """Take over the records of a revision that is in the store.

    :param landing: where they land.
    :param known: the revision.
    :param dataset: the dataset's name, for the log.
    :raises ConcurrentRunError: when they are no longer there.
    """
    parts = landing.copy_from(known.manifest, known.folder)
    if parts is None:
        raise ConcurrentRunError(f"the parts of revision {known.revision} are not where they were landed.")
    log.info("%s is unchanged at revision %s", dataset, known.revision)
    return Finished(counts=known.manifest.slices[0], parts=parts, undeclared=known.manifest.undeclared)


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


def write_revision(store: Store, home: str, revision: str, folder: str) -> None:
    """Remember a revision, unless it is remembered already.

    :param store: where.
    :param home: the folder of all windows of the dataset and account.
    :param revision: LivePerson's number.
    :param folder: the folder of the window that holds it.
    """
    data = msgspec.json.encode(_File(revision=revision, folder=folder))
    if store.read(f"{home}/{NAME}") != data:
        store.write(f"{home}/{NAME}", data)


def _fits(store: Store, known: Revision, request: PullRequest) -> bool:
    """Whether a manifest's parts are there, and hold what a request would land for the same revision."""
    manifest = known.manifest
    return (
        len(manifest.slices) == 1
        and not manifest.counts.still_partial
        and request.equals_but_for_the_window(manifest)
        and not missing_parts(store, known.folder, manifest.parts)
    )
