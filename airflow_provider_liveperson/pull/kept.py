"""What has landed completely, and is more than LivePerson has by now."""

from __future__ import annotations

import logging

from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.verification import missing_parts
from airflow_provider_liveperson.pull.attempt import Job, Landed

log = logging.getLogger(__name__)


def kept(job: Job) -> Landed | None:
    """What stays as it has landed, because a pull would replace it by what LivePerson still has of it.

    :param job: what is to be landed.
    :returns: that; None if it is to be pulled.
    :raises StorageError: when the store cannot be read.
    """
    now, window = job.out_of_range_at, job.query.window
    limits, store = job.dataset.limits, job.destination.store
    if now is None or job.dataset.is_snapshot or limits.complete_at(window) > now:
        return None
    key = f"{job.folder}/{manifests.NAME}"
    data = store.read(key)
    manifest = None if data is None else Manifest.decode(data, store.uri(key))
    if manifest is None or not manifest.complete or missing_parts(store, job.folder, manifest.parts):
        return None
    log.warning(
        "%s has landed completely, and LivePerson has less of it by now: it stays as it is. To land what is left"
        " instead, remove it first",
        store.uri(job.folder),
    )
    return Landed(manifest=manifest, changed=False)
