"""A data file of an Iceberg table, written of a part's row groups.

pyiceberg's own writer takes whole tables, and makes empty lists of lists of objects that are null
(https://github.com/apache/iceberg-python/issues/3833). See ``docs/decisions/0087-what-is-used-of-pyiceberg.md``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow
from pyarrow import parquet
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import IcebergType, ListType, StructType

from airflow_provider_liveperson.tables.iceberg.schema import PLACE, partition_key

_ID = b"PARQUET:field_id"
# Bytes of Arrow: from some ten row groups of a part, one is made.
_ROW_GROUP = 64 << 20
_PLACE = {name: schema_to_pyarrow(kind, include_field_ids=False) for name, kind in PLACE.items()}


def schema_with_place(schema: Any) -> Any:
    """The Arrow schema of a data file.

    :param schema: the part's.
    """
    for name, kind in _PLACE.items():
        schema = schema.append(pyarrow.field(name, kind))
    return schema


def write_data_file(
    table: Table, name: str, part: Any, schema: Schema, place: Mapping[str, str | date]
) -> DataFile:
    """Write a data file, row group by row group.

    :param table: the table.
    :param name: the file's name, with an id that no other file has.
    :param part: the part, an open Parquet file of pyarrow.
    :param schema: the part's columns and those of :data:`PLACE`, with the ids of the table.
    :param place: the values of :data:`PLACE`.
    :returns: what a manifest of the table says of it.
    """
    properties = table.properties
    key = partition_key(table, place)
    path = table.location_provider().new_data_location(name, key)
    arrow = _with_ids(schema_with_place(part.schema_arrow), schema)
    output = table.io.new_output(path)
    codec = properties.get("write.parquet.compression-codec", "zstd")
    level = properties.get("write.parquet.compression-level")
    with (
        output.create(overwrite=True) as file,
        parquet.ParquetWriter(
            file,
            arrow,
            compression="none" if codec == "uncompressed" else codec,
            compression_level=None if level is None else int(level),
            store_schema=False,
        ) as writer,
    ):
        for rows in _larger(part.read_row_group(number) for number in range(part.num_row_groups)):
            for column, kind in _PLACE.items():
                constant = pyarrow.repeat(pyarrow.scalar(place[column], kind), rows.num_rows)
                rows = rows.append_column(column, constant)
            writer.write_table(rows.cast(arrow), row_group_size=rows.num_rows)
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=writer.writer.metadata,
        stats_columns=compute_statistics_plan(schema, properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=key.partition,
        file_size_in_bytes=len(output),
        sort_order_id=None,
        spec_id=table.spec().spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def file_name(write_id: uuid.UUID, number: int) -> str:
    """The name of a data file.

    :param write_id: says which load has written it.
    :param number: of the file.
    """
    return f"{number:05d}-{write_id}.parquet"


def _larger(tables: Iterable[Any]) -> Iterator[Any]:
    """Fewer and larger tables of the same rows."""
    waiting: list[Any] = []
    for table in tables:
        waiting.append(table)
        if sum(one.nbytes for one in waiting) >= _ROW_GROUP:
            yield pyarrow.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pyarrow.concat_tables(waiting)


def _with_ids(arrow: Any, schema: Schema) -> Any:
    """An Arrow schema with the ids of the table, by which readers find its columns."""
    return pyarrow.schema([_field(field, schema.find_field(field.name)) for field in arrow])


def _field(arrow: Any, field: Any) -> Any:
    kind = _type(arrow.type, field.field_type)
    return pyarrow.field(arrow.name, kind, metadata={_ID: str(field.field_id).encode()})


def _type(arrow: Any, kind: IcebergType) -> Any:
    if isinstance(kind, StructType):
        return pyarrow.struct([_field(field, kind.field_by_name(field.name)) for field in arrow])
    if isinstance(kind, ListType):
        return pyarrow.list_(_field(arrow.value_field, kind.element_field))
    return arrow
