"""Definitions of tables for engines that do not run here, and arguments that are refused."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.datasets.catalog import DATASETS
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.tables.bigquery import bigquery_schema
from airflow_provider_liveperson.tables.engines import ENGINES, definitions
from airflow_provider_liveperson.tables.glue import glue_table_input
from airflow_provider_liveperson.tables.redshift import redshift_load
from tests.unit.docs.blocks import ROOT, blocks_of

LOCATIONS = {
    "athena": "s3://lake/liveperson",
    "bigquery": "gs://lake/liveperson",
    "databricks": "s3://lake/liveperson",
    "dbt": "s3://lake/liveperson",
    "duckdb": "/lake/liveperson",
    "redshift": "s3://lake/liveperson",
    "snowflake": "@lake/liveperson",
    "trino": "s3://lake/liveperson",
}
# What sqlglot does not know: a clause of BigQuery's, and statements that are not about queries.
UNKNOWN = {"bigquery": "WITH PARTITION COLUMNS (`account_id` STRING, `dt` DATE)\n"}
UNPARSED = {"snowflake": "ALTER EXTERNAL TABLE", "trino": "CALL system.sync_partition_metadata"}


@functools.cache
def parsed(engine: str) -> list[exp.Expression]:
    text = definitions(engine, location=LOCATIONS[engine])
    if engine in UNKNOWN:
        assert text.count(UNKNOWN[engine]) == len(DATASETS)
        text = text.replace(UNKNOWN[engine], "")
    return [statement for statement in sqlglot.parse(text, dialect=engine) if statement is not None]


def table_columns(engine: str) -> dict[str, list[str]]:
    """The columns of all tables."""
    return {
        one.find(exp.Table).name: [column.name for column in one.this.expressions]
        for one in parsed(engine)
        if isinstance(one, exp.Create) and one.args["kind"] == "TABLE"
    }


@pytest.mark.parametrize("engine", sorted(set(ENGINES) - {"dbt"}))
class TestSql:
    def test_is_valid_in_the_engines_dialect(self, engine):
        statements = parsed(engine)
        unread = [one.sql() for one in statements if isinstance(one, exp.Command)]
        assert all(text.startswith(UNPARSED[engine]) for text in unread)
        kinds = ("TABLE", "VIEW")
        created = [one.find(exp.Table).name for one in statements if one.args.get("kind") in kinds]
        latest = [
            f"{name}_latest"
            for name, dataset in DATASETS.items()
            if dataset.is_snapshot or dataset.primary_key
        ]
        assert sorted(created) == sorted([*DATASETS, *latest])

    def test_every_name_is_in_the_schema(self, engine):
        tables = [
            table
            for statement in parsed(engine)
            for table in statement.find_all(exp.Table)
            if table.name.removesuffix("_latest") in DATASETS
        ]
        assert len(tables) > len(DATASETS)
        assert {table.db for table in tables} == {"liveperson"}


class TestAthena:
    def test_reads_the_lists_of_committed_parts_of_projected_partitions(self):
        text = definitions("athena", ["users"], location="s3://lake/liveperson/")
        assert "LOCATION 's3://lake/liveperson/_committed/users/'" in text
        assert "SymlinkTextInputFormat" in text
        assert "_committed/users/account_id=${account_id}/dt=${dt}/'" in text

    def test_tables_have_the_columns_of_glue(self):
        tables = {name: glue_table_input(name, location="s3://lake/liveperson") for name in DATASETS}
        assert table_columns("athena") == {
            name: [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
            for name, table in tables.items()
        }


@pytest.fixture(scope="module")
def glue() -> Iterator[Any]:
    """A client of moto's Glue, which has a database."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        client = boto3.client(
            "glue", region_name="eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        client.create_database(DatabaseInput={"Name": "liveperson"})
        yield client


