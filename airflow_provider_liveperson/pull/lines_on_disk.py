"""Records that wait on disk for their turn, and take no memory meanwhile.

What LivePerson sent may not be written as it came: fields that are to be hashed or left out are still in it, and so are
erased persons. So it is encrypted with a key that is never written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.spool import open_spool, spool_errors

_NONCE = bytes(12)  # a key encrypts once


class LinesOnDisk:
    """Lines in a file without a name, encrypted. They can be read once.

    :param lines: plain lines, not those of a class of their own.
    :raises StorageError: when there is no folder for the file, or the disk is full.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._ends = list(accumulate(map(len, lines), initial=0))
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._file = open_spool(buffering=0)
        try:
            encrypted = memoryview(self._cipher.encrypt(_NONCE, b"".join(lines), None))
            with spool_errors():
                while encrypted:
                    encrypted = encrypted[self._file.write(encrypted) :]
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Their bytes."""
        return self._ends[-1]

    def __iter__(self) -> Iterator[Line]:
        with spool_errors(), self._file:
            self._file.seek(0)
            encrypted = self._file.read()
        try:
            block = memoryview(self._cipher.decrypt(_NONCE, encrypted, None))
        except InvalidTag:
            raise StorageError(
                "records that waited in the temporary folder are not what was written there; check the disk, or set"
                " the environment variable TMPDIR to another folder"
            ) from None
        return (block[start:end] for start, end in pairwise(self._ends))

    def close(self) -> None:
        """Forget them."""
        self._file.close()
