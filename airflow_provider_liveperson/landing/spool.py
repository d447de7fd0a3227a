"""Temporary files that have no name: nothing is left of them when their process ends, however it ends."""

from __future__ import annotations

import tempfile
from typing import IO, cast

from airflow_provider_liveperson.exceptions import StorageError


class Spool:
    """A file in the temporary folder (``TMPDIR``) that only this process can open, and that nobody can find there.

    The kernel frees it once it is closed or its process is gone, also after a ``kill -9``.

    :raises StorageError: on every use, when the folder is full or cannot be written.
    """

    def __init__(self) -> None:
        try:
            self.file = cast("IO[bytes]", tempfile.TemporaryFile(prefix="liveperson-", buffering=0))  # noqa: SIM115
        except OSError as error:
            raise _unusable(error) from error

    def write(self, data: bytes | bytearray) -> int:
        """Append bytes."""
        view = memoryview(data)
        try:
            while view:
                view = view[self.file.write(view) :]
        except OSError as error:
            raise _unusable(error) from error
        return len(data)

    def close(self) -> None:
        """Give it up."""
        self.file.close()


def _unusable(error: OSError) -> StorageError:
    try:
        folder = tempfile.gettempdir()
    except OSError:
        folder = "the temporary folder"
    return StorageError(
        f"cannot write to {folder}: {error.strerror or error}. Records wait there until they are uploaded, up to some"
        " hundred megabytes; free some space, or set the environment variable TMPDIR to another folder"
    )
