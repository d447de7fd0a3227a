"""The ``datasets`` command: what can be pulled, from the declarations themselves."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_liveperson.datasets.dataset import Dataset

_PAGE = "https://developers.liveperson.com/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON instead of a table")
    form.add_argument("--markdown", action="store_true", help="print the page docs/datasets.md")


def run(args: argparse.Namespace) -> int:
    """Print every dataset.

    :param args: what :func:`add_arguments` declared.
    :return: exit status, 0.
    """
    from airflow_provider_liveperson.datasets.catalog import DATASETS

    datasets = list(DATASETS.values())
    if args.json:
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
    return {
        "name": dataset.name,
        "title": dataset.title,
        "key": dataset.key,
        "cursors": dict(dataset.cursors),
        "longest_window_asked_at_once": _span(dataset.longest_slice),
        "retention": _span(dataset.retention) if not dataset.is_snapshot else "the present only",
        "lag": _span(dataset.lag),
        "shape": dataset.shape,
        "credentials": list(dataset.credentials),
        "permission": dataset.permission,
        "scope": dataset.scope,
        "request": f"{dataset.method} {dataset.path}",
        "service": dataset.service,
        "filters": {name: item.description for name, item in dataset.filters.items()},
        "documentation": f"{_PAGE}{dataset.documentation}",
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


def _print_table(datasets: list[Dataset]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("dataset", "key", "cursors", "longest range", "kept", "lag", "shape", "credentials"):
        table.add_column(title, overflow="fold")
    for one in map(describe, datasets):
        table.add_row(
            one["name"],
            one["key"],
            ", ".join(one["cursors"]) or "–",
            one["longest_window_asked_at_once"],
            one["retention"],
            one["lag"],
            one["shape"],
            ", ".join(one["credentials"]),
        )
    console.print(table)
    rights = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("dataset", "API key's permission", "OAuth 2.0 scope"):
        rights.add_column(title, overflow="fold")
    for dataset in datasets:
        rights.add_row(dataset.name, dataset.permission, dataset.scope)
    console.print()
    console.print(rights)


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
