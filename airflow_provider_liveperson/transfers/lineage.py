"""What a pull tells OpenLineage: a dataset of LivePerson comes in, and one dataset goes out, whatever its parts are.

OpenLineage is imported only by :func:`lineage_of`, which only its provider for Airflow calls, through the operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.records.columns import Column, fold
from airflow_provider_liveperson.window import stamp

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_liveperson.land import LandRequest
    from airflow_provider_liveperson.pull.pull import PullResult

_SCHEMES = {"gcs": "gs", "s3a": "s3", "s3n": "s3"}
HASHED = "HMAC-SHA256 hash"
PERSONAL = "personal data"


def lineage_of(
    request: LandRequest | None,
    account_id: str | None,
    result: PullResult | None,
    *,
    folder: Callable[[], str],
) -> OperatorLineage:
    """The datasets of a task: of one that has failed, those that it was to read and to write.

    :param request: what it lands; None where its arguments could not be read.
    :param account_id: the LivePerson account; None where its connection could not be read.
    :param result: what has landed; None unless all of it has.
    :param folder: the URI of the folder below which the layout begins.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import documentation_dataset

    if request is None or account_id is None:
        return OperatorLineage()
    dataset = request.dataset
    source = (f"liveperson://{account_id}", dataset.name)
    namespace, name = names(f"{folder()}/{dataset.name}")
    about = documentation_dataset.DocumentationDatasetFacet(description=f"{dataset.title}; see {dataset.url}")
    masked = {"hash_fields": request.hash_fields, "drop_fields": request.drop_fields}
    landed = {"documentation": about, **_schema_facet(dataset.columns, **masked)}
    return OperatorLineage(
        inputs=[
            InputDataset(
                *source,
                facets={"documentation": about, **_schema_facet(dataset.columns)},
                inputFacets=_window_facet(request),
            )
        ],
        outputs=[
            OutputDataset(
                namespace,
                name,
                facets={**landed, **_column_facet(source, dataset.columns, **masked)},
                outputFacets={**_days_facet(request, account_id), **_statistics_facet(request, result)},
            )
        ],
    )


def names(uri: str) -> tuple[str, str]:
    """Namespace and name of a folder, by OpenLineage's rules for object stores and local files.

    :param uri: the folder's URI.
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", parts.path
    return f"{_SCHEMES.get(parts.scheme, parts.scheme)}://{parts.netloc}", parts.path.strip("/")


def _schema_facet(
    columns: Mapping[str, Column], *, hash_fields: Sequence[str] = (), drop_fields: Sequence[str] = ()
) -> dict[str, Any]:
    """The declared fields, at any depth, with hashed and personal ones marked; of dropped ones nothing."""
    from openlineage.client.facet_v2 import schema_dataset as facets

    Field = facets.SchemaDatasetFacetFields
    Make = Callable[[str, str], Any]  # makes a Field of a name and a dotted path

    def of(below: Mapping[str, Make], above: str) -> list[Any]:
        kept = {name: f"{above}{name}" for name in below if f"{above}{name}" not in drop_fields}
        return [
            Field(name=name, type="text", description=HASHED)
            if path in hash_fields
            else below[name](name, path)
            for name, path in kept.items()
        ]

    def personal(make: Make) -> Make:
        def marked(name: str, path: str) -> Any:
            field = make(name, path)
            field.description = PERSONAL
            return field

        return marked

    def make_of(column: Column) -> Make:
        return fold(
            column,
            scalar=lambda scalar: lambda name, path: Field(name=name, type=scalar.value),
            array=lambda _, items: (
                lambda name, path: Field(name=name, type="array", fields=[items("_element", path)])
            ),
            struct=lambda _, below: (
                lambda name, path: Field(name=name, type="struct", fields=of(below, f"{path}."))
            ),
            personal=personal,
        )

    made = of({name: make_of(column) for name, column in columns.items()}, "")
    return {"schema": facets.SchemaDatasetFacet(fields=made)} if made else {}


def _column_facet(
    source: tuple[str, str],
    columns: Mapping[str, Column],
    *,
    hash_fields: Sequence[str],
    drop_fields: Sequence[str],
) -> dict[str, Any]:
    """Each column comes from the one of its name: as it is, or masked, if anything in it is hashed or dropped."""
    from openlineage.client.facet_v2 import column_lineage_dataset as facets

    def transformation(column: str) -> Any:
        hashed, dropped = (
            [path for path in fields if path == column or path.startswith(f"{column}.")]
            for fields in (hash_fields, drop_fields)
        )
        told = [
            f"{what}: {', '.join(paths)}"
            for what, paths in (("hashed", hashed), ("dropped", dropped))
            if paths
        ]
        return facets.Transformation(
            type="DIRECT",
            subtype="TRANSFORMATION" if told else "IDENTITY",
            description="; ".join(told) or None,
            masking=bool(told),
        )

    fields = {
        column: facets.Fields(
            inputFields=[facets.InputField(*source, field=column, transformations=[transformation(column)])]
        )
        for column in columns
        if column not in drop_fields
    }
    return {"columnLineage": facets.ColumnLineageDatasetFacet(fields=fields)} if fields else {}


def _window_facet(request: LandRequest) -> dict[str, Any]:
    """What of the input was asked for: the cursor's range; all of a snapshot."""
    from openlineage.client.facet_v2 import base_subset_dataset as facets

    query, dataset = request.query, request.dataset
    cursor = dataset.cursor(query.cursor) if query.cursor else None
    if cursor is None or dataset.is_snapshot:
        return {}

    def compare(comparison: str, moment: datetime) -> Any:
        return facets.CompareSubsetCondition(
            left=facets.FieldBaseCompareExpression(field=cursor.field or cursor.name),
            right=facets.LiteralCompareExpression(value=stamp(moment)),
            comparison=comparison,
        )

    condition = compare("GREATER_EQUAL_THAN", query.window.start)
    if not cursor.open_ended:
        until = compare("LESS_THAN", query.window.end)
        condition = facets.BinarySubsetCondition(left=condition, right=until, operator="AND")
    return {"subset": facets.InputSubsetInputDatasetFacet(inputCondition=condition)}


def _days_facet(request: LandRequest, account_id: str) -> dict[str, Any]:
    """What of the output is written: a partition for each folder that a window lands in."""
    from openlineage.client.facet_v2 import base_subset_dataset as facets

    partitions = [
        facets.Partition(
            dimensions={"account_id": account_id, "dt": str(window.start.date())},
            identifier=Layout(prefix="").folder(request.dataset.name, account_id, window),
        )
        for window in request.landed_windows()
    ]
    return {
        "subset": facets.OutputSubsetOutputDatasetFacet(
            outputCondition=facets.PartitionSubsetCondition(partitions=partitions)
        )
    }


def _statistics_facet(request: LandRequest, result: PullResult | None) -> dict[str, Any]:
    """How much has landed; files that land as they came have no rows that were counted."""
    from openlineage.client.facet_v2 import output_statistics_output_dataset as facets

    if result is None:
        return {}
    return {
        "outputStatistics": facets.OutputStatisticsOutputDatasetFacet(
            rowCount=None if request.raw else result.records, size=result.bytes, fileCount=len(result.objects)
        )
    }
