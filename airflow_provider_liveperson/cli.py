"""The command line: one table of commands behind both ``python -m airflow_provider_liveperson`` and
``airflow liveperson``.

A command lives in a module with two functions: ``add_arguments(parser)``, which declares its options on an
:class:`argparse.ArgumentParser`, and ``run(arguments)``, which does the work and returns the exit code.
Building a parser imports these modules, and ``airflow --help`` does so, too: they import heavy packages only in
``run``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from airflow_provider_liveperson import __version__
from airflow_provider_liveperson.exceptions import LivePersonError

PROG = "python -m airflow_provider_liveperson"
_NOT_DONE = 2  # as argparse says it
_BROKEN_PIPE = 128 + signal.SIGPIPE  # as a shell says it
DESCRIPTION = "Tools of the LivePerson provider for Apache Airflow"


@dataclass(frozen=True)
class Command:
    """One subcommand.

    :param name: the word that users type.
    :param help: one line for lists of commands.
    :param description: the beginning of the command's own help.
    :param module: the dotted name of the module that implements it.
    """

    name: str
    help: str
    description: str
    module: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's options.

        :param parser: the command's parser.
        """
        import_module(self.module).add_arguments(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command. An error of this package becomes one line on standard error.

        :param arguments: the parsed arguments.
        :return: the exit code; 2 for an error of this package, such as a bad argument.
        """
        try:
            code = int(import_module(self.module).run(arguments) or 0)
            sys.stdout.flush()
            return code
        except LivePersonError as error:
            print(f"{self.name}: {error}", file=sys.stderr)
            return _NOT_DONE
        except BrokenPipeError:
            # The reader has enough, such as head. What is left must not be written at the end of the process.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _BROKEN_PIPE
        except KeyboardInterrupt:
            return 130


COMMANDS = (
    Command(
        name="sandbox",
        help="Run a LivePerson sandbox on this machine",
        description=(
            "Run a LivePerson sandbox on this machine, for demonstrations, tests and development: the same paths,"
            " credentials and limits as LivePerson, and invented data."
        ),
        module="airflow_provider_liveperson.sandbox.command",
    ),
    Command(
        name="examples",
        help="List the example DAGs, and copy them",
        description=(
            "List the example DAGs that come with this package, or copy them into a DAG folder, where their values can"
            " be changed. Files that are there already are never overwritten."
        ),
        module="airflow_provider_liveperson.commands.examples",
    ),
    Command(
        name="datasets",
        help="List the datasets that can be pulled",
        description=(
            "List every dataset with its cursors, how long LivePerson keeps it, how late its records may appear, and"
            " the credentials and rights that LivePerson documents for it. With a name, show one dataset in full: its"
            " fields with their types, its filters with the values they take, its cursors and its limits."
        ),
        module="airflow_provider_liveperson.commands.datasets",
    ),
    Command(
        name="check",
        help="Check what a connection can reach, and whether two connections return the same records",
        description=(
            "Check what an Airflow connection can reach: LivePerson's services, the clock, the token, and for every"
            " dataset whether it can be read, or which right to ask for. With --against, read the same small windows"
            " through a second connection and compare the records, before moving from one connection to the other."
        ),
        module="airflow_provider_liveperson.commands.check",
    ),
    Command(
        name="landed",
        help="List what has landed, what is missing, and what is damaged",
        description=(
            "List the windows that have landed below an address, by dataset and account, and what is missing between"
            " them: complete, partial (pulled before it could be complete), missing, or damaged. Only names of folders"
            " and manifests are read; with --verify, every part too."
        ),
        module="airflow_provider_liveperson.commands.landed",
    ),
    Command(
        name="tables",
        help="Print definitions of tables over landed files",
        description=(
            "Print what defines tables over landed files in a query engine: tables with partitions and typed, nested"
            " columns; and views …_latest, of the latest copy of what has no history, and of the latest state of each"
            " record that has a key."
        ),
        module="airflow_provider_liveperson.commands.tables",
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m airflow_provider_liveperson``."""
    parser = argparse.ArgumentParser(prog=PROG, description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"airflow-provider-liveperson {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.help, description=command.description)
        command.add_arguments(subparser)
        # The same name that Airflow's own parser gives it, so that a command cannot take it for an option.
        subparser.set_defaults(func=command.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    :param argv: the arguments; those of the process if ``None``.
    :return: the exit code.
    """
    arguments = build_parser().parse_args(argv)
    return int(arguments.func(arguments))
