"""The ``datasets`` command: what can be pulled, from the declarations themselves."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.exceptions import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.model.dataset import Dataset

_PAGE = "https://developers.liveperson.com/"
_WIDTH = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.add_argument(
        "name",
        nargs="?",
        help="a dataset, to show its fields, filters, cursors and limits; default: all, as a table",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of a table")
    form.add_argument("--markdown", action="store_true", help="print the page docs/datasets.md")


def run(args: argparse.Namespace) -> int:
    """Print every dataset, or one.

    :param args: what :func:`add_arguments` declared.
    :return: exit status, 0.
    :raises ConfigurationError: for a name that no dataset has.
    """
    from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named

    datasets = list(DATASETS.values())
    if args.name is not None:
        dataset = dataset_named(args.name)
        if args.markdown:
            raise ConfigurationError("--markdown prints the page about all datasets; leave the name out")
        print(json.dumps(describe(dataset), indent=2) if args.json else _about(dataset))
    elif args.json:
        print(json.dumps([describe(dataset) for dataset in datasets], indent=2))
    elif args.markdown:
        print(markdown(datasets), end="")
    else:
        _print_table(datasets)
    return 0


def describe(dataset: Dataset) -> dict[str, Any]:
    """What a dataset declares, as text.

    :param dataset: the declaration.
    """
    from airflow_provider_liveperson.records.columns import paths, type_name

    return {
        "name": dataset.name,
        "title": dataset.title,
        "key": dataset.key,
        "cursors": {cursor.name: cursor.use for cursor in dataset.cursors},
        "longest_window_asked_at_once": _span(dataset.limits.max_range),
        "most_records_paged_at_once": dataset.limits.max_records,
        "retention": _span(dataset.limits.retention) if not dataset.is_snapshot else "the present only",
        "lag": _span(dataset.limits.lag),
        "shape": dataset.reader.shape,
        "credentials": dataset.access.titles,
        "permission": dataset.access.permission,
        "scope": dataset.access.scope,
        "request": f"{dataset.request.method} {dataset.request.path}",
        "service": dataset.request.service,
        "filters": {name: item.description for name, item in dataset.filters.items()},
        "filter_values": {name: item.takes for name, item in dataset.filters.items()},
        "fields": {path: type_name(column) for path, column in paths(dataset.columns)},
        "documentation": dataset.url,
    }


def markdown(datasets: list[Dataset]) -> str:
    """The page about all datasets.

    :param datasets: the declarations.
    """
    told = [describe(dataset) for dataset in datasets]
    lines = [
        "# Datasets",
        "",
        "Made by `python -m airflow_provider_liveperson datasets --markdown`; a test keeps it so.",
        "`airflow liveperson datasets NAME`, or `python -m airflow_provider_liveperson datasets NAME`, shows one with"
        " the types of all its fields and",
        "the values that its filters take; `--json` gives the same to programs.",
        "",
        "| dataset | key | cursors | longest range asked at once | kept by LivePerson | lag | shape | credentials |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| [`{one['name']}`](#{one['name']}) | {one['key']} | {_names(one['cursors']) or '–'}"
        f" | {one['longest_window_asked_at_once']} | {one['retention']} | {one['lag']} | {one['shape']}"
        f" | {', '.join(one['credentials'])} |"
        for one in told
    ]
    lines += [
        "",
        "Windows may be longer than what is asked for at once: they are cut. A window that reaches past what"
        " LivePerson keeps, or ends",
        "later than the lag before now, is refused unless `allow_out_of_range=True`. Credentials are those that"
        " LivePerson's pages name;",
        "others may work, as [check](check.md) tells.",
    ]
    for one in told:
        lines += [
            "",
            f"## {one['name']}",
            "",
            f"{one['title']}. `{one['request']}` of the service `{one['service']}`,",
        ]
        lines += [f"[LivePerson's page]({one['documentation']})."]
        lines += ["", f"API key's permission: {one['permission']}. OAuth 2.0 scope: {one['scope']}."]
        if len(one["cursors"]) > 1:
            lines += ["", "| cursor | when to use it |", "| --- | --- |"]
            lines += [f"| `{name}` | {text} |" for name, text in one["cursors"].items()]
        elif one["cursors"]:
            lines += ["", *(f"Cursor `{name}`: {text}" for name, text in one["cursors"].items())]
        if one["filters"]:
            lines += ["", "| filter | |", "| --- | --- |"]
            lines += [f"| `{name}` | {text} |" for name, text in one["filters"].items()]
    return "\n".join(lines) + "\n"


def _about(dataset: Dataset) -> str:
    """Everything about one dataset, for a terminal."""
    one = describe(dataset)
    limits = [
        ("asked at once", one["longest_window_asked_at_once"]),
        ("kept", one["retention"]),
        ("lag", f"{one['lag']} until records have all appeared" if dataset.limits.lag else one["lag"]),
    ]
    if dataset.limits.max_records is not None:
        limits.insert(
            1, ("paged at once", f"{dataset.limits.max_records} records; a range with more is split")
        )
    rights = [
        ("credentials", ", ".join(one["credentials"])),
        ("API key", one["permission"]),
        ("OAuth scope", one["scope"]),
    ]
    what = [("key", one["key"]), ("shape", one["shape"])]
    lines = [
        f"{one['name']}: {one['title']}",
        f"{one['request']}",
        f"of the service {one['service']}, documented at",
        one["documentation"],
        *_section("Records", what),
        *_section("Limits", limits),
        *_section("Rights that LivePerson documents", rights),
        *_section("Cursors, the first of them by default", one["cursors"].items()),
        *_section(
            "Filters",
            ((name, f"{text} Takes {one['filter_values'][name]}.") for name, text in one["filters"].items()),
        ),
    ]
    if one["fields"]:
        widest = max(map(len, one["fields"].values()))
        lines += ["", "Fields, as hash_fields and drop_fields take them"]
        lines += [f"  {kind:{widest}}  {path}" for path, kind in one["fields"].items()]
        lines += [
            "",
            "What else LivePerson sends is kept: as it came in jsonl, in the column _other",
            "in csv and parquet. Masks reach below json as well, field by field.",
        ]
    return "\n".join(lines)


def _section(title: str, entries: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A heading and, for each name, its text beside it; nothing where there are no entries."""
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

    console = Console(highlight=False)
    for titles, rows in (
        (
            ("dataset", "cursors", "kept", "lag", "credentials"),
            (
                (
                    one["name"],
                    ", ".join(one["cursors"]) or "–",
                    one["retention"],
                    one["lag"],
                    ", ".join(one["credentials"]),
                )
                for one in map(describe, datasets)
            ),
        ),
        (
            ("dataset", "API key's permission", "OAuth 2.0 scope"),
            ((dataset.name, dataset.access.permission, dataset.access.scope) for dataset in datasets),
        ),
    ):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in titles:
            # The longest name of a cursor stays whole in 80 columns.
            narrowest = 17 if title == "cursors" else None
            table.add_column(title, no_wrap=title in ("dataset", "lag"), min_width=narrowest)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print()
    console.print("Fields, filters, keys and limits of one of them: datasets NAME")


def _names(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _span(span: timedelta | None) -> str:
    if span is None:
        return "no bound known"
    if not span:
        return "none"
    if span.days:
        return f"{span.days} days"
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
