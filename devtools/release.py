"""Releases a version, or rehearses it: ``make release`` and, to publish, ``make release PUBLISH=1``.

Each step must pass before the next begins: build, ``twine check --strict``, contents, and a trial of the wheel in a
clean environment of every supported Python with the newest and with the oldest Airflow. Only then are the files put
into ``dist/``, and only after that, with ``--publish``, is the tag pushed, upon which the workflow ``release.yml`` runs
the same steps with ``--tagged`` and uploads the files. Whatever fails, nothing is published and ``dist/`` is as it was.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from devtools.distribution import NAME, problems
from devtools.matrix import AIRFLOWS, EXTRAS, PYTHONS, ROOT, Cell, excluded_by_metadata, find_python, lock, uv
from devtools.release_state import Checkout, ReleaseError

TRIAL = Path(__file__).with_name("trial.py")
# The developer's own settings are none of a user's.
FOREIGN = ("AIRFLOW_", "AWS_", "LIVEPERSON_", "PYTHON", "VIRTUAL_ENV")


def run(what: str, command: list[str], **options: object) -> str:
    """Run a command of a step.

    :param what: the step, for the error.
    :param command: the command.
    :param options: of ``subprocess.run``.
    :returns: what it printed.
    :raises ReleaseError: when it fails, with what it printed.
    """
    answer = subprocess.run(  # type: ignore[call-overload]
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options
    )
    if answer.returncode:
        raise ReleaseError(f"{what} failed: {' '.join(command)}\n{answer.stdout}")
    return str(answer.stdout)


def build(checkout: Checkout, folder: Path) -> tuple[Path, Path]:
    """Build the sdist from what is committed, and the wheel from the sdist.

    :param checkout: the checkout.
    :param folder: for the files.
    :returns: the wheel and the sdist.
    """
    archive = subprocess.run(
        ["git", "-C", str(checkout.root), "archive", "HEAD"], capture_output=True, check=True
    )
    with tempfile.TemporaryDirectory() as committed:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(committed, filter="data")
        run("the build", [uv(), "build", "--quiet", "--out-dir", str(folder), committed])
        (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
        run(
            "the check of the description",
            [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)],
        )
        if found := problems(wheel, sdist, Path(committed), pythons=PYTHONS):
            raise ReleaseError("the distribution is not as it should be:\n  " + "\n  ".join(found))
    return wheel, sdist


def try_wheel(wheel: Path, version: str, cell: Cell) -> str:
    """Install the wheel into a clean environment, and try it as a user would.

    :param wheel: the wheel.
    :param version: its version.
    :param cell: Airflow and Python.
    :returns: what was tried, a line each.
    :raises ReleaseError: when anything fails.
    """
    with tempfile.TemporaryDirectory(prefix="release-") as made:
        folder, home = Path(made, "environment"), Path(made, "airflow")
        home.mkdir()
        python = str(folder / "bin" / "python")
        run("the environment", [uv(), "venv", "--quiet", "--python", cell.interpreter, str(folder)])
        pip = [uv(), "pip", "install", "--quiet", "--python", python, *lock(cell)]
        # Without extras first: what the package needs by itself is declared.
        run("the installation", [*pip, str(wheel), f"apache-airflow=={cell.airflow.version}"])
        run("the import", [python, "-c", "import airflow_provider_liveperson.hooks.liveperson"], cwd=made)
        run(
            "the installation with extras",
            [*pip, f"{wheel}[{EXTRAS}]", f"apache-airflow=={cell.airflow.version}"],
        )
        run("the check of dependencies", [uv(), "pip", "check", "--quiet", "--python", python])
        settings = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        settings |= {"AIRFLOW_HOME": str(home), "HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
        settings["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
        # That this machine is busy is no reason against a release.
        settings["AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT"] = "300"
        settings["PATH"] = f"{folder / 'bin'}{os.pathsep}{settings.get('PATH', '')}"
        return run("the trial", [python, "-P", str(TRIAL), version], cwd=made, env=settings).strip()


def try_everywhere(wheel: Path, version: str, cells: list[Cell]) -> Iterator[str]:
    """Try the wheel on every combination of Airflow and Python.

    :param wheel: the wheel.
    :param version: its version.
    :param cells: the combinations.
    :returns: a line about each.
    """
    for cell in cells:
        if why := cell.airflow.not_on.get(cell.python_version):
            yield f"{cell.name}: NOT TRIED: {why}"
            continue
        if excluded_by_metadata(cell):
            yield f"{cell.name}: excluded by Airflow's own metadata"
            continue
        started = time.monotonic()
        tried = try_wheel(wheel, version, cell)
        yield f"{cell.name}: passed in {time.monotonic() - started:.0f} s\n    " + tried.replace(
            "\n", "\n    "
        )


def put(wheel: Path, sdist: Path, dist: Path) -> None:
    """Have ``dist/`` hold the two files and nothing else.

    :param wheel: the wheel.
    :param sdist: the sdist.
    :param dist: the folder.
    """
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    for path in (wheel, sdist):
        shutil.copy2(path, dist)


def release(
    checkout: Checkout,
    *,
    publish: bool,
    tagged: bool,
    without: tuple[str, ...] = (),
    airflows: tuple[str, ...] = (),
    say: Callable[[str], None] = print,
) -> None:
    """Release a version, or rehearse it.

    :param checkout: the checkout.
    :param publish: push the tag at the end.
    :param tagged: the tag has been pushed: only the files are wanted, for the upload.
    :param without: Pythons that are knowingly not tried.
    :param airflows: minor versions of Airflow to try; default: the oldest and the newest.
    :param say: takes the lines of the report.
    :raises ReleaseError: at the first step that fails.
    """
    interpreters = {version: find_python(version) for version in PYTHONS if version not in without}
    missing = [version for version, interpreter in interpreters.items() if not interpreter]
    lacks = [*checkout.lacks_of_text(), *(checkout.lacks_of_tag() if tagged else checkout.lacks_of_git())]
    lacks += [f"Python {version} is not installed here, so nothing was tried on it" for version in missing]
    if lacks and (publish or tagged):
        raise ReleaseError(f"{NAME} {checkout.version} cannot be released:\n  " + "\n  ".join(lacks))
    chosen = [one for one in AIRFLOWS if one.minor in airflows] if airflows else [AIRFLOWS[-1], AIRFLOWS[0]]
    cells = [
        Cell(airflow, version, interpreter)
        for version, interpreter in interpreters.items()
        if interpreter
        for airflow in chosen
    ]
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        wheel, sdist = build(checkout, Path(folder))
        say(f"built, checked and looked into: {wheel.name}, {sdist.name}")
        for line in try_everywhere(wheel, checkout.version, cells):
            say(line)
        put(wheel, sdist, checkout.root / "dist")
    say("dist/ holds the files that were tried")
    for version in without:
        say(f"NOT TRIED: Python {version}, as you asked")
    if publish:
        checkout.push_tag()
        say(f"pushed {checkout.tag}; the workflow 'Release' builds, tries and uploads it")
    elif not tagged:
        for sentence in lacks:
            say(f"BEFORE A RELEASE: {sentence}")
        say(
            f"a rehearsal: nothing was published; `make release PUBLISH=1` would push {checkout.tag} to origin"
        )


def main() -> int:
    """Run the command.

    :returns: the exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m devtools.release", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--publish", action="store_true", help="push the tag at the end, which has it uploaded"
    )
    which.add_argument(
        "--tagged", action="store_true", help="only make dist/, for the tag that is checked out"
    )
    parser.add_argument(
        "--without-python",
        action="append",
        default=[],
        metavar="3.14",
        help="release without having tried it",
    )
    parser.add_argument("--airflow", action="append", default=[], metavar="3.1", help="try only this Airflow")
    arguments = parser.parse_args()
    if arguments.airflow and (arguments.publish or arguments.tagged):
        parser.error("--airflow is for rehearsals")
    try:
        release(
            Checkout(ROOT),
            publish=arguments.publish,
            tagged=arguments.tagged,
            without=tuple(arguments.without_python),
            airflows=tuple(arguments.airflow),
            say=lambda line: print(line, flush=True),
        )
    except ReleaseError as error:
        print(f"{error}\nNothing was published.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
