"""Parquet parts: which of their records are a person's, and the same parts without those."""

from __future__ import annotations

from collections.abc import Set
from typing import IO, Any, BinaryIO

import msgspec

from airflow_provider_liveperson.landing.parquet_encoding import Sink, check_parquet, open_writer
from airflow_provider_liveperson.records.columns import OTHER
from airflow_provider_liveperson.records.persons import PersonFinder

_AT_ONCE = 256


class ParquetPart:
    """A Parquet part that has been downloaded.

    Its row groups stay as they are, but for the rows that are left out, so that it has the bytes that it would have if
    these had never landed.

    :param file: its bytes.
    :param compression: the codec.
    :raises ConfigurationError: when pyarrow is missing, or lacks the codec.
    """

    def __init__(self, file: IO[bytes], compression: str) -> None:
        check_parquet(compression)
        from pyarrow import parquet

        file.seek(0)
        self._compression = compression
        self._parquet = parquet.ParquetFile(file)

    def found(self, finder: PersonFinder) -> set[int]:
        """The positions of the records that are of persons looked for, counted from 0.

        :param finder: looks for them.
        """
        positions: set[int] = set()
        at = 0
        columns = self._id_columns(finder)
        for batch in self._parquet.iter_batches(batch_size=_AT_ONCE, columns=columns):
            for row in batch.to_pylist():
                other = row.pop(OTHER, None)
                is_found = finder.finds(msgspec.json.encode(row))
                if is_found or (other is not None and finder.finds(other.encode())):
                    positions.add(at)
                at += 1
        return positions

    def write_without(self, positions: Set[int], target: BinaryIO) -> None:
        """Write the same part without some records.

        :param positions: of the records that are left out.
        :param target: is only written to, in order.
        """
        import pyarrow

        pool = pyarrow.system_memory_pool()
        metadata = self._parquet.metadata
        with_statistics = _with_statistics(metadata)
        writer = open_writer(Sink(target), self._parquet.schema_arrow, self._compression, with_statistics)
        at = 0
        for group in range(metadata.num_row_groups):
            table = self._parquet.read_row_group(group)
            is_kept = [at + row not in positions for row in range(table.num_rows)]
            at += table.num_rows
            table = table.filter(pyarrow.array(is_kept)).combine_chunks(memory_pool=pool)
            if table.num_rows:
                writer.write_table(table, row_group_size=table.num_rows)
        writer.close()

    def _id_columns(self, finder: PersonFinder) -> list[str]:
        """The columns of the file that are needed to find records."""
        wanted = finder.fields
        schema = self._parquet.schema
        found = [schema.column(place).path for place in range(len(schema))]
        return [path for path in found if path == OTHER or _declared(path).casefold() in wanted]


def _declared(path: str) -> str:
    """A column's path as datasets declare it, without the marks of lists."""
    return path.replace(".list.element", "").replace(".list.item", "")


def _with_statistics(metadata: Any) -> list[str]:
    """The columns of a file that have statistics."""
    if not metadata.num_row_groups:
        return []
    group = metadata.row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    return [column.path_in_schema for column in columns if column.is_stats_set]
