from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import types

import pytest

from airflow_provider_liveperson import __version__, cli
from airflow_provider_liveperson.exceptions import ConfigurationError

MODULE = "liveperson_pretended_command"


@pytest.fixture
def pretended(monkeypatch):
    """A command whose module exists only in this test, with the arguments of its calls."""
    calls: list[argparse.Namespace] = []
    module = types.ModuleType(MODULE)

    def add_arguments(parser):
        group = parser.add_argument_group("where")
        group.add_argument("--port", type=int, default=8080)
        exclusive = parser.add_mutually_exclusive_group()
        exclusive.add_argument("--quiet", action="store_const", const=0, dest="level")
        exclusive.add_argument("--loud", action="store_const", const=2, dest="level")

    def run(arguments):
        calls.append(arguments)
        return 3 if arguments.level == 2 else 0

    module.add_arguments, module.run, module.calls = add_arguments, run, calls
    monkeypatch.setitem(sys.modules, MODULE, module)
    command = cli.Command(name="pretend", help="Pretend", description="Pretend a lot", module=MODULE)
    monkeypatch.setattr(cli, "COMMANDS", (command,))
    return module


def test_runs_a_command_with_its_options(pretended):
    assert cli.main(["pretend", "--port", "99"]) == 0
    assert pretended.calls[0].port == 99


def test_returns_the_commands_exit_code(pretended):
    assert cli.main(["pretend", "--loud"]) == 3


def test_no_result_counts_as_success(pretended):
    pretended.run = lambda arguments: None
    assert cli.main(["pretend"]) == 0


def test_an_error_of_this_package_is_one_line(pretended, capsys):
    def run(arguments):
        raise ConfigurationError("account_id is missing")

    pretended.run = run
    assert cli.main(["pretend"]) == 2
    assert capsys.readouterr().err == "pretend: account_id is missing\n"


def test_any_other_error_is_not_hidden(pretended):
    def run(arguments):
        raise ZeroDivisionError

    pretended.run = run
    with pytest.raises(ZeroDivisionError):
        cli.main(["pretend"])


def test_an_interruption_ends_quietly(pretended):
    def run(arguments):
        raise KeyboardInterrupt

    pretended.run = run
    assert cli.main(["pretend"]) == 130


@pytest.mark.parametrize(
    "argv",
    [["datasets", "--json"], ["examples"], ["tables", "--engine", "duckdb", "--location", "/lake"]],
    ids=lambda argv: argv[0],
)
def test_who_reads_only_the_beginning_sees_no_traceback(argv):
    """As ``… | head`` does."""
    reading, writing = os.pipe()
    os.close(reading)
    answer = subprocess.run(
        [sys.executable, "-m", "airflow_provider_liveperson", *argv],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (answer.returncode, answer.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize("argv", [[], ["nothing"]])
def test_requires_a_known_command(pretended, argv, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(argv)
    assert "python -m airflow_provider_liveperson" in capsys.readouterr().err


def test_prints_its_version(pretended, capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"airflow-provider-liveperson {__version__}\n"


@pytest.mark.parametrize("name", [command.name for command in cli.COMMANDS])
class TestRealCommands:
    def test_has_help(self, name):
        answer = subprocess.run(
            [sys.executable, "-m", "airflow_provider_liveperson", name, "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        assert f"python -m airflow_provider_liveperson {name}" in answer.stdout

    def test_declaring_its_options_imports_nothing_heavy(self, name):
        script = (
            "import sys; from airflow_provider_liveperson.cli import build_parser; build_parser();"
            "print(sorted(set(sys.modules) & {'airflow', 'fastapi', 'graphql', 'jwt', 'oauthlib', 'pydantic',"
            " 'requests', 'starlette', 'uvicorn'}))"
        )
        answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout == "[]\n"


class TestInsideAirflow:
    """The same commands as `airflow liveperson`."""

    @pytest.fixture
    def parser(self, pretended, monkeypatch):
        from airflow.cli.cli_parser import _add_command

        from airflow_provider_liveperson import cli_definition

        monkeypatch.setattr(cli_definition, "COMMANDS", cli.COMMANDS)
        parser = argparse.ArgumentParser(prog="airflow")
        subparsers = parser.add_subparsers(dest="subcommand")
        for command in cli_definition.get_liveperson_cli_commands():
            _add_command(subparsers, command)
        return parser

    def test_runs_a_command_with_its_options(self, parser, pretended):
        arguments = parser.parse_args(["liveperson", "pretend", "--port", "99", "--quiet"])
        with pytest.raises(SystemExit) as ended:
            arguments.func(arguments)
        assert ended.value.code == 0
        assert (pretended.calls[0].port, pretended.calls[0].level) == (99, 0)

    def test_exits_with_the_commands_code(self, parser):
        arguments = parser.parse_args(["liveperson", "pretend", "--loud"])
        with pytest.raises(SystemExit) as ended:
            arguments.func(arguments)
        assert ended.value.code == 3

    def test_keeps_groups_of_options(self, parser, capsys):
        with pytest.raises(SystemExit, match="2"):
            parser.parse_args(["liveperson", "pretend", "--loud", "--quiet"])
        assert "not allowed with argument" in capsys.readouterr().err

    def test_a_command_that_cannot_be_loaded_fails_while_airflow_still_catches_it(
        self, pretended, monkeypatch
    ):
        from airflow_provider_liveperson import cli_definition

        def add_arguments(parser):
            raise ImportError("something is missing")

        pretended.add_arguments = add_arguments
        monkeypatch.setattr(cli_definition, "COMMANDS", cli.COMMANDS)
        with pytest.raises(ImportError, match="something is missing"):
            cli_definition.get_liveperson_cli_commands()
