"""``airflow liveperson …``, from Airflow 3.2 on. Every ``airflow`` command loads this."""

from __future__ import annotations

import argparse
import sys

from airflow.cli.cli_config import ActionCommand, Arg, CLICommand, GroupCommand

from airflow_provider_liveperson.cli import COMMANDS, DESCRIPTION, Command


class _Arguments(Arg):
    """All the options of a command as one argument, so that they are declared in one place only.

    :param command: the command.
    """

    def __init__(self, command: Command) -> None:
        # Airflow sorts a command's options by this flag; it is never added to a parser.
        super().__init__(flags=("--",))
        self._command = command

    def add_to_parser(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        self._command.add_arguments(parser)


def _action(command: Command) -> ActionCommand:
    # Airflow survives an exception here, but one raised while it builds its parser would break the whole `airflow`
    # command.
    command.add_arguments(argparse.ArgumentParser())

    def run(arguments: argparse.Namespace) -> None:
        # Airflow ignores what a command returns.
        sys.exit(command.run(arguments))

    return ActionCommand(
        name=command.name,
        help=command.help,
        description=command.description,
        func=run,
        args=(_Arguments(command),),
    )


def get_liveperson_cli_commands() -> list[CLICommand]:
    """The commands that this provider adds to ``airflow``."""
    return [
        GroupCommand(
            name="liveperson",
            help="LivePerson tools",
            description=DESCRIPTION,
            subcommands=tuple(_action(command) for command in COMMANDS),
        )
    ]
