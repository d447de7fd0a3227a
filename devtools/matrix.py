"""Runs the tests on every supported Airflow and on every installed Python.

``python -m devtools.matrix`` runs each Airflow with the oldest Python, and each Python with the newest Airflow, except
for the newest Airflow with this Python, which ``make test`` runs. ``--all`` runs every combination, ``--airflow 3.2
--python 3.12`` selects some. Each combination has its own virtual environment below ``.venv-matrix/``. A table at the
end shows the results; the exit code is 1 if any combination failed. Arguments after ``--`` are passed to pytest.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv-matrix"


@dataclass(frozen=True)
class Airflow:
    """A supported Airflow.

    :param version: the newest patch release of its minor version.
    :param exclude_newer: the date whose packages it is installed with; ``None`` means today's.
    :param why: what fails with today's packages.
    :param not_on: Pythons on which it does not run, though its metadata admits them, and what fails.
    """

    version: str
    exclude_newer: str | None = None
    why: str | None = None
    not_on: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def minor(self) -> str:
        """The minor version, such as ``3.2``."""
        return self.version.rpartition(".")[0]


AIRFLOWS = (
    Airflow("3.1.8", not_on={"3.14": "its task runner does not start, as its cadwyn cannot copy a Union"}),
    Airflow("3.2.2", exclude_newer="2026-06-15", why="its API server does not start with pydantic 2.14"),
    Airflow("3.3.2"),
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = "s3,fast,zstd,parquet,iceberg,sandbox"
# What has nothing of Airflow in it: ``make test`` tries it on the oldest Python, the matrix on the newest installed.
EVERYTHING = ("tests/unit", "tests/contract")
# What meets Airflow. ``make test`` tries it on the newest, page and discovery included; these depend on its internals.
MEETS_AIRFLOW = (
    "tests/unit/commands",
    "tests/unit/connections",
    "tests/unit/diagnostics",
    "tests/unit/hooks",
    "tests/unit/operators",
    "tests/unit/sensors",
    "tests/unit/transfers",
    "tests/unit/triggers",
)
INTERNALS = ("tests/integration/test_provider_discovery.py", "tests/integration/test_web_app_page.py")


@dataclass(frozen=True)
class Cell:
    """One combination.

    :param is_newest_python: of those that are installed.
    """

    airflow: Airflow
    python_version: str
    interpreter: str
    is_newest_python: bool = False

    @property
    def tests(self) -> list[str]:
        """What is run: everything on the newest Python; on each older Airflow and each other Python, what meets it."""
        is_newest = self.airflow is AIRFLOWS[-1]
        if is_newest and self.is_newest_python:
            return list(EVERYTHING)
        single = [*ROOT.glob("tests/unit/test_*.py"), *ROOT.glob("tests/unit/landing/test_s3*.py")]
        tests = [*MEETS_AIRFLOW, *sorted(str(path.relative_to(ROOT)) for path in single)]
        return tests if is_newest else [*tests, *INTERNALS]

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"Airflow {self.airflow.version}, Python {self.python_version}"

    @property
    def folder(self) -> Path:
        """The folder of its virtual environment."""
        return ENVIRONMENTS / f"airflow-{self.airflow.version}-python-{self.python_version}"

    @property
    def python(self) -> str:
        """The interpreter in its virtual environment."""
        return str(self.folder / "bin" / "python")


@dataclass(frozen=True)
class Result:
    """The outcome of a combination. ``state`` is ``passed``, ``failed`` or ``excluded``."""

    cell: Cell
    state: str
    seconds: float
    remark: str


def uv() -> str:
    """Return the ``uv`` beside this Python, else that of ``make setup``, else the one on PATH."""
    places = [str(Path(sys.executable).parent), str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")]
    found = shutil.which("uv", path=os.pathsep.join(places))
    if not found:
        sys.exit("uv is missing; `make test-matrix` installs it.")
    return found


def candidates(version: str) -> Iterator[str]:
    """List where an interpreter of that version may be: on PATH, and among those of pyenv."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(f"python{version}", path=folder):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"), reverse=True))