class TestGlue:
    @pytest.mark.parametrize("name", DATASETS)
    def test_glue_takes_the_table(self, glue, name):
        table = glue_table_input(name, location="s3://lake/liveperson")
        glue.create_table(DatabaseName="liveperson", TableInput=table)
        found = glue.get_table(DatabaseName="liveperson", Name=name)["Table"]
        assert {key: found[key] for key in table} == table
        assert [key["Name"] for key in found["PartitionKeys"]] == ["account_id", "dt"]
        names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
        assert names == [
            column.lower() for column in [*DATASETS[name].columns, "_other"] if column != "hot-key"
        ]

    def test_the_operator_of_the_page_makes_the_table(self, glue, monkeypatch):
        module = pytest.importorskip("airflow.providers.amazon.aws.operators.glue_catalog")
        if not hasattr(module, "GlueCatalogCreateTableOperator"):
            pytest.skip("this version of the Amazon provider does not have the operator")
        page = blocks_of(ROOT / "docs" / "loading.md")
        (block,) = (one.text for one in page if one.kind == "python" and "glue_table_input" in one.text)
        if any(table["Name"] == "users" for table in glue.get_tables(DatabaseName="liveperson")["TableList"]):
            glue.delete_table(DatabaseName="liveperson", Name="users")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        made: dict[str, Any] = {}
        exec(
            block.replace("\nGlueCatalogCreateTableOperator(", "\nmade = GlueCatalogCreateTableOperator("),
            made,
        )
        made["made"].execute({})
        assert glue.get_table(DatabaseName="liveperson", Name="users")["Table"]["Name"] == "users"

    def test_types_are_nested(self):
        table = glue_table_input("data_access_survey", location="s3://lake")
        types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        assert types["_header"] == "struct<visitid:string,visitorid:string,contextid:string>"
        assert types["contents"].startswith(
            "array<struct<question:string,answer:string,answersubmittime:timestamp,"
        )


class TestBigQuery:
    def test_schemas_are_those_of_the_tables(self):
        assert table_columns("bigquery") == {
            name: [field["name"] for field in bigquery_schema(name)] for name in DATASETS
        }

    def test_objects_and_lists_are_nested(self):
        fields = {field["name"]: field for field in bigquery_schema("data_access_survey")}
        assert fields["id"] == {"name": "id", "type": "STRING", "mode": "NULLABLE"}
        assert fields["type"]["type"] == "INTEGER"
        assert fields["_header"]["type"] == "RECORD"
        assert fields["contents"]["mode"] == "REPEATED"
        below = {field["name"]: field for field in fields["contents"]["fields"]}
        assert below["answerSubmitTime"] == {
            "name": "answerSubmitTime",
            "type": "TIMESTAMP",
            "mode": "NULLABLE",
        }


class TestRedshift:
    @pytest.mark.parametrize("name", DATASETS)
    def test_statements_that_load_a_window_are_valid(self, name):
        uri = "s3://lake/liveperson/x/account_id=1/dt=2026-01-31/20260131T000000Z_20260201T000000Z/_manifest.json"
        statements = [sqlglot.parse_one(text, dialect="redshift") for text in redshift_load(name, uri)]
        kinds = (exp.Create, exp.Copy, exp.Delete, exp.Insert, exp.Drop)
        assert tuple(type(one) for one in statements) == kinds
        copied, inserted = statements[0], statements[3]
        names = [column.name for column in copied.this.expressions]
        assert names == [*DATASETS[name].columns, "_other"]
        table = table_columns("redshift")[name]
        assert table == [*names, "account_id", "dt", "_window"]
        assert [column.name for column in inserted.this.expressions] == table
        assert len({column.lower() for column in table}) == len(table)  # names are folded to lower case

    def test_a_role_a_schema_and_the_columns_that_are_left_can_be_given(self):
        text = ";".join(
            redshift_load(
                "users",
                "{{ ti.xcom_pull('pull')['manifest'] }}",
                columns=["id", "_other"],
                schema="raw",
                iam_role="arn:aws:iam::123456789012:role/redshift",
            )
        )
        assert "IAM_ROLE 'arn:aws:iam::123456789012:role/redshift'" in text
        assert """FROM '{{ ti.xcom_pull('pull')['manifest'] }}'""" in text
        assert 'INSERT INTO "raw"."users" ("id", "_other", "account_id", "dt", "_window")' in text

    @pytest.mark.parametrize("columns", [["id", "nothing"], []])
    def test_columns_that_cannot_be_are_refused(self, columns):
        with pytest.raises(ConfigurationError, match="users has id, ") as refused:
            redshift_load("users", "s3://lake/_manifest.json", columns=columns)
        assert refused.value.field == "columns"

    @pytest.mark.parametrize(
        "odd",
        ["o'brien", "{{ a }}'; DROP TABLE users; --{{ b }}", "a\\"],
        ids=["name", "attack", "backslash"],
    )
    def test_texts_do_not_end_before_their_quotes(self, odd):
        manifest, role = "s3://lake/{{ x['y'] }}/_manifest.json", "{{ var.value['role'] }}"
        assert redshift_load("users", manifest, iam_role=role)
        for choices, field in (
            ({"manifest": f"s3://lake/{odd}/_manifest.json"}, "manifest"),
            ({"manifest": manifest, "iam_role": odd}, "iam_role"),
        ):
            with pytest.raises(ConfigurationError, match="no quotes") as refused:
                redshift_load("users", **choices)
            assert refused.value.field == field


