"""The landing of one window: its folder, its parts, and the manifest that makes them count."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import IO

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing import committed
from airflow_provider_liveperson.landing import manifest as manifests
from airflow_provider_liveperson.landing.base import Base, read_replaceable
from airflow_provider_liveperson.landing.commit import Commit
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.manifest import Manifest, ManifestEntry, ManifestHead
from airflow_provider_liveperson.landing.parts import Part, PartWriter
from airflow_provider_liveperson.landing.upload import Upload
from airflow_provider_liveperson.landing.verification import missing_parts

log = logging.getLogger(__name__)

CHECKPOINT = "_checkpoint.json"


class Landing:
    """Lands one window. Use it as a context manager: what fails in between leaves no half-written slice behind.

    A landing begins from the manifest that is there, its base. Parts go up as they are finished, under names that
    hold a hash of their bytes. :meth:`write_checkpoint` keeps what is finished for a retry. :meth:`commit` puts the
    manifest in place of the base, if that is still there, writes the list of its parts, and then removes what is no
    longer named.
    ``docs/decisions/0022`` says why, and which interleavings of runs this outlives.

    :param destination: where to.
    :param folder: the window's folder.
    :param head: what the manifest says of the request: a manifest of other records is not replaced.
    :param spent: the keys of parts that earlier tries of this run have put there, and that may be about to be
        removed: those of this one are added.
    :raises ConfigurationError: when the folder holds another request's records.
    :raises StorageError: when the store refuses, or something else is under the manifest's name.
    """

    def __init__(
        self, destination: Destination, folder: str, *, head: ManifestHead, spent: set[str] | None = None
    ) -> None:
        self._store = destination.store
        self._folder = folder
        self._manifest_key = f"{folder}/{manifests.NAME}"
        self._checkpoint_key = f"{folder}/{CHECKPOINT}"
        self._list_key = destination.committed_list(folder)
        self._has_checkpoint = False
        self._kept: set[str] = set()
        self._committing = threading.Lock()
        self._committed = False
        found = self._store.fetch(self._manifest_key)
        self._base = Base(stored=found, manifest=read_replaceable(found, self.manifest_uri, head))
        self._upload = Upload(
            destination,
            folder,
            before=self._base.manifest,
            spent=spent if spent is not None else set(),
        )
        self._commit = Commit(self._store, folder, head=head, base=self._base)

    @property
    def manifest_uri(self) -> str:
        """The manifest's address."""
        return self._store.uri(self._manifest_key)

    @property
    def before(self) -> Manifest | None:
        """What an earlier landing of the same window has left."""
        return self._base.manifest

    @property
    def base(self) -> str | None:
        """What a checkpoint says of the manifest that was there as this landing began."""
        return self._base.digest

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._upload.close()
        with self._committing:  # a commit in another thread comes to its end first
            if self._committed:
                return
            try:
                self._commit.withdraw(self._upload.created, kept=frozenset(self._kept))
            except Exception as second:
                if error is None:
                    raise
                log.warning(
                    "Parts without a manifest may stay in %s: %s", self._store.uri(self._folder), second
                )

    # -- checkpoints -------------------------------------------------------------------------------

    def read_checkpoint(self) -> bytes | None:
        """The checkpoint that an earlier try has left, or None.

        :raises StorageError: when it cannot be read.
        """
        data = self._store.read(self._checkpoint_key)
        self._has_checkpoint = data is not None
        return data

    def keep(self, parts: Sequence[Part]) -> None:
        """Leave parts for a retry, should this landing fail.

        :param parts: parts that a checkpoint names.
        """
        self._kept.update(map(self._key, parts))

    def write_checkpoint(self, data: bytes, parts: Sequence[Part]) -> None:
        """Keep what is finished, for a retry after a crash: written behind the parts that it names.

        :param data: the checkpoint.
        :param parts: the parts that it names.
        :raises StorageError: when a part before it could not be put there.
        """
        self._has_checkpoint = True
        named = list(parts)

        def write() -> None:
            self.keep(named)  # also if it fails, as it may be there all the same
            self._store.write(self._checkpoint_key, data)

        self._upload.submit(write)

    # -- parts -------------------------------------------------------------------------------------

    def writer(self, first: int) -> PartWriter:
        """A writer whose parts land here.

        :param first: the number of its first part.
        """
        return self._upload.writer(first)

    def has_uploaded(self, parts: Sequence[Part]) -> bool:
        """Whether any of these parts was not in place before.

        :param parts: parts that have arrived.
        """
        return self._upload.has_uploaded(parts)

    def missing(self, parts: Sequence[Part]) -> list[Part]:
        """Those of some parts that are not in the folder, or not as they were put there.

        :param parts: what a manifest or a checkpoint says is there.
        :raises StorageError: when the folder cannot be listed.
        """
        return missing_parts(self._store, self._folder, parts)

    def put(self, part: Part, file: IO[bytes]) -> Part:
        """Put a part here that was made elsewhere.

        :param part: the part, named by its bytes.
        :param file: its bytes.
        :returns: the part as it landed: under another number where its name is taken.
        :raises ConcurrentRunError: when another run of the same window keeps taking its names.
        :raises StorageError: when the store refuses.
        """
        return self._upload.put(part, file)

    def copy_from(self, manifest: Manifest, folder: str) -> list[Part] | None:
        """Take over the parts of another window that holds the same records.

        :param manifest: that window's manifest.
        :param folder: its folder.
        :returns: the parts, or None where one is not as its manifest says.
        :raises StorageError: when the store refuses.
        """
        return self._upload.copy_from(manifest, folder)

    def entries(self, parts: Sequence[Part]) -> list[ManifestEntry] | None:
        """The parts as Amazon Redshift names them; None where they are not on S3.

        :param parts: the manifest's parts.
        """
        entries = [ManifestEntry.of(self._store.uri(self._key(part)), part) for part in parts]
        return entries if self.manifest_uri.startswith("s3://") else None

    # -- commit ------------------------------------------------------------------------------------

    def commit(self, manifest: Manifest) -> tuple[Manifest, bool]:
        """Make the parts count, and remove those that no longer do, a crashed run's among them.

        :param manifest: names the parts.
        :returns: the manifest that is there, and whether anything in the store changed; False for a window that had
            landed just so.
        :raises ConcurrentRunError: when another run of the same window was faster, or has removed parts; land again.
        :raises StorageError: when it cannot be known that what was landed counts.
        """
        self._upload.finish()
        with self._committing:
            listed = self._store.entries(self._folder)
            manifest, is_mine = self._commit.put(manifest, has_put=self._upload.has_put, listed=listed)
            self._committed = True
        committed.write_list(self._store, self._list_key, self._folder)
        stale = self._commit.stale_parts(
            manifest, created=self._upload.created, listed=listed, is_mine=is_mine
        )
        self._remove(stale)
        return manifest, self._upload.has_put or is_mine or bool(stale)

    def _remove(self, stale: list[str]) -> None:
        """Remove the checkpoint, and parts that no longer count."""
        try:
            if self._has_checkpoint:
                self._store.delete([self._checkpoint_key])
            if stale:
                self._store.delete(stale)
        except StorageError as error:
            log.warning(
                "The window has landed, but what no longer counts could not be removed: %d part(s) in %s that the"
                " manifest does not name (%s)",
                len(stale),
                self._store.uri(self._folder),
                error,
            )

    def _key(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"
