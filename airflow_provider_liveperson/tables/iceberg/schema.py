"""The columns and partitions of an Iceberg table: made from the declared columns, and checked where a table exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any

from pyiceberg.io.pyarrow import pyarrow_to_schema
from pyiceberg.partitioning import PartitionField, PartitionFieldValue, PartitionKey, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.columns import Array, Column, Scalar, Struct, fold

PLACE = {"account_id": StringType(), "dt": DateType(), "_window": StringType()}
"""The columns that say where a row belongs; each is a partition. The same ones are in the tables over files."""

WINDOW = ("account_id", "_window")
"""The columns that name a window. A table is partitioned by their values, so that no file has rows of two windows."""

SELECTION = "liveperson.selection"
"""The table's property that says which dataset it is for, with which cursor and filters."""

_SCALARS: dict[Scalar, IcebergType] = {
    Scalar.TEXT: StringType(),
    Scalar.INTEGER: LongType(),
    Scalar.NUMBER: DoubleType(),
    Scalar.BOOLEAN: BooleanType(),
    Scalar.TIMESTAMP: TimestamptzType(),
    Scalar.JSON: StringType(),
}
_FIRST_PARTITION = 1000
_EPOCH = date(1970, 1, 1)


def schema_of(columns: Mapping[str, Column]) -> Schema:
    """The schema of a table: the columns, and those that say where a row belongs.

    :param columns: the columns of the parts.
    """
    ids = count(1)

    def field(name: str, kind: IcebergType) -> NestedField:
        return NestedField(field_id=next(ids), name=name, field_type=kind, required=False)

    def array(_: Array, items: IcebergType) -> IcebergType:
        return ListType(element_id=next(ids), element=items, element_required=False)

    def struct(_: Struct, fields: dict[str, IcebergType]) -> IcebergType:
        return StructType(*(field(name, kind) for name, kind in fields.items()))

    made = {
        name: fold(column, scalar=_SCALARS.__getitem__, array=array, struct=struct)
        for name, column in columns.items()
    }
    return Schema(*(field(name, kind) for name, kind in {**made, **PLACE}.items()))


def partition_spec(schema: Schema) -> PartitionSpec:
    """The partitions of a new table: account, day, and window.

    :param schema: the table's schema.
    """
    return PartitionSpec(
        *(
            PartitionField(
                source_id=schema.find_field(name).field_id,
                field_id=_FIRST_PARTITION + number,
                transform=IdentityTransform(),
                name=name,
            )
            for number, name in enumerate(PLACE)
        )
    )


def partition_key(table: Table, place: Mapping[str, str | date]) -> PartitionKey:
    """The partition of a window's rows.

    :param table: a table that :func:`check_table` has passed.
    :param place: the values of :data:`PLACE`.
    """
    schema, spec = table.schema(), table.spec()
    values = []
    for field in spec.fields:
        source = schema.find_field(field.source_id)
        value = place[source.name]
        plain = (value - _EPOCH).days if isinstance(value, date) else value
        values.append(PartitionFieldValue(field, field.transform.transform(source.field_type)(plain)))
    return PartitionKey(values, spec, schema)


def check_table(table: Table, selection: str) -> None:
    """Refuse a table in which a window could not be told from what else there is.

    :param table: a table that exists.
    :param selection: which dataset it is to hold, with which cursor and filters.
    :raises ConfigurationError: when it holds something else, or its columns or partitions do not serve.
    """
    name = ".".join(table.name())
    held = table.properties.get(SELECTION)
    if held is not None and held != selection:
        raise ConfigurationError(
            f"{name} holds {held}, and the manifest is about {selection}; choose another table", field="table"
        )
    schema, spec = table.schema(), table.spec()
    there = {field.name: field for field in schema.fields}
    wrong = [
        column for column, kind in PLACE.items() if column not in there or there[column].field_type != kind
    ]
    sources = [schema.find_column_name(field.source_id) or "" for field in spec.fields]
    by_value = {
        source
        for source, field in zip(sources, spec.fields, strict=True)
        if isinstance(field.transform, IdentityTransform)
    }
    if (
        wrong
        or not by_value.issuperset(WINDOW)
        or not set(sources) <= set(PLACE)
        or len(set(sources)) < len(sources)
    ):
        raise ConfigurationError(
            f"{name} was not made for landed windows: it needs the columns account_id (string), dt (date) and _window"
            " (string), and partitions by the values of account_id and _window, besides which it may only have one"
            " by dt. Name a table that does not exist, and it is created",
            field="table",
        )


def check_types(name: str, schema: Schema, wanted: Schema) -> None:
    """Refuse columns that a table has with another type.

    :param name: the table's name.
    :param schema: its schema.
    :param wanted: columns, by name.
    :raises ConfigurationError: naming the first of them.
    """
    there = set(schema.column_names)
    for column in wanted.column_names:
        if column not in there:
            continue
        has, needs = schema.find_field(column).field_type, wanted.find_field(column).field_type
        if type(has) is not type(needs) or (has.is_primitive and has != needs):
            raise ConfigurationError(
                f"the column {column} is {needs} in the parts, and {has} in {name}; choose another table, or land the"
                " windows again whose parts were written by another version of this package",
                field="table",
            )


def lacks(schema: Schema, wanted: Schema) -> bool:
    """Whether a schema lacks any of some columns, at any depth.

    :param schema: the schema.
    :param wanted: the columns.
    """
    return not set(wanted.column_names) <= set(schema.column_names)


def with_ids(arrow: Any, schema: Schema) -> Schema | None:
    """An Arrow schema as one of Iceberg, with the ids of another; None if it has columns that are not in there.

    :param arrow: the Arrow schema.
    :param schema: the schema with the ids.
    """
    try:
        return pyarrow_to_schema(arrow, name_mapping=schema.name_mapping)
    except ValueError:
        return None
