"""What has landed completely, and is more than LivePerson has by now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.base import read_replaceable
from airflow_provider_liveperson.landing.verification import missing_parts
from airflow_provider_liveperson.pull.attempt import Job, Landed

if TYPE_CHECKING:
    from airflow_provider_liveperson.landing.manifest import ManifestHead

log = logging.getLogger(__name__)


def kept(job: Job) -> Landed | None:
    """What stays as it has landed, because a pull would replace it by what LivePerson still has of it.

    :param job: what is to be landed.
    :returns: that; None if it is to be pulled.
    :raises ConfigurationError: when it is another request's, or has landed in another form.
    :raises StorageError: when the store cannot be read.
    """
    now, window = job.out_of_range_at, job.query.window
    limits, store = job.dataset.limits, job.destination.store
    if now is None or job.dataset.is_snapshot or limits.complete_at(window) > now:
        return None
    key = f"{job.folder}/{manifests.NAME}"
    manifest = read_replaceable(store.fetch(key), store.uri(key), job.request.head)
    if manifest is None or not manifest.complete or missing_parts(store, job.folder, manifest.parts):
        return None
    if _form(manifest.head) != _form(job.request.head):
        raise ConfigurationError(
            f"{store.uri(job.folder)} has landed completely in another form (file format, compression or masking), and"
            " LivePerson has less of it by now. Ask for that form, or land what is left under another prefix",
            field="prefix",
        )
    log.warning(
        "%s has landed completely, and LivePerson has less of it by now: it stays as it is. To land what is left"
        " instead, remove it first",
        store.uri(job.folder),
    )
    return Landed(manifest=manifest, changed=False)


def _form(head: ManifestHead) -> tuple[Any, ...]:
    """How records land, whichever they are."""
    return head.file_format, head.compression, head.csv_formulas, head.masking
