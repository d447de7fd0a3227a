"""What a pull tells OpenLineage: a dataset of LivePerson comes in, and one dataset goes out, whatever its parts are.

OpenLineage is imported only by :func:`lineage_of`, which only its provider for Airflow calls, through the operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.landing.layout import Layout
from airflow_provider_liveperson.records.branch import is_covered, is_masked
from airflow_provider_liveperson.records.columns import Column, Struct, fold, paths, personal_paths
from airflow_provider_liveperson.window import Window, stamp

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.land import LandRequest
    from airflow_provider_liveperson.pull.pull import PullResult
    from airflow_provider_liveperson.records.policy import ConnectionPolicy

_SCHEMES = {"gcs": "gs", "s3a": "s3", "s3n": "s3"}
HASHED = "HMAC-SHA256 hash"
PERSONAL = "personal data"


def lineage_of(
    request: LandRequest | None,
    account_id: str | None,
    privacy: ConnectionPolicy | None,
    result: PullResult | None,
    *,
    folder: Callable[[], str],
) -> OperatorLineage[Any, Any]:
    """The datasets of a task: of one that has failed, those that it was to read and to write.

    :param request: what it lands; None where its arguments could not be read.
    :param account_id: the LivePerson account; None where its connection could not be read.
    :param privacy: what the connection has masked; None likewise.
    :param result: what has landed; None unless all of it has.
    :param folder: the URI of the folder below which the layout begins.
    """
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    if request is None or account_id is None or privacy is None:
        return OperatorLineage()
    dataset = request.dataset
    source = (f"liveperson://{account_id}", dataset.name)
    namespace, name = names(f"{folder()}/{dataset.name}")
    about = documentation_facet(dataset)
    masking = request.masking(privacy)
    columns = dataset.columns if masking is None else masking.columns(dataset.columns)
    hashed = () if masking is None else masking.hash_fields
    personal = personal_paths(dataset.columns)
    return OperatorLineage(
        inputs=[
            InputDataset(
                *source,
                facets={**about, **schema_facet(dataset.columns, personal=personal)},
                inputFacets=_window_facet(request),
            )
        ],
        outputs=[
            OutputDataset(
                namespace,
                name,
                facets={
                    **about,
                    **schema_facet(columns, personal=personal, hashed=hashed),
                    **_column_facet(source, dataset.columns, columns, hashed=hashed),
                },
                outputFacets={
                    **_days_facet(dataset.name, account_id, (result or request).landed_windows()),
                    **_statistics_facet(request, result),
                },
            )
        ],
    )


def names(uri: str) -> tuple[str, str]:
    """Namespace and name of a folder, by OpenLineage's rules for object stores and local files.

    :param uri: the folder's URI.
    """
    # Not urlsplit: what is a query or a fragment of a web page's address belongs to a folder's name.
    scheme, _, rest = uri.partition("://")
    host, _, path = rest.partition("/")
    if scheme == "file":
        return "file", f"/{path}"
    return f"{_SCHEMES.get(scheme, scheme)}://{host}", path.strip("/")


def documentation_facet(dataset: Dataset) -> dict[str, Any]:
    """What a dataset is, and LivePerson's page about it.

    :param dataset: the dataset.
    """
    from openlineage.client.facet_v2 import documentation_dataset as facets

    about = f"{dataset.title}; see {dataset.url}"
    return {"documentation": facets.DocumentationDatasetFacet(description=about)}


def description_of(path: str, *, personal: Sequence[str], hashed: Sequence[str]) -> str | None:
    """What readers of lineage should know of a field; None for nothing.

    :param path: its dotted path.
    :param personal: the paths of personal fields.
    :param hashed: the paths of hashed ones.
    """
    return HASHED if is_masked(path, hashed) else PERSONAL if is_covered(path, personal) else None


def schema_facet(
    columns: Mapping[str, Column], *, personal: Sequence[str] = (), hashed: Sequence[str] = ()
) -> dict[str, Any]:
    """The fields at any depth, with those described that are personal or hashed; also what is in these.

    :param columns: the columns.
    :param personal: the paths of personal fields.
    :param hashed: the paths of hashed ones.
    """
    from openlineage.client.facet_v2 import schema_dataset as facets

    Make = Callable[[str, str], Any]  # makes a field of its name and its dotted path

    def field(name: str, path: str, kind: str, fields: Sequence[Any] = ()) -> Any:
        description = description_of(path, personal=personal, hashed=hashed)
        return facets.SchemaDatasetFacetFields(
            name=name, type=kind, description=description, fields=list(fields)
        )

    def struct(_: Struct, below: dict[str, Make]) -> Make:
        return lambda name, path: field(
            name, path, "struct", [make(inner, f"{path}.{inner}") for inner, make in below.items()]
        )

    def make_of(column: Column) -> Make:
        return fold(
            column,
            scalar=lambda scalar: lambda name, path: field(name, path, scalar.value),
            array=lambda _, items: lambda name, path: field(name, path, "array", [items("_element", path)]),
            struct=struct,
        )

    if not columns:
        return {}
    made = [make_of(column)(name, name) for name, column in columns.items()]
    return {"schema": facets.SchemaDatasetFacet(fields=made)}


def _column_facet(
    source: tuple[str, str],
    declared: Mapping[str, Column],
    columns: Mapping[str, Column],
    *,
    hashed: Sequence[str],
) -> dict[str, Any]:
    """Each column comes from the one of its name: as it is, or masked, if anything in it is hashed or left out."""
    from openlineage.client.facet_v2 import column_lineage_dataset as facets

    landed = {path for path, _ in paths(columns)}
    left_out = [path for path, _ in paths(declared) if path not in landed and not is_masked(path, hashed)]

    def transformation(column: str) -> Any:
        told = [
            f"{what}: {', '.join(inside)}"
            for what, masked in (("hashed", hashed), ("left out", left_out))
            if (inside := [path for path in masked if is_masked(path, [column])])
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


def _days_facet(dataset: str, account_id: str, windows: Iterable[Window]) -> dict[str, Any]:
    """What of the output is written: a partition for each folder that a window lands in."""
    from openlineage.client.facet_v2 import base_subset_dataset as facets

    partitions = [
        facets.Partition(
            dimensions={"account_id": account_id, "dt": str(window.start.date())},
            identifier=Layout(prefix="").folder(dataset, account_id, window),
        )
        for window in windows
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
