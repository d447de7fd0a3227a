"""The ``examples`` command: list the example DAGs, and copy them."""

from __future__ import annotations

import argparse
import ast
import textwrap
from collections.abc import Sequence
from pathlib import Path

from airflow_provider_liveperson.exceptions import ConfigurationError

FOLDER = Path(__file__).resolve().parent.parent / "example_dags"
"""Where they are: in the package, where Airflow looks for the examples of a provider."""

_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options.

    :param parser: the command's parser.
    """
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="an example, by its name in the list; default: all of them"
    )
    parser.add_argument(
        "--to",
        metavar="FOLDER",
        help="copy them into this folder, which is created if it does not exist; a file that is there already is never"
        " overwritten",
    )


def run(args: argparse.Namespace) -> int:
    """List the examples, or copy them.

    :param args: what :func:`add_arguments` declared.
    :returns: the exit code, 0.
    :raises ConfigurationError: for an unknown name, a folder that cannot be written, or a file that is there already
        with other content; then nothing is copied.
    """
    examples = _chosen(args.names)
    if args.to is None:
        _list(examples)
    elif not args.to.strip():
        raise ConfigurationError("--to is empty; name a folder", field="to")
    else:
        _copy(examples, Path(args.to).expanduser())
    return 0


def _chosen(names: Sequence[str]) -> list[Path]:
    known = {path.stem: path for path in sorted(FOLDER.glob("*.py"))}
    chosen = [name.removesuffix(".py") for name in names] or list(known)
    for name in chosen:
        if name not in known:
            raise ConfigurationError(
                f"there is no example {name!r}; there are {', '.join(known)}", field="NAME"
            )
    return [known[name] for name in dict.fromkeys(chosen)]


def _list(examples: Sequence[Path]) -> None:
    widest = max(len(path.stem) for path in examples)
    for path in examples:
        first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        print(
            textwrap.fill(
                first,
                _WIDTH,
                initial_indent=f"{path.stem:{widest}}  ",
                subsequent_indent=" " * (widest + 2),
            )
        )
    print("\nTo copy them: examples [NAME …] --to DAGS_FOLDER")


def _copy(examples: Sequence[Path], folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is not a folder", field="to")
    try:
        targets = {path: folder / path.name for path in examples}
        there = {path for path, target in targets.items() if target.exists()}
        if changed := [targets[path] for path in there if targets[path].read_bytes() != path.read_bytes()]:
            raise ConfigurationError(
                f"{', '.join(map(str, sorted(changed)))} is there already, with other content, so nothing was copied;"
                " move it away, or name another folder",
                field="to",
            )
        folder.mkdir(parents=True, exist_ok=True)
        for path, target in targets.items():
            if path in there:
                print(f"{target} is there already")
                continue
            with target.open("xb") as file:
                file.write(path.read_bytes())
            print(f"{target} copied")
    except OSError as error:
        raise ConfigurationError(f"{folder}: {error.strerror or error}", field="to") from error
