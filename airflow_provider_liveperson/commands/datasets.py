"""The ``datasets`` command: what can be pulled, as the datasets declare it."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.datasets.model.months import Months

_PAGE = "https://developers.liveperson.com/"
_WIDTH = 80
_DAY = timedelta(days=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.add_argument(
        "name",
        nargs="?",
        help="a dataset, to show its fields, filters, cursors and limits; default: all, as a table",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Print every dataset, or one.

    :param args: what :func:`add_arguments` declared.
    :returns: the exit code, 0.
    :raises ConfigurationError: for the name of an unknown dataset.
    """
    from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named

    datasets = list(DATASETS.values())
    if args.name is not None:
        dataset = dataset_named(args.name)
        print(json.dumps(describe(dataset), indent=2) if args.json else _about(dataset))
    elif args.json:
        print(json.dumps([describe(dataset) for dataset in datasets], indent=2))
    else:
        _print_table(datasets)
    return 0


def describe(dataset: Dataset) -> dict[str, Any]:
    """Describe a dataset's declaration as text.

    :param dataset: the declaration.
    """
    from airflow_provider_liveperson.records.columns import paths, personal_paths, type_name

    return {
        "name": dataset.name,
        "title": dataset.title,
        "key": dataset.key,
        "cursors": {cursor.name: cursor.use for cursor in dataset.cursors},
        "max_range": _span(dataset.limits.max_range),
        "max_records": dataset.limits.max_records,
        "retention": _span(dataset.limits.retention) if not dataset.is_snapshot else "no history",
        "lag": _span(dataset.limits.lag),
        "rate": _rate(dataset.limits.max_per_second),
        "shape": dataset.reader.shape,
        "credentials": dataset.access.titles,
        "permission": dataset.access.permission,
        "scope": dataset.access.scope,
        "request": f"{dataset.request.method} {dataset.request.path}",
        "service": dataset.request.service,
        "services": list(dataset.request.services),
        "filters": {name: item.description for name, item in dataset.filters.items()},
        "filter_values": {name: item.takes for name, item in dataset.filters.items()},
        "fields": {path: type_name(column) for path, column in paths(dataset.columns)},
        "personal": list(personal_paths(dataset.columns)),
        "documentation": dataset.url,
    }


def _about(dataset: Dataset) -> str:
    """Describe one dataset in full, for a terminal."""
    one = describe(dataset)
    limits = [
        ("longest range", one["max_range"]),
        ("kept", one["retention"]),
        ("lag", f"{one['lag']} until all records have appeared" if dataset.limits.lag else one["lag"]),
        ("rate", one["rate"]),
    ]
    if dataset.limits.max_records is not None:
        limits.insert(
            1, ("paging limit", f"{dataset.limits.max_records} records; a range with more is split")
        )
    rights = [
        ("credentials", ", ".join(one["credentials"])),
        ("API key", one["permission"]),
        ("OAuth scope", one["scope"]),
    ]
    what = [("key", one["key"]), ("shape", one["shape"])]
    lines = [
        textwrap.fill(f"{one['name']}: {one['title']}", _WIDTH),
        f"{one['request']}",
        f"of the service {' or '.join(one['services'])}, documented at",
        one["documentation"],
        *_section("Records", what),
        *_section("Limits", limits),
        *_section("Rights that LivePerson documents", rights),
        *_section("Cursors, of which the first is the default", one["cursors"].items()),
        *_section(
            "Filters",
            (
                (name, f"{text} Accepts {one['filter_values'][name]}.")
                for name, text in one["filters"].items()
            ),
        ),
    ]
    if one["fields"]:
        kinds = {
            path: kind + "*" * any(path == above or path.startswith(f"{above}.") for above in one["personal"])
            for path, kind in one["fields"].items()
        }
        widest = max(map(len, kinds.values()))
        lines += ["", "Fields, as hash_fields and drop_fields accept them"]
        lines += [f"  {kind:{widest}}  {path}" for path, kind in kinds.items()]
        if one["personal"]:
            lines += ["", "* personal data, as in personal_data.PERSONAL_FIELDS; ids are not marked"]
        lines += [
            "",
            "Other fields that LivePerson sends are kept: in jsonl as sent, in csv and",
            "parquet in the column _other. Masks also apply below json.",
        ]
    return "\n".join(lines)


def _section(title: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A heading and the entries, each with its text beside its name; nothing if there are no entries."""
    pairs = list(entries)
    if not pairs:
        return
    yield from ("", title)
    widest = min(max(len(name) for name, _ in pairs), _WIDTH // 4)
    for name, text in pairs:
        first = f"  {name:{widest}}  "
        if len(name) > widest:
            yield first.rstrip()
            first = " " * (widest + 4)
        yield textwrap.fill(
            text, _WIDTH, initial_indent=first, subsequent_indent=" " * (widest + 4), break_on_hyphens=False
        )


def _print_table(datasets: list[Dataset]) -> None:
    from rich.console import Console
    from rich.table import Table

    described = [describe(dataset) for dataset in datasets]
    widest = max(len(f"{cursor},") for one in described for cursor in one["cursors"])
    console = Console(highlight=False)
    for columns in (
        {"key": "key", "cursors": "cursors"},
        {"longest range": "max_range", "kept": "retention", "lag": "lag", "rate": "rate"},
        {"shape": "shape", "credentials": "credentials"},
        {"API key's permission": "permission", "OAuth 2.0 scope": "scope"},
    ):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("dataset", no_wrap=True)
        for title, field in columns.items():
            # So that no name of a cursor is broken in 80 columns.
            table.add_column(title, min_width=widest if field == "cursors" else None, overflow="fold")
        for one in described:
            table.add_row(
                one["name"],
                *(
                    text if isinstance(text := one[field], str) else ", ".join(text) or "–"
                    for field in columns.values()
                ),
            )
        console.print(table)
        console.print()
    console.print("To see the fields and filters of one dataset, add its name: datasets NAME")


def _rate(per_second: float | None) -> str:
    if per_second is None:
        return "not documented"
    return f"{per_second:g} a second" if per_second >= 1 else f"{per_second * 60:g} a minute"


def _span(span: timedelta | Months | None) -> str:
    if span is None:
        return "no known limit"
    if not isinstance(span, timedelta):
        return str(span)
    if not span:
        return "none"
    if span % _DAY == timedelta(0):
        return "1 day" if span == _DAY else f"{span.days} days"
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
