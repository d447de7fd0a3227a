"""Amazon Redshift: tables of its own, views, and the statements that load a window by its manifest.

``COPY`` follows the ``entries`` of a manifest. External tables of Redshift Spectrum would need each day as a partition,
and cannot select nested values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from airflow_provider_liveperson.arguments import read_text
from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.records.columns import Column, Scalar
from airflow_provider_liveperson.tables.engines import Engine
from airflow_provider_liveperson.tables.landed import Landed, read_landed
from airflow_provider_liveperson.tables.sql import Dialect, listed

_SCHEMES = ("s3://",)
_MAX_TEXT = "VARCHAR(65535)"
_DIALECT = Dialect(
    scalars={
        Scalar.TEXT: _MAX_TEXT,
        Scalar.INTEGER: "BIGINT",
        Scalar.NUMBER: "DOUBLE PRECISION",
        Scalar.BOOLEAN: "BOOLEAN",
        Scalar.TIMESTAMP: "TIMESTAMP",
        Scalar.JSON: _MAX_TEXT,
    },
    array=lambda items: "SUPER",
    struct=lambda fields: "SUPER",
)
# What the files do not hold, because it is in their path.
_FOLDERS = {"account_id": "VARCHAR(20)", "dt": "DATE", "_window": "VARCHAR(64)"}
_LANDED = _DIALECT.name("landed")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def redshift_load(
    dataset: str,
    manifest: str,
    *,
    columns: Sequence[str] | None = None,
    schema: str = "liveperson",
    iam_role: str = "default",
) -> list[str]:
    """The statements that load a landed window into its table, in place of what it held of the window.

    Run them in one transaction, as ``RedshiftDataOperator(sql=…)`` and ``SQLExecuteQueryOperator(sql=…)`` do: then
    queries see the window as it was or as it is. The files have to be Parquet, in S3. Two loads of the same window must
    not run at once: under snapshot isolation, the rows of both would stay.

    :param dataset: the dataset's name.
    :param manifest: the URI of the window's manifest, or a template of it. What a template becomes stands in the
        statements as it is.
    :param columns: the names of the columns that the files have, in order, where ``drop_fields`` or ``keep_fields``
        leave some out: ``COPY`` goes by their number. Default: all that are declared, and ``_other``.
    :param schema: the schema of the table.
    :param iam_role: the IAM role's ARN, or a template of it; ``default`` for the cluster's.
    :raises ConfigurationError: for an unknown dataset or column, for a schema that is not a plain word, and for a
        manifest or role with quotes or backslashes outside of templates.
    """
    manifest, iam_role = _plain(manifest, "manifest"), _plain(iam_role, "iam_role")
    landed = read_landed(dataset, location="s3://any", schemes=_SCHEMES, schema=schema)
    held = {name: landed.columns[name] for name in _checked(landed, columns)}
    after = f"SPLIT_PART('{manifest}', '/account_id=', 2)"
    after_day = f"SPLIT_PART({after}, '/dt=', 2)"
    account, day = f"SPLIT_PART({after}, '/', 1)", f"CAST(SPLIT_PART({after_day}, '/', 1) AS DATE)"
    window = f"SPLIT_PART({after_day}, '/', 2)"
    names = ", ".join(map(_DIALECT.name, held))
    folders = ", ".join(map(_DIALECT.name, _FOLDERS))
    role = iam_role if iam_role == "default" else f"'{iam_role}'"
    return [
        f"CREATE TEMP TABLE {_LANDED} (\n{_DIALECT.definitions(held)}\n)",
        f"COPY {_LANDED} FROM '{manifest}' IAM_ROLE {role} FORMAT AS PARQUET SERIALIZETOJSON MANIFEST",
        f"DELETE FROM {_DIALECT.table(landed)}\n"
        f'WHERE "account_id" = {account} AND "dt" = {day} AND "_window" = {window}',
        f"INSERT INTO {_DIALECT.table(landed)} ({names}, {folders})\n"
        f"SELECT {names}, {account}, {day}, {window} FROM {_LANDED}",
        f"DROP TABLE {_LANDED}",
    ]


def _plain(value: object, name: str) -> str:
    """A text that can stand between quotes."""
    text = read_text(value, name)
    if any(mark in _TEMPLATE.sub("", text) for mark in "'\\"):
        raise ConfigurationError(f"{name} is {text!r}; it must have no quotes and no backslashes", field=name)
    return text


def _checked(landed: Landed, columns: Sequence[str] | None) -> Sequence[str]:
    if columns is None:
        return list(landed.columns)
    unknown = [name for name in columns if name not in landed.columns]
    if unknown or not columns:
        raise ConfigurationError(
            f"columns is {list(columns)!r}; {landed.name} has {', '.join(landed.columns)}", field="columns"
        )
    return columns


def _field(columns: Mapping[str, Column], path: str) -> str:
    """A field's text. In a SUPER, names with capitals can be navigated only with a setting of the session."""
    first, *below = path.split(".")
    if first in columns and not below:
        return _DIALECT.name(first)
    steps = ", ".join(f"'{name}'" for name in below)
    return f"JSON_EXTRACT_PATH_TEXT(JSON_SERIALIZE({_DIALECT.name(first)}), {steps})"


def _statements(landed: Landed) -> list[str]:
    folders = listed(f"{_DIALECT.name(name)} {kind}" for name, kind in _FOLDERS.items())
    return [
        f"-- Loaded from {landed.parts}/account_id=.../dt=.../.../_manifest.json\n"
        f"CREATE TABLE IF NOT EXISTS {_DIALECT.table(landed)} (\n"
        f"{_DIALECT.definitions(landed.columns)},\n"
        f"{folders}\n"
        f")",
        *_DIALECT.view(
            landed,
            window='"_window"',
            columns=[*landed.columns, "_window"],
            field=lambda path: _field(landed.columns, path),
        ),
    ]


ENGINE = Engine(schemes=_SCHEMES, definitions=lambda tables: _DIALECT.script(tables, _statements))
