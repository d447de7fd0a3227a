"""Temporary files that have no name: nothing is left of them when their process ends, however it ends.

They are in the temporary folder (``TMPDIR``), where only this process can open them. The kernel frees them once they
are closed or their process is gone, also after a ``kill -9``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from airflow_provider_liveperson.exceptions import StorageError


def open_spool(*, buffering: int = -1) -> BinaryIO:
    """Open a file to write to and read from.

    :param buffering: as for :func:`open`.
    :returns: the file, binary.
    :raises StorageError: when there is no folder for it.
    """
    with spool_errors():
        return cast("BinaryIO", tempfile.TemporaryFile(prefix="liveperson-", buffering=buffering))


@contextmanager
def spool_errors() -> Iterator[None]:
    """Turn errors of the temporary folder, such as a full disk, into one of this package.

    :raises StorageError: instead of an ``OSError``, with the folder and what can be done.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write to {_folder()}: {error.strerror or error}. Records wait there until they are handed on,"
            " up to a few hundred megabytes; free some space, or set the environment variable TMPDIR to another folder"
        ) from error


def _folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "the temporary folder"
