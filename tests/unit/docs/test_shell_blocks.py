"""The commands of the documentation exist, and take what they are given; those that can run anywhere do run."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from airflow_provider_liveperson import cli
from airflow_provider_liveperson.sandbox import SandboxServer
from tests.unit.docs.blocks import ROOT, Block, blocks

SHELL = blocks("bash")
every_block = pytest.mark.parametrize("block", SHELL, ids=str)

# Programs of others, of which only the spelling in the shell is checked.
FOREIGN = {
    "aws",
    "cat",
    "cd",
    "docker",
    "duckdb",
    "export",
    "helm",
    "kubectl",
    "mkdir",
    "python3",
    "source",
    "uv",
}
# Commands of ours that need nothing but a sandbox, and end.
HARMLESS = {"check", "datasets", "examples", "tables"}


def commands(block: Block) -> list[list[str]]:
    """The commands of a block, as lists of words."""
    text = re.sub(r"(^|\s)#\s.*$", r"\1", block.text.replace("\\\n", " "), flags=re.MULTILINE)
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    found: list[list[str]] = [[]]
    for token in lexer:
        if set(token) <= set("();|&\n"):
            found.append([])
        else:
            found[-1].append(token)
    return [_without_redirection(words) for words in found if words]


def _without_redirection(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_0-9]+=.*", words[0], re.DOTALL):
        words = words[1:]
    place = next((at for at, word in enumerate(words) if set(word) <= set("<>")), len(words))
    return words[:place]


def our_arguments(words: list[str]) -> list[str] | None:
    """What a command of this package is given; None for another program."""
    if words[:3] == ["python", "-m", "airflow_provider_liveperson"]:
        return words[3:]
    return words[2:] if words[:2] == ["airflow", "liveperson"] else None


@pytest.fixture(scope="module")
def airflow_parser():
    from airflow.cli.cli_parser import get_parser

    return get_parser()


@every_block
def test_a_shell_reads_it(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, timeout=60)


@every_block
def test_each_command_exists_and_takes_what_it_is_given(block: Block, airflow_parser) -> None:
    for words in commands(block):
        if not words or words[0] in FOREIGN:
            continue
        where = f"{block.where}: {shlex.join(words)}"
        if (arguments := our_arguments(words)) is not None:
            _parse(cli.build_parser(), arguments, where)
        elif words[0] == "airflow":
            _parse(airflow_parser, words[1:], where)
        elif words[0] == "make":
            targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
            assert {word for word in words[1:] if "=" not in word} <= set(targets), where
        elif words[0] == "pip":
            _installable(words, where)
        elif words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]), where
        else:
            assert words[0] == "curl", f"{where}: no test knows this program; see FOREIGN"


@pytest.mark.parametrize(
    "block",
    [
        block
        for block in SHELL
        if any(arguments[0] in HARMLESS for words in commands(block) if (arguments := our_arguments(words)))
    ],
    ids=str,
)
@pytest.mark.usefixtures("present", "connections", "folder")
def test_commands_that_only_print_do_so(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(block):
        arguments = our_arguments(words)
        if arguments and arguments[0] in HARMLESS:
            # As a shell does, for a reader whose home is this folder.
            arguments = [re.sub("^~", str(Path.cwd()), argument) for argument in arguments]
            assert cli.main(arguments) in (0, 1 if "--against" in arguments else 0)
            assert capsys.readouterr().out


CURL = [block for block in SHELL if any(words and words[0] == "curl" for words in commands(block))]


@pytest.mark.parametrize("block", CURL, ids=str)
def test_the_sandbox_answers_requests_of_the_pages(block: Block, sandbox: SandboxServer) -> None:
    for words in commands(block):
        if words[0] != "curl":
            continue
        options = dict(itertools.pairwise(words))
        (url,) = (word for word in words if word.startswith("http"))
        answer = requests.request(
            options.get("-X", "GET"),
            sandbox.url + urlsplit(url).path,
            json=json.loads(options["-d"]) if "-d" in options else None,
            timeout=10,
        )
        assert answer.ok, answer.text


def _parse(parser, arguments: list[str], where: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(SystemExit):
        parser.parse_args(arguments)
    assert said.getvalue() == "", where


def _installable(words: list[str], where: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert words[1] == "install", where
    for word in words[2:]:
        if found := re.match(r"airflow-provider-liveperson(?:\[([\w,-]+)\])?", word):
            assert set((found[1] or "").split(",")) - {""} <= set(extras), where
