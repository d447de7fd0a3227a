"""The distribution that is built from this checkout, and distributions with something wrong with them."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools.distribution import EXPECTED, problems, read_version
from devtools.matrix import PYTHONS, ROOT, uv

SOURCE = "https://github.com/airflow-provider-liveperson/airflow-provider-liveperson"
Broken = Callable[[Callable[[str, bytes], bytes | None]], list[str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [uv(), "build", "--quiet", "--out-dir", str(folder), str(ROOT)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture
def broken(built, tmp_path) -> Broken:
    """Says what is wrong with the wheel after a function has changed or dropped its files."""

    def said(change: Callable[[str, bytes], bytes | None]) -> list[str]:
        wheel = tmp_path / built[0].name
        with zipfile.ZipFile(built[0]) as old, zipfile.ZipFile(wheel, "w") as new:
            for name in old.namelist():
                if (content := change(name, old.read(name))) is not None:
                    new.writestr(name, content)
        return problems(wheel, built[1], ROOT, pythons=PYTHONS)

    return said


def test_the_distribution_of_this_checkout(built):
    assert problems(*built, ROOT, pythons=PYTHONS) == []
    assert built[0].name == f"airflow_provider_liveperson-{read_version(ROOT)}-py3-none-any.whl"


def test_the_page_on_pypi_links_to_files_of_this_version(built):
    with zipfile.ZipFile(built[0]) as wheel:
        info = next(name for name in wheel.namelist() if name.endswith("/METADATA"))
        text = wheel.read(info).decode()
    assert f"/blob/v{read_version(ROOT)}/CHANGELOG.md)" in text


@pytest.mark.parametrize("name", EXPECTED)
def test_a_missing_file_is_found(broken, name):
    assert f"the wheel has no {name}" in broken(lambda found, data: None if found == name else data)


def test_a_missing_module_is_found(broken):
    name = "airflow_provider_liveperson/hooks/app_jwt.py"
    assert broken(lambda found, data: None if found == name else data) == [f"the wheel lacks {name}"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Project-URL: Issues", "Project-URL: Bugs", "there is no URL for Issues"),
        ("Python :: 3.12", "Python :: 3.10", "Python 3.10 is claimed, but not tried"),
        ("Python :: 3.12", "Python :: 3.10", "Python 3.12 is tried, but not claimed"),
        ("Typing :: Typed", "Natural Language :: English", "the classifier Typing :: Typed is missing"),
        (
            "\nVersion: ",
            "\nVersion: 9",
            f"the wheel calls itself airflow-provider-liveperson 9{read_version(ROOT)}",
        ),
        (
            f"{SOURCE}/blob/v{read_version(ROOT)}/CHANGELOG.md)",
            "CHANGELOG.md)",
            "the description links to CHANGELOG.md, which is not there on PyPI",
        ),
    ],
)
def test_wrong_metadata_is_found(broken, old, new, problem):
    def change(name: str, data: bytes) -> bytes:
        return data.replace(old.encode(), new.encode()) if name.endswith("/METADATA") else data

    assert problem in broken(change)


def test_an_entry_point_that_leads_nowhere_is_found(broken):
    def change(name: str, data: bytes) -> bytes:
        return (
            data.replace(b".get_provider_info:", b".nowhere:") if name.endswith("/entry_points.txt") else data
        )

    (problem,) = broken(change)
    assert "names airflow_provider_liveperson.nowhere" in problem


@pytest.mark.parametrize("name", ["tests/test_x.py", "airflow_provider_liveperson/tests/test_x.py"])
def test_tests_in_the_wheel_are_found(built, tmp_path, name):
    wheel = tmp_path / built[0].name
    wheel.write_bytes(built[0].read_bytes())
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "")
    (problem,) = problems(wheel, built[1], ROOT, pythons=PYTHONS)
    assert name in problem
