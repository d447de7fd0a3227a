"""The ``landed`` command: what has landed of each dataset, what is missing, and whether it is still as it landed."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from typing import TYPE_CHECKING

from airflow_provider_liveperson.commands.surroundings import nothing_else_on_stdout, use_airflows_database

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_liveperson.coverage.states import WindowState

_EPILOG = """\
The exit code is 0 when every window is complete, 1 when one is partial, missing or damaged, and 2 when that could not
be found out: for a bad argument, or a store that refuses.
"""
_MAX_WIDTH = 1000
_STYLES = {"complete": "green", "partial": "yellow", "missing": "red", "damaged": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.epilog = _EPILOG
    parser.add_argument(
        "uri",
        metavar="URI",
        help="where data has landed: s3://bucket/prefix, a URL of Airflow's ObjectStoragePath, or a local folder",
    )
    parser.add_argument(
        "--dataset",
        action="append",
        metavar="NAME",
        help="only this dataset; may be given several times (default: all that have landed)",
    )
    parser.add_argument("--account", metavar="ID", help="only this LivePerson account (default: all)")
    parser.add_argument(
        "--from",
        dest="start",
        metavar="START",
        help="first instant of the range, such as 2026-01-31T00:00:00Z (default: of each dataset, the beginning of"
        " the first window that has landed)",
    )
    parser.add_argument(
        "--to",
        dest="end",
        metavar="END",
        help="first instant after the range (default: of each dataset, the last midnight, UTC, up to which LivePerson"
        " has all records, or the end of the last window that has landed, if that is later)",
    )
    parser.add_argument(
        "--aws-conn-id",
        default="aws_default",
        metavar="CONN_ID",
        help="for s3://: an AWS connection of this Airflow (default: %(default)s); empty for the machine's own"
        " credentials",
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="read every part, and compare its size and its SHA-256, and the list of parts, with the manifest",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(args: argparse.Namespace) -> int:
    """Look, and print what there is.

    :param args: the options that :func:`add_arguments` declared.
    :return: exit status; the epilog of ``--help`` explains it.
    :raises LivePersonError: for a bad argument, or a store that refuses.
    """
    with nothing_else_on_stdout():
        states = _states(args)
    ok = not any(state.is_gap for state in states)
    if args.json:
        print(json.dumps({"ok": ok, "windows": [state.to_dict() for state in states]}, indent=2))
    else:
        _print(states)
    return 0 if ok else 1


def _states(args: argparse.Namespace) -> list[WindowState]:
    from airflow_provider_liveperson.coverage.landed import Landed
    from airflow_provider_liveperson.datasets.catalog import dataset_named
    from airflow_provider_liveperson.exceptions import ConfigurationError
    from airflow_provider_liveperson.hooks.destinations import store_at
    from airflow_provider_liveperson.window import instant

    names = [dataset_named(name).name for name in args.dataset or ()]
    start = None if args.start is None else instant(args.start, "--from")
    end = None if args.end is None else instant(args.end, "--to")
    if start is not None and end is not None and start >= end:
        raise ConfigurationError(f"--from ({args.start}) must be before --to ({args.end})", field="to")
    use_airflows_database()
    store, prefix = store_at(args.uri, aws_conn_id=args.aws_conn_id)
    landed = Landed(store, prefix, verify=args.verify)
    series = landed.series(names, args.account)
    if not series:
        raise ConfigurationError(
            f"nothing has landed in {args.uri}{f' of account {args.account}' if args.account else ''}; check the"
            " address, or name a dataset, and the range from which it should be there",
            field="uri",
        )
    return [state for one in series for state in landed.states(one, start, end)]


def _shown(moment: datetime) -> str:
    """An instant, in a form that ``--from`` takes, and so short that a table fits into 80 columns."""
    from airflow_provider_liveperson.window import stamp

    shown = stamp(moment)
    return shown.removesuffix(":00Z") + "Z" if shown.endswith(":00Z") else shown


def _print(states: list[WindowState]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.measure import Measurement
    from rich.table import Table

    from airflow_provider_liveperson.window import stamp

    console = Console(highlight=False)
    series: dict[tuple[str, str | None], list[WindowState]] = {}
    for state in states:
        series.setdefault((state.dataset, state.account_id), []).append(state)
    for (dataset, account_id), windows in series.items():
        console.print(f"[bold]{escape(dataset)}[/bold], account {escape(account_id or 'unknown')}")
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for title in ("start", "end", "state"):
            table.add_column(title, no_wrap=True)
        for title in ("reported", "received", "kept", "bytes"):
            table.add_column(title, justify="right", no_wrap=True)
        for state in windows:
            numbers = (state.reported, state.received, state.kept, state.size)
            table.add_row(
                _shown(state.window.start),
                _shown(state.window.end),
                f"[{_STYLES[state.status]}]{state.status}[/]",
                *("–" if number is None else f"{number}" for number in numbers),
            )
        # A narrow terminal wraps lines; a number must not be cut.
        wide = Measurement.get(console, console.options.update(max_width=_MAX_WIDTH), table).maximum
        console.width = max(console.width, wide)
        console.print(table)
        for state in windows:
            for problem in state.problems:
                console.print(f"{stamp(state.window.start)}: {escape(problem)}", soft_wrap=True)
        console.print()
    if not states:
        console.print("No windows in this range.")
        return
    counts = Counter(state.status.value for state in states)
    total = f"{len(states)} window{'s' if len(states) != 1 else ''}"
    console.print(
        f"{total}: {', '.join(f'{counts[status]} {status}' for status in _STYLES if counts[status])}."
    )
