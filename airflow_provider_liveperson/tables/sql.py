"""SQL that engines have in common: types and views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_liveperson.records.columns import Column, Scalar, fold
from airflow_provider_liveperson.tables.landed import LATEST, PARTITIONS, Landed


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How an engine writes types and names.

    :param scalars: its type for each kind of value.
    :param array: makes the type of a list from that of its items.
    :param struct: makes the type of an object from those of its fields, by quoted name.
    :param quote: the character around names.
    :param quotes_tables: whether names of schemas and tables are quoted, too.
    """

    scalars: Mapping[Scalar, str]
    array: Callable[[str], str]
    struct: Callable[[Mapping[str, str]], str]
    quote: str = '"'
    quotes_tables: bool = True

    def name(self, *names: str) -> str:
        """Names within each other, quoted."""
        return ".".join(f"{self.quote}{name}{self.quote}" for name in names)

    def table(self, landed: Landed, end: str = "") -> str:
        """The name of a table in its schema, or of a view with an end to it."""
        return f"{self._outer(landed.schema)}.{self._outer(landed.name + end)}"

    def _outer(self, name: str) -> str:
        return self.name(name) if self.quotes_tables else name

    def type(self, column: Column) -> str:
        """A column's type."""
        return fold(
            column,
            scalar=lambda scalar: self.scalars[scalar],
            array=lambda _, items: self.array(items),
            struct=lambda _, fields: self.struct({self.name(name): kind for name, kind in fields.items()}),
        )

    def definitions(self, columns: Mapping[str, Column]) -> str:
        """The lines of a table's columns."""
        return listed(f"{self.name(name)} {self.type(column)}" for name, column in columns.items())

    def script(self, tables: Sequence[Landed], statements: Callable[[Landed], Iterable[str]]) -> str:
        """The schema and the statements for each table, each with a semicolon, and an empty line between them.

        :param tables: what landed, for one schema.
        :param statements: makes the statements for one of them.
        """
        schema = f"CREATE SCHEMA IF NOT EXISTS {self._outer(tables[0].schema)}"
        found = [schema, *(statement for landed in tables for statement in statements(landed))]
        return "\n\n".join(f"{statement};" for statement in found) + "\n"

    def view(
        self,
        landed: Landed,
        *,
        window: str,
        columns: Iterable[str],
        field: Callable[[str], str] | None = None,
    ) -> list[str]:
        """The view of what holds now, if there is one.

        :param landed: what landed; the table has its name.
        :param window: the expression for the name of a row's window.
        :param columns: the columns that the view has, beside the partitions.
        :param field: the expression for a field, by its dotted path; default: names with dots.
        """
        field = field or (lambda path: self.name(*path.split(".")))
        if landed.latest is None:
            return []
        ranking, key = landed.latest
        selected = listed(self.name(name) for name in (*columns, *PARTITIONS))
        return [
            f"CREATE OR REPLACE VIEW {self.table(landed, LATEST)} AS\n"
            f"SELECT\n{selected}\n"
            f"FROM (\n"
            f"  SELECT *, {ranking} OVER (\n"
            f"    PARTITION BY {', '.join([self.name('account_id'), *map(field, key)])}\n"
            f"    ORDER BY {window} DESC\n"
            f"  ) AS {self.name('_rank')}\n"
            f"  FROM {self.table(landed)}\n"
            f") AS {self.name('ranked')}\n"
            f"WHERE {self.name('_rank')} = 1"
        ]


def listed(lines: Iterable[str]) -> str:
    """Lines of a list, indented."""
    return ",\n".join(f"  {line}" for line in lines)


def angled(fields: Mapping[str, str], between: str) -> str:
    """Fields in angle brackets."""
    return f"STRUCT<{', '.join(f'{name}{between}{kind}' for name, kind in fields.items())}>"