@pytest.fixture(scope="module")
def sources() -> dict[str, Any]:
    """What the file for dbt says about each table and view."""
    (source,) = yaml.safe_load(definitions("dbt", location=LOCATIONS["dbt"], schema="raw"))["sources"]
    assert source["name"] == "raw"
    return {table["name"]: table for table in source["tables"]}


class TestDbt:
    def test_sources_are_the_tables_and_views(self, sources):
        assert sources.keys() == {
            one.find(exp.Table).name for one in parsed("duckdb") if one.args.get("kind") == "VIEW"
        }

    @pytest.mark.parametrize("name", DATASETS)
    def test_columns_are_those_of_the_table(self, sources, name):
        columns = [column["name"] for column in sources[name]["columns"]]
        assert columns == [*DATASETS[name].columns, "_other", "account_id", "dt"]

    def test_personal_data_is_marked(self, sources):
        columns = {column["name"]: column for column in sources["users"]["columns"]}
        assert columns["loginName"]["meta"] == {"personal_data": True}
        assert "meta" not in columns["id"]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("engine", {"engine": "oracle"}),
        ("dataset", {"datasets": ["user"]}),
        ("datasets", {"datasets": "users"}),
        ("format", {"file_format": "csv"}),
        ("location", {"location": "lake/liveperson"}),
        ("location", {"location": "gs://lake/liveperson"}),
        ("location", {"location": "s3://"}),
        ("location", {"location": "s3://lake/it's"}),
        ("location", {"location": "s3://lake/*"}),
        ("location", {"location": "s3://my_aws@lake/liveperson"}),
        ("schema", {"schema": "my-schema"}),
    ],
)
def test_what_cannot_be_is_refused(field, given):
    with pytest.raises(ConfigurationError, match=f"^{field} is ") as refused:
        definitions(**{"engine": "athena", "location": "s3://lake/liveperson", **given})
    assert refused.value.field == field


class TestCommand:
    def test_prints_the_chosen_tables(self, capsys):
        options = ["--engine", "duckdb", "--location", "/lake", "--format", "csv", "--schema", "raw"]
        assert cli.main(["tables", *options, "--dataset", "users", "--dataset", "skills"]) == 0
        assert capsys.readouterr().out == definitions(
            "duckdb", ["users", "skills"], location="/lake", file_format="csv", schema="raw"
        )

    def test_a_wrong_argument_is_one_line(self, capsys):
        assert cli.main(["tables", "--engine", "oracle", "--location", "s3://lake"]) == 2
        assert capsys.readouterr().err.startswith("tables: engine is 'oracle'; it must be one of duckdb, ")
