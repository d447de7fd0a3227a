"""What is wrong with a built distribution: with what the wheel holds, and with what its metadata says."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from email import message_from_string
from email.message import Message
from pathlib import Path, PurePosixPath

NAME = "airflow-provider-liveperson"
PACKAGE = "airflow_provider_liveperson"
URLS = {"Homepage", "Documentation", "Source", "Changelog", "Issues"}
# What users' tools look for in the wheel.
EXPECTED = (
    f"{PACKAGE}/py.typed",
    f"{PACKAGE}/get_provider_info.py",
    f"{PACKAGE}/example_dags/liveperson_conversations_to_s3.py",
    f"{PACKAGE}/plugins/templates/layout.html",
    f"{PACKAGE}/sandbox/identity/pages/layout.html",
    f"{PACKAGE}/schemas/manifest.json",
    f"{PACKAGE}/schemas/summary.json",
)
# What belongs to those who develop it, and comes with the sdist.
DEVELOPMENT = ("tests", "devtools", "benchmarks", "docs", "conftest.py")
SDIST = (
    "tests/unit/test_house.py",
    "devtools/release.py",
    "docs/landing.md",
    "Makefile",
    "CHANGELOG.md",
    "LICENSE",
)
_LINK = re.compile(r"\]\(([^)]+)\)")


def read_version(root: Path) -> str:
    """The version that a checkout says it is.

    :param root: the checkout.
    :raises ValueError: where it says none.
    """
    text = (root / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    if not (found := re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)):
        raise ValueError(f"{PACKAGE}/__init__.py has no __version__")
    return found[1]


def problems(wheel: Path, sdist: Path, root: Path, *, pythons: tuple[str, ...]) -> list[str]:
    """Look into a wheel and an sdist.

    :param wheel: the wheel.
    :param sdist: the ``.tar.gz``.
    :param root: the checkout that they were built from.
    :param pythons: the versions of Python that it is tried on, such as ``3.12``.
    :returns: a sentence for each problem.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name.partition("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_string(archive.read(f"{info}/METADATA").decode())
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    with tarfile.open(sdist) as tar:
        sources = {name.partition("/")[2] for name in tar.getnames()}
    return [
        *_of_contents(names, info, root),
        *(f"the sdist has no {name}" for name in SDIST if name not in sources),
        *_of_metadata(metadata, read_version(root), pythons),
        *_of_entry_points(entry_points, names),
    ]


def _of_contents(names: set[str], info: str, root: Path) -> Iterator[str]:
    yield from (f"the wheel has no {name}" for name in EXPECTED if name not in names)
    if f"{info}/licenses/LICENSE" not in names:
        yield "the wheel has no license file"
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.parts[0] not in (PACKAGE, info):
            yield f"the wheel installs {name} beside the package"
        elif path.parts[0] == PACKAGE and path.parts[1] in DEVELOPMENT:
            yield f"the wheel has {name}, which is for development"
        elif path.suffix not in (".py", ".html", ".json", ".typed") and path.parts[0] == PACKAGE:
            yield f"the wheel has {name}, which nothing reads"
    modules = {path.relative_to(root).as_posix() for path in (root / PACKAGE).rglob("*.py")}
    yield from (f"the wheel lacks {name}" for name in sorted(modules - names))


def _of_metadata(metadata: Message, version: str, pythons: tuple[str, ...]) -> Iterator[str]:
    if (metadata["Name"], metadata["Version"]) != (NAME, version):
        yield f"the wheel calls itself {metadata['Name']} {metadata['Version']}"
    urls = dict(str(url).split(", ", 1) for url in metadata.get_all("Project-URL", []))
    yield from (f"there is no URL for {label}" for label in sorted(URLS - set(urls)))
    yield from (
        f"{label} is not an https URL: {url}" for label, url in urls.items() if not url.startswith("https://")
    )
    if not urls.get("Issues", "").startswith(urls.get("Source", "-")):
        yield "Issues and Source are of different repositories"
    classifiers = set(metadata.get_all("Classifier", []))
    claimed = {python for python in pythons if f"Programming Language :: Python :: {python}" in classifiers}
    yield from (f"Python {python} is tried, but not claimed" for python in pythons if python not in claimed)
    for classifier in sorted(classifiers):
        found = re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier)
        if found and found[1] not in pythons:
            yield f"Python {found[1]} is claimed, but not tried"
    for classifier in ("Framework :: Apache Airflow :: Provider", "Typing :: Typed"):
        if classifier not in classifiers:
            yield f"the classifier {classifier} is missing"
    if metadata["Description-Content-Type"] != "text/markdown":
        yield f"the description is {metadata['Description-Content-Type']}"
    for link in _LINK.findall(str(metadata.get_payload())):
        if not link.startswith(("https://", "#")):
            yield f"the description links to {link}, which is not there on PyPI"


def _of_entry_points(text: str, names: set[str]) -> Iterator[str]:
    found = ConfigParser(delimiters=("=",))
    found.read_string(text)
    for group in ("apache_airflow_provider", "airflow.plugins"):
        if not found.has_section(group):
            yield f"there is no entry point for {group}"
    for group in found.sections():
        for name, target in found.items(group):
            module = target.partition(":")[0]
            path = module.replace(".", "/")
            if not names & {f"{path}.py", f"{path}/__init__.py"}:
                yield f"the entry point {name} names {module}, which the wheel has not"
