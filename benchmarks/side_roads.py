"""Masking and Parquet alone, each against the plain way to do it: ``python -m benchmarks.side_roads START END``.

The conversations of a window are read once, from the sandbox that the connection leads to. Then the package and what
it is held against take turns on them, in one process and one thread, and the least CPU time of each counts: what else
the machine does falls on both alike. The process is tuned as a task's is. The last line that it prints is one JSON
object.
"""

from __future__ import annotations

import hmac
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.personal_data import CONVERSATION_IDS
from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct, fold, unmarked
from airflow_provider_liveperson.records.masking import Masking
from benchmarks.figures import MB
from benchmarks.measured import CONN_ID, DATASET

ROUNDS = 7
BATCH = 100  # as many as a page has
MAX_BYTES = 40 * MB
KEY = b"a long random text"
NESTED = "messageRecords.participantId"
CODECS = ("gzip", "zstd")

_DUCKDB_TYPES = {
    Scalar.TEXT: "VARCHAR",
    Scalar.INTEGER: "BIGINT",
    Scalar.NUMBER: "DOUBLE",
    Scalar.BOOLEAN: "BOOLEAN",
    Scalar.TIMESTAMP: "VARCHAR",  # as fast as DuckDB can be: it would have to convert them
    Scalar.JSON: "JSON",
}


class _Counted:
    """A part's file of which only the size is kept."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        pass


def msgspec_loop(lines: Sequence[bytes], paths: Sequence[str]) -> list[bytes]:
    """What is written without this package: decode, hash, encode. Untouched values do not keep their bytes."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    split = [path.split(".") for path in paths]

    def hash_at(value: Any, names: list[str]) -> None:
        if isinstance(value, list):
            for item in value:
                hash_at(item, names)
        elif isinstance(value, dict) and (below := value.get(names[0])) is not None:
            if len(names) > 1:
                hash_at(below, names[1:])
            else:
                text = below if isinstance(below, str) else json.dumps(below, sort_keys=True)
                value[names[0]] = hmac.digest(KEY, text.encode(), "sha256").hex()

    def masked(line: bytes) -> bytes:
        record = decode(line)
        for names in split:
            hash_at(record, names)
        return encode(record)

    return list(map(masked, lines))


def declared_loop(lines: Sequence[bytes], columns: dict[str, Column]) -> list[bytes]:
    """``unknown_fields="drop"`` without this package: decode, leave out what is not declared, encode."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode
    declared = unmarked(columns)

    def cleaned(value: Any, column: Column) -> Any:
        if isinstance(column, Struct):
            if not isinstance(value, dict):
                return None
            fields = column.fields
            return {name: cleaned(below, fields[name]) for name, below in value.items() if name in fields}
        if isinstance(column, Array) and isinstance(value, list):
            return [cleaned(item, column.items) for item in value]
        return None if isinstance(value, dict) and column is not Scalar.JSON else value

    return [encode(cleaned(decode(line), Struct(declared))) for line in lines]


def parquet(lines: Sequence[bytes], columns: dict[str, Column], compression: str) -> int:
    """A part as the package writes it.

    :returns: its size.
    """
    file = _Counted()
    encoder = Encoding("parquet", compression, columns).encoder(file)  # type: ignore[arg-type]
    for start in range(0, len(lines), BATCH):
        encoder.write(lines[start : start + BATCH])
    encoder.close()
    return file.size


def duckdb_type(column: Column) -> str:
    """A declared column as DuckDB's ``read_json`` takes it."""
    return fold(
        column,
        scalar=_DUCKDB_TYPES.__getitem__,
        array=lambda _, items: f"{items}[]",
        struct=lambda _, fields: (
            "STRUCT(" + ", ".join(f'"{name}" {kind}' for name, kind in fields.items()) + ")"
        ),
    )


def duckdb_copy(source: Path, target: Path, columns: dict[str, Column]) -> Callable[[str], int]:
    """DuckDB's ``COPY`` of JSON Lines, in one thread, with the same columns declared: ``copy("gzip")``."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    kinds = ", ".join(f"'{name}': '{duckdb_type(column)}'" for name, column in columns.items())

    def copy(compression: str) -> int:
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited', columns = {{{kinds}}}))"
            f" TO '{target}' (FORMAT parquet, COMPRESSION {compression})"
        )
        return target.stat().st_size

    return copy


def race(size: int, **contenders: Callable[[], Any]) -> dict[str, float]:
    """Megabytes of JSON a second, by CPU time, of each contender, and ``ratio``: of the first to the second."""
    least = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            started = time.process_time()
            run()
            least[name] = min(least[name], time.process_time() - started)
    rates = {name: size / MB / seconds for name, seconds in least.items()}
    first, second = rates.values()
    return {**rates, "ratio": first / second}


def measure(lines: Sequence[bytes], columns: dict[str, Column], folder: Path) -> dict[str, Any]:
    """Run everything.

    :param lines: conversations.
    :param columns: those that are declared for them.
    :param folder: takes DuckDB's files.
    """
    size = sum(map(len, lines))
    source, target = folder / "lines.jsonl", folder / "copied.parquet"
    source.write_bytes(b"".join(line + b"\n" for line in lines))
    copy = duckdb_copy(source, target, columns)
    found: dict[str, Any] = {"records": len(lines), "bytes": size, "masking": {}, "parquet": {}}
    for name, paths in {NESTED: [NESTED], "CONVERSATION_IDS": CONVERSATION_IDS}.items():
        masking = Masking(hash_fields=paths, salt=KEY.decode())
        assert list(map(masking.apply, lines[:20])) == msgspec_loop(lines[:20], paths)
        found["masking"][name] = race(
            size,
            package=lambda masking=masking: list(map(masking.apply, lines)),  # type: ignore[misc]
            msgspec=lambda paths=paths: msgspec_loop(lines, paths),  # type: ignore[misc]
        )
    policy = Masking(unknown_fields="drop", declared=columns)
    assert list(map(policy.apply, lines[:20])) == declared_loop(lines[:20], columns)
    found["unknown_fields"] = race(
        size,
        package=lambda: list(map(policy.apply, lines)),
        msgspec=lambda: declared_loop(lines, columns),
    )
    for codec in CODECS:
        found["parquet"][codec] = {
            **race(
                size,
                package=lambda codec=codec: parquet(lines, columns, codec),  # type: ignore[misc]
                duckdb=lambda codec=codec: copy(codec),  # type: ignore[misc]
            ),
            "package_bytes": parquet(lines, columns, codec),
            "duckdb_bytes": copy(codec),
        }
    return found


def main() -> None:
    """Measure, and print what came of it."""
    from airflow_provider_liveperson.datasets.catalog import dataset_named
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
    from airflow_provider_liveperson.transfers.process import tune_process

    start, end = sys.argv[1:]
    tune_process()
    lines: list[bytes] = []
    size = 0
    for record in LivePersonHook.for_connection(CONN_ID).records(DATASET, start=start, end=end):
        lines.append(msgspec.json.encode(record))
        size += len(lines[-1])
        if size > MAX_BYTES:
            break
    with tempfile.TemporaryDirectory() as folder:
        found = measure(lines, dict(dataset_named(DATASET).columns), Path(folder))
    sys.stdout.flush()
    print("\n" + json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
