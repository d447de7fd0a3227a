"""What the demo shows of tables: a landed day, queried by DuckDB through the statements that the package writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from airflow_provider_liveperson.landing.committed import FOLDER
from airflow_provider_liveperson.tables.engines import definitions

DATASET = "messaging_interactions"
QUERY = f"""\
SELECT info->>'$.closeReason' AS closed_by, count(*) AS conversations,
  round(median((info->>'$.duration')::BIGINT) / 60000, 1) AS minutes,
  sum(json_array_length("messageRecords")) AS messages
FROM liveperson.{DATASET}_latest
GROUP BY ALL ORDER BY conversations DESC, closed_by"""


def copy_down(s3: Any, bucket: str, prefix: str, folder: Path) -> None:
    """Copy what has landed of the dataset, and the lists of its committed parts, into a local folder.

    DuckDB could read them where they are, with an extension that it would have to download first.

    :param s3: a client for the S3 server.
    :param bucket: the bucket.
    :param prefix: where the layout begins.
    :param folder: where it begins in the file system.
    """
    for below in (DATASET, f"{FOLDER}/{DATASET}"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/{below}/"):
            for item in page.get("Contents", []):
                path = folder / item["Key"].removeprefix(f"{prefix}/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def answer(folder: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Define the tables, and ask :data:`QUERY`.

    :param folder: where the layout begins.
    :returns: the names of the columns, and the rows.
    """
    offline = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    with duckdb.connect(config=offline) as connection:
        connection.execute(definitions("duckdb", [DATASET], location=str(folder), file_format="jsonl"))
        found = connection.execute(QUERY)
        return [column[0] for column in found.description or ()], found.fetchall()


def table(names: list[str], rows: list[tuple[Any, ...]]) -> Table:
    """The rows as a table, in 80 columns.

    :param names: the names of the columns.
    :param rows: the rows.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(names):
        made.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        made.add_row(*map(str, row))
    return made
