"""What a load into an Iceberg table tells OpenLineage: landed datasets come in, and the table goes out.

OpenLineage is imported only by :func:`lineage_of`, which only its provider for Airflow calls, through the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_liveperson.records.columns import OTHER, Column, personal_paths
from airflow_provider_liveperson.transfers.lineage import (
    description_of,
    documentation_facet,
    names,
    schema_facet,
)

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.types import IcebergType

    from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow

_Name = tuple[str, str]


def lineage_of(read: Sequence[LandedWindow], table: Table | None) -> OperatorLineage[Any, Any]:
    """The datasets of a task: of one that has failed, those that it has read.

    :param read: the windows whose manifests it has read.
    :param table: the table that has them all; None if the task has failed.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage

    by_source: dict[_Name, list[LandedWindow]] = {}
    for landed in read:
        by_source.setdefault(names(landed.uri.partition("/account_id=")[0]), []).append(landed)
    return OperatorLineage(
        inputs=[_input(source, windows) for source, windows in by_source.items()],
        outputs=[_output(by_source, table)] if table is not None and by_source else [],
    )


def _input(source: _Name, windows: Sequence[LandedWindow]) -> Any:
    """The dataset as the landing operators name and describe it, and which of its folders were read."""
    from openlineage.client.event_v2 import InputDataset
    from openlineage.client.facet_v2 import base_subset_dataset, input_statistics_input_dataset

    latest = windows[-1]
    parts = [part for one in windows for part in one.manifest.parts]
    folders = base_subset_dataset.PartitionSubsetCondition(partitions=_partitions(windows))
    return InputDataset(
        *source,
        facets={
            **documentation_facet(latest.dataset),
            **schema_facet(_columns(latest), personal=_personal(latest), hashed=_hashed(latest)),
        },
        inputFacets={
            "subset": base_subset_dataset.InputSubsetInputDatasetFacet(inputCondition=folders),
            "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                rowCount=_rows(windows), size=sum(part.bytes for part in parts), fileCount=len(parts)
            ),
        },
    )


def _output(by_source: Mapping[_Name, Sequence[LandedWindow]], table: Table) -> Any:
    """The table, by its location, as other producers of lineage name Iceberg tables."""
    from openlineage.client.event_v2 import OutputDataset
    from openlineage.client.facet_v2 import base_subset_dataset, output_statistics_output_dataset

    windows = [one for some in by_source.values() for one in some]
    latest = windows[-1]
    written = base_subset_dataset.PartitionSubsetCondition(partitions=_partitions(windows))
    return OutputDataset(
        *names(table.location()),
        facets={
            **documentation_facet(latest.dataset),
            **_table_schema_facet(table.schema(), latest),
            **_column_facet(by_source),
            **_catalog_facets(table),
        },
        outputFacets={
            "subset": base_subset_dataset.OutputSubsetOutputDatasetFacet(outputCondition=written),
            "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                rowCount=_rows(windows)
            ),
        },
    )


def _columns(landed: LandedWindow) -> Mapping[str, Column]:
    return {name: column for name, column in landed.columns.items() if name != OTHER}


def _personal(landed: LandedWindow) -> Sequence[str]:
    return personal_paths(landed.dataset.columns)


def _hashed(landed: LandedWindow) -> Sequence[str]:
    return (landed.manifest.masking or {}).get("hash_fields") or ()


def _rows(windows: Sequence[LandedWindow]) -> int:
    return sum(one.manifest.counts.kept for one in windows)


def _partitions(windows: Sequence[LandedWindow]) -> list[Any]:
    """What tells the windows from the others of their dataset, and of the table."""
    from openlineage.client.facet_v2 import base_subset_dataset

    return [
        base_subset_dataset.Partition(dimensions={name: str(value) for name, value in one.place.items()})
        for one in windows
    ]


def _table_schema_facet(schema: Schema, landed: LandedWindow) -> dict[str, Any]:
    """The table's fields at any depth, with the types of Iceberg."""
    from openlineage.client.facet_v2 import schema_dataset as facets
    from pyiceberg.types import ListType, StructType

    personal, hashed = _personal(landed), _hashed(landed)

    def field(name: str, path: str, kind: IcebergType) -> Any:
        below: list[Any] = []
        if isinstance(kind, StructType):
            below = [field(one.name, f"{path}.{one.name}", one.field_type) for one in kind.fields]
        elif isinstance(kind, ListType):
            below = [field("_element", path, kind.element_type)]
        return facets.SchemaDatasetFacetFields(
            name=name,
            type={StructType: "struct", ListType: "array"}.get(type(kind), str(kind)),
            description=description_of(path, personal=personal, hashed=hashed),
            fields=below,
        )

    fields = [field(one.name, one.name, one.field_type) for one in schema.fields]
    return {"schema": facets.SchemaDatasetFacet(fields=fields)}


def _column_facet(by_source: Mapping[_Name, Sequence[LandedWindow]]) -> dict[str, Any]:
    """Each column comes from those of its name, as it is."""
    from openlineage.client.facet_v2 import column_lineage_dataset as facets

    as_it_is = facets.Transformation(type="DIRECT", subtype="IDENTITY")
    fields: dict[str, list[Any]] = {}
    for source, windows in by_source.items():
        for name in {name: None for one in windows for name in _columns(one)}:
            made = facets.InputField(*source, field=name, transformations=[as_it_is])
            fields.setdefault(name, []).append(made)
    return {
        "columnLineage": facets.ColumnLineageDatasetFacet(
            fields={name: facets.Fields(inputFields=from_) for name, from_ in fields.items()}
        )
    }


def _catalog_facets(table: Table) -> dict[str, Any]:
    """Where the table is registered, and by which name engines know it."""
    from openlineage.client.facet_v2 import catalog_dataset, storage_dataset, symlinks_dataset

    properties = table.catalog.properties
    uri, warehouse = (_public(properties.get(name)) for name in ("uri", "warehouse"))
    found: dict[str, Any] = {
        "storage": storage_dataset.StorageDatasetFacet(storageLayer="iceberg", fileFormat="parquet"),
        "catalog": catalog_dataset.CatalogDatasetFacet(
            framework="iceberg",
            type=str(properties.get("type") or type(table.catalog).__name__),
            name=table.catalog.name,
            metadataUri=uri,
            warehouseUri=warehouse,
            source="pyiceberg",
        ),
    }
    if uri is not None:
        namespace = uri.rstrip("/").replace("thrift://", "hive://")
        name = symlinks_dataset.Identifier(namespace=namespace, name=".".join(table.name()), type="TABLE")
        found["symlinks"] = symlinks_dataset.SymlinksDatasetFacet(identifiers=[name])
    return found


def _public(uri: object) -> str | None:
    """An address without user, password and arguments; None for what is not one."""
    try:
        parts = urlsplit(str(uri or ""))
    except ValueError:
        return None
    if not parts.scheme or "://" not in str(uri):
        return None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