def find_python(version: str) -> str | None:
    """Find an interpreter of that version that really runs: pyenv has shims even for versions that are not installed.

    :param version: such as ``3.12``.
    """
    probe = "import ssl, sqlite3, sys; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for candidate in candidates(version):
        try:
            answer = subprocess.run(
                [candidate, "-c", probe], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        found, _, executable = answer.stdout.strip().partition(" ")
        if answer.returncode == 0 and found == version:
            return executable
    return None


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout, with stdout and stderr together."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def lock(cell: Cell) -> list[str]:
    """Return the options that install an Airflow with the packages of its date."""
    return ["--exclude-newer", cell.airflow.exclude_newer] if cell.airflow.exclude_newer else []


def excluded_by_metadata(cell: Cell) -> bool:
    """Whether Airflow's own metadata excludes that Python."""
    answer = subprocess.run(
        [uv(), "pip", "compile", "--quiet", "--no-deps", "--python-version", cell.python_version, "-"],
        input=f"apache-airflow-core=={cell.airflow.version}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode != 0 and "does not satisfy Python" in answer.stderr


def prepare(cell: Cell) -> tuple[float, str | None]:
    """Create a combination's environment.

    :returns: the seconds it took, and the output of the tools if they failed.
    """
    started = time.monotonic()
    steps = (
        [uv(), "venv", "--quiet", "--clear", "--python", cell.interpreter, str(cell.folder)],
        [
            *[uv(), "pip", "install", "--quiet", "--python", cell.python, *lock(cell)],
            *["--group", "test", "-e", f".[{EXTRAS}]", f"apache-airflow=={cell.airflow.version}"],
        ],
    )
    for step in steps:
        answer = run(step)
        if answer.returncode:
            return time.monotonic() - started, f"$ {shlex.join(step)}\n{answer.stdout}"
    return time.monotonic() - started, None


def closing_line(output: str) -> str:
    """Return pytest's closing line, such as ``212 passed in 31.20s``."""
    lines = [line.strip("= ") for line in output.splitlines() if line.strip("= ")]
    return lines[-1] if lines else "pytest printed nothing"


def try_out(cell: Cell, preparation: tuple[float, str | None], arguments: Sequence[str]) -> Result:
    """Run the tests of one combination and print their output."""
    seconds, problem = preparation
    print(f"\n=== {cell.name} (installed in {seconds:.0f} s)", flush=True)
    if problem is not None:
        print(problem, flush=True)
        if excluded_by_metadata(cell):
            return Result(cell, "excluded", seconds, "Airflow's own metadata excludes this Python")
        return Result(cell, "failed", seconds, "could not be installed")
    started = time.monotonic()
    command = [cell.python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    answer = run([*command, *cell.tests, *arguments])
    print(answer.stdout, end="", flush=True)
    state = "failed" if answer.returncode else "passed"
    return Result(cell, state, seconds + time.monotonic() - started, closing_line(answer.stdout))


def table(results: Sequence[Result], missing: Sequence[str]) -> str:
    """Print the closing table."""
    lines = [
        f"{'Airflow':<9} {'Python':<7} {'result':<9} {'seconds':>7}  pytest's closing line",
        f"{'-' * 9} {'-' * 7} {'-' * 9} {'-' * 7}  {'-' * 40}",
    ]
    lines += [
        f"{result.cell.airflow.version:<9} {result.cell.python_version:<7} {result.state:<9} "
        f"{result.seconds:>7.0f}  {result.remark}"
        for result in results
    ]
    lines += [f"{'-':<9} {version:<7} {'skipped':<9} {'':>7}  not installed here" for version in missing]
    lines += [
        f"Airflow {airflow.version} is installed with the packages of {airflow.exclude_newer}: {airflow.why}."
        for airflow in AIRFLOWS
        if airflow.exclude_newer and any(result.cell.airflow is airflow for result in results)
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the matrix.

    :returns: the exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m devtools.matrix", description=__doc__)
    parser.add_argument("--airflow", action="append", metavar="3.2", help="only this Airflow (repeatable)")
    parser.add_argument("--python", action="append", metavar="3.12", help="only this Python (repeatable)")
    parser.add_argument("--all", action="store_true", help="every combination, not only the edges")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    arguments = parser.parse_args()

    airflows = [airflow for airflow in AIRFLOWS if airflow.minor in (arguments.airflow or [airflow.minor])]
    interpreters = {version: find_python(version) for version in arguments.python or PYTHONS}
    installed = [version for version, interpreter in interpreters.items() if interpreter]
    oldest = installed[0] if installed else None
    newest = next((version for version in reversed(PYTHONS) if find_python(version)), None)
    cells = [
        Cell(airflow, version, interpreter, version == newest)
        for airflow in airflows
        for version, interpreter in interpreters.items()
        if interpreter
        and version not in airflow.not_on
        and (arguments.all or airflow is airflows[-1] or version == oldest)
    ]
    if not (arguments.all or arguments.airflow or arguments.python):
        this = f"{sys.version_info.major}.{sys.version_info.minor}"
        cells = [cell for cell in cells if (cell.airflow, cell.python_version) != (AIRFLOWS[-1], this)]
    if not cells:
        print("There is nothing to run: no such Airflow, or none of the Pythons is installed.")
        return 1
    # The next environment is created while tests run: installing mostly waits for disk and network.
    with ThreadPoolExecutor(max_workers=1) as pool:
        preparations = [pool.submit(prepare, cell) for cell in cells]
        results = [
            try_out(cell, preparation.result(), arguments.pytest)
            for cell, preparation in zip(cells, preparations, strict=True)
        ]
    missing = [version for version, interpreter in interpreters.items() if not interpreter]
    print("\n" + table(results, missing))
    return int(any(result.state == "failed" for result in results))


if __name__ == "__main__":
    sys.exit(main())
