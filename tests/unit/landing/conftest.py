"""Records through an encoding, and the readers that users have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from airflow_provider_liveperson.landing.encoding import Encoding


class Appended:
    """A file that can do no more than a part's file can."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)

    def tell(self) -> int:
        return len(self.content)

    def flush(self) -> None:
        pass


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """Makes the bytes of one part: ``encoded(records, "csv", "gzip", COLUMNS, batch=3)``."""

    def encode(
        records: Sequence[bytes],
        file_format: str,
        compression: str,
        columns: Any = None,
        *,
        batch: int = 1000,
        csv_formulas: str = "keep",
    ) -> bytes:
        file = Appended()
        encoding = Encoding(file_format, compression, columns or {}, csv_formulas=csv_formulas)
        encoder = encoding.encoder(file)  # type: ignore[arg-type]
        for start in range(0, len(records), batch):
            encoder.write(records[start : start + batch])
        encoder.close()
        return bytes(file.content)

    return encode
