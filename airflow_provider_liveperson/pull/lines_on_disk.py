"""Records that wait on disk for their turn, and take no memory meanwhile.

What LivePerson sent may not be written as it came: fields that are to be hashed or left out are still in it, and so are
erased persons. So it is encrypted with a key that is never written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from airflow_provider_liveperson.records.line import Line
from airflow_provider_liveperson.spool import open_spool, spool_errors

_BUFFER = 1 << 18


class LinesOnDisk:
    """Lines in a file without a name, encrypted. They can be read once.

    :param lines: plain lines, not those of a class of their own.
    :raises StorageError: when there is no folder for the file, or the disk is full.
    """

    def __init__(self, lines: Sequence[Line]) -> None:
        self._sizes = list(map(len, lines))
        self._cipher = Cipher(AES(os.urandom(16)), CTR(bytes(16)))  # a key encrypts once
        self._file = open_spool(buffering=_BUFFER)
        try:
            with spool_errors():
                self._file.writelines(map(self._cipher.encryptor().update, lines))
                self._file.seek(0)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(self._sizes)

    def __iter__(self) -> Iterator[Line]:
        decrypt = self._cipher.decryptor().update
        with spool_errors(), self._file:
            for size in self._sizes:
                yield decrypt(self._file.read(size))

    def close(self) -> None:
        """Forget them."""
        with spool_errors():
            self._file.close()
