"""Records through an encoding, and the readers that users have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    ) -> bytes:
        file = Appended()
        encoder = Encoding(file_format, compression, columns or {}).encoder(file)  # type: ignore[arg-type]
        for start in range(0, len(records), batch):
            encoder.write(records[start : start + batch])
        encoder.close()
        return bytes(file.content)

    return encode


@pytest.fixture(scope="session")
def duck() -> Iterator[Callable[[str], list[Any]]]:
    """Asks DuckDB, which must do with what its wheel holds."""
    import duckdb

    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=offline) as connection:
        yield lambda question: connection.execute(question).fetchall()
