"""The ``check`` command: what a connection can reach, and whether two return the same records."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_liveperson.commands.surroundings import nothing_else_on_stdout, use_airflows_database

if TYPE_CHECKING:
    from rich.console import Console

    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.diagnostics.progress import Progress
    from airflow_provider_liveperson.diagnostics.report import CheckReport, Comparison, ConnectionReport

_WIDTH = 80
_MAX_RECORDS = 1000
_EPILOG = """\
One connection: the exit code is 0 when at least one dataset can be read, and 1 when nothing can be read. With
--against: 0 when every dataset that both can read agrees, and there is at least one; 1 when one differs, when only one
connection can read it, or when it could not be compared. --dataset leaves the others out. In both cases 2 when nothing
was checked: for a bad argument, or a connection that does not exist or cannot be used.
"""
_STYLES = {
    "readable": "green",
    "agree": "green",
    "refused": "red",
    "differ": "red",
    "one side": "red",
    "unknown": "yellow",
    "skipped": "dim",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.epilog = _EPILOG
    parser.add_argument("conn_id", metavar="CONN_ID", help="a LivePerson connection of this Airflow")
    parser.add_argument(
        "--against", metavar="OTHER_CONN_ID", help="read through this connection too, and compare"
    )
    parser.add_argument(
        "--dataset",
        action="append",
        metavar="NAME",
        help="check only this dataset; may be given several times (default: all)",
    )
    parser.add_argument(
        "--start", help="with --against: first instant to compare, such as 2026-01-31T00:00:00Z (default: the"
        " last whole day, in UTC, that is complete, or what LivePerson still has of it)",
    )  # fmt: skip
    parser.add_argument("--end", help="with --against: first instant that is not compared")
    parser.add_argument(
        "--max-records",
        type=int,
        default=_MAX_RECORDS,
        metavar="N",
        help="with --against: compare at most N records of a dataset (default: %(default)s); datasets without a"
        " history, such as users, are compared whole",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(args: argparse.Namespace) -> int:
    """Check, and print the report.

    :param args: the options that :func:`add_arguments` declared.
    :return: exit status; the epilog of ``--help`` explains it.
    :raises LivePersonError: for a bad argument or connection.
    """
    with nothing_else_on_stdout():
        report = _run_checks(args)
    if args.json:
        print(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(report)
    return 0 if report.ok else 1


def _run_checks(args: argparse.Namespace) -> CheckReport:
    from airflow_provider_liveperson.datasets.catalog import DATASETS, dataset_named
    from airflow_provider_liveperson.diagnostics.checks import run_checks
    from airflow_provider_liveperson.exceptions import ConfigurationError
    from airflow_provider_liveperson.window import resolve_window

    if args.against is None and (args.start or args.end):
        raise ConfigurationError("--start and --end need --against", field="against")
    if args.start or args.end:
        resolve_window(start=args.start, end=args.end)
    names = dict.fromkeys(args.dataset or DATASETS)
    datasets: list[Dataset] = [dataset_named(name) for name in names]
    conn_ids = [args.conn_id] if args.against is None else [args.conn_id, args.against]
    first, *rest = [_hook(conn_id) for conn_id in conn_ids]
    with _progress_line() as show:
        return run_checks(
            first,
            *rest,
            datasets=datasets,
            start=args.start,
            end=args.end,
            max_records=args.max_records,
            on_progress=show,
        )


def _hook(conn_id: str) -> Any:
    """The hook of a connection, from wherever Airflow keeps it: environment, secrets backend or database."""
    use_airflows_database()

    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

    return LivePersonHook.for_connection(conn_id)


@contextmanager
def _progress_line() -> Iterator[Callable[[Progress], None] | None]:
    """Shows the progress in one line of a terminal, which is cleared at the end; nothing where there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    width = shutil.get_terminal_size((_WIDTH, 24)).columns

    def show(progress: Progress) -> None:
        sys.stderr.write(f"\r\x1b[2K{progress_text(progress)[: width - 1]}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def progress_text(progress: Progress) -> str:
    """The progress as a line.

    :param progress: the progress.
    """
    verb = "Checked" if progress.step == "check" else "Compared"
    current = f": {', '.join(progress.current)}" if progress.current else ""
    return f"{verb} {progress.done} of {progress.total}{current}"


def _print(report: CheckReport) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for connection in report.connections:
        _print_report(console, connection)
    if report.comparison is not None:
        _print_comparison(console, report.comparison)


def _print_report(console: Console, report: ConnectionReport) -> None:
    from rich.markup import escape

    console.print(
        f"[bold]{escape(report.connection)}[/bold]: account {report.account_id}, {report.credential}"
    )
    for name, finding in (("services", report.services), ("clock", report.clock), ("token", report.token)):
        _print_row(console, name, finding.sentence)
    if report.privacy:
        _print_row(console, "privacy", report.privacy)
    if report.refusal:
        _print_row(console, "refusal", report.refusal)
    table = _table("dataset", "state", "details")
    refused: dict[str, str] = {}
    for access in report.datasets:
        # One credential is often refused for one reason by many; --json has each refusal in full.
        if access.detail and access.status == "refused":
            first = refused.setdefault(access.sentence, access.dataset)
            if first != access.dataset:
                table.add_row(access.dataset, _styled(access.status), f"As {first}.")
                continue
        # For a 403, the sentence says all that there is to do.
        detail = f"\n[dim]{escape(access.detail)}[/dim]" if access.detail and access.answered != 403 else ""
        table.add_row(access.dataset, _styled(access.status), escape(access.sentence) + detail)
    console.print()
    console.print(table)
    console.print(f"\n{escape(report.sentence)}\n")


def _print_comparison(console: Console, comparison: Comparison) -> None:
    from rich.markup import escape

    first, second = comparison.connections
    console.print(f"[bold]{escape(first)} against {escape(second)}[/bold]")
    table = _table("dataset", "state", "window", "result")
    for compared in comparison.datasets:
        lines = [escape(compared.sentence)]
        for keys, which in (
            (compared.only_first, f"only through {first}"),
            (compared.only_second, f"only through {second}"),
            (compared.differing, "different"),
        ):
            if keys.examples:
                more = ", …" if keys.count > len(keys.examples) else ""
                lines.append(f"[dim]{escape(which)}: {escape(', '.join(keys.examples))}{more}[/dim]")
        if compared.fields:
            lines.append(f"[dim]fields: {escape(', '.join(compared.fields))}[/dim]")
        window = "\n".join(compared.window) if compared.window else "–"
        table.add_row(compared.dataset, _styled(compared.outcome), window, "\n".join(lines))
    console.print()
    console.print(table)
    console.print(f"\n{escape(comparison.sentence)}")


def _print_row(console: Console, name: str, sentence: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    row = Table.grid(padding=(0, 2))
    row.add_column(width=8)
    row.add_column(overflow="fold")
    row.add_row(name, escape(sentence))
    console.print(row)


def _table(*titles: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title in ("dataset", "state", "window"))
    return table


def _styled(state: str) -> str:
    return f"[{_STYLES[state]}]{state}[/]"
