"""What a release asks of a checkout, tried on real repositories, and that it publishes everything or nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import release as command
from devtools.release_state import Checkout, ReleaseError

SOURCE = "https://github.com/someone/provider"
FILES = {
    "pyproject.toml": f'[project]\nname = "x"\n[project.urls]\nSource = "{SOURCE}"\n',
    "airflow_provider_liveperson/__init__.py": '__version__ = "1.2.3"\n',
    "CHANGELOG.md": "# Changelog\n\n## [1.2.3] - 2026-11-30\n",
}


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]
    return subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def origin(tmp_path) -> Path:
    folder = tmp_path / "origin.git"
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    return folder


@pytest.fixture
def checkout(tmp_path, origin) -> Checkout:
    """A checkout that could be released: git is told that the origin's URL is a folder on this machine."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for name, value in (
        ("user.name", "a"),
        ("user.email", "a@example.com"),
        (f"url.{origin}.insteadOf", f"{SOURCE}.git"),
    ):
        git(folder, "config", name, value)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")
    git(folder, "remote", "add", "origin", f"{SOURCE}.git")
    git(folder, "push", "--quiet", "origin", "main")
    return Checkout(folder)


def lacks(checkout: Checkout) -> list[str]:
    return [*checkout.lacks_of_text(), *checkout.lacks_of_git()]


def test_nothing_is_lacking(checkout):
    assert lacks(checkout) == []


def test_changes_that_are_not_committed(checkout):
    (checkout.root / "new.py").write_text("")
    (sentence,) = lacks(checkout)
    assert "not committed" in sentence


def test_another_branch(checkout):
    git(checkout.root, "checkout", "--quiet", "-b", "other")
    assert lacks(checkout) == ["the branch is other, not main"]


def test_a_version_that_has_been_tagged(checkout):
    git(checkout.root, "tag", "v1.2.3")
    (sentence,) = lacks(checkout)
    assert "v1.2.3 exists" in sentence


def test_a_changelog_without_the_version(checkout):
    (checkout.root / "CHANGELOG.md").write_text("## [Unreleased]\n")
    git(checkout.root, "commit", "--quiet", "--all", "--message", "Undone")
    git(checkout.root, "push", "--quiet", "origin", "main")
    assert lacks(checkout) == ["CHANGELOG.md has no heading '## [1.2.3] - YYYY-MM-DD'"]


def test_a_commit_that_origin_has_not(checkout):
    git(checkout.root, "commit", "--quiet", "--allow-empty", "--message", "More")
    (sentence,) = lacks(checkout)
    assert "of origin is" in sentence


def test_no_origin(checkout):
    git(checkout.root, "remote", "remove", "origin")
    (sentence,) = lacks(checkout)
    assert "no remote 'origin'" in sentence


def test_another_origin_than_the_metadata_says(checkout):
    git(checkout.root, "remote", "set-url", "origin", "git@github.com:other/provider.git")
    (sentence,) = lacks(checkout)
    assert "other/provider" in sentence
    assert SOURCE in sentence


@pytest.mark.parametrize(
    "spelling",
    [
        SOURCE,
        f"{SOURCE}.git",
        "git@github.com:someone/provider.git",
        "ssh://git@github.com/someone/provider.git",
    ],
)
def test_the_same_repository_in_other_spellings(checkout, origin, spelling):
    git(checkout.root, "config", f"url.{origin}.insteadOf", spelling)
    git(checkout.root, "remote", "set-url", "origin", spelling)
    assert lacks(checkout) == []


def test_the_tag_of_the_version(checkout):
    assert checkout.lacks_of_tag() == ["what is checked out has not the tag v1.2.3"]
    git(checkout.root, "tag", "v1.2.3")
    assert checkout.lacks_of_tag() == []


@pytest.fixture
def pushed(origin) -> Callable[[], str]:
    return lambda: git(origin, "tag")


def test_the_tag_is_pushed(checkout, pushed):
    checkout.push_tag()
    assert pushed() == "v1.2.3"


def test_a_tag_that_cannot_be_pushed_is_gone_again(checkout, origin, pushed):
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ReleaseError, match="git push"):
        checkout.push_tag()
    assert git(checkout.root, "tag") == pushed() == ""


@pytest.fixture
def steps(monkeypatch, tmp_path) -> dict[str, str]:
    """Stands in for the slow steps: what they do is tried elsewhere; here it is what follows from them."""
    fails: dict[str, str] = {}

    def build(checkout: Checkout, folder: Path) -> tuple[Path, Path]:
        if "build" in fails:
            raise ReleaseError(fails["build"])
        made = (folder / "x.whl", folder / "x.tar.gz")
        for path in made:
            path.write_text("new")
        return made

    def try_wheel(wheel: Path, version: str, cell: object) -> str:
        if "trial" in fails:
            raise ReleaseError(fails["trial"])
        return "all well"

    monkeypatch.setattr(command, "build", build)
    monkeypatch.setattr(command, "try_wheel", try_wheel)
    monkeypatch.setattr(command, "excluded_by_metadata", lambda cell: False)
    monkeypatch.setattr(command, "find_python", lambda version: None if version in fails else "python")
    return fails


def release(checkout: Checkout, **choices: object) -> list[str]:
    said: list[str] = []
    command.release(checkout, **{"publish": False, "tagged": False, "say": said.append, **choices})
    return said


def test_a_rehearsal_publishes_nothing(checkout, steps, pushed):
    said = release(checkout)
    assert said[-1].startswith("a rehearsal: nothing was published")
    assert sorted(path.name for path in (checkout.root / "dist").iterdir()) == ["x.tar.gz", "x.whl"]
    assert pushed() == ""


def test_each_python_is_tried_with_the_newest_and_the_oldest_airflow(checkout, steps):
    said = release(checkout)
    tried = [line for line in said if "passed in" in line]
    left_out = [line for line in said if ": NOT TRIED: " in line]
    assert len(tried) + len(left_out) == 2 * len(command.PYTHONS)
    assert [line.partition(":")[0] for line in left_out] == ["Airflow 3.1.8, Python 3.14"]
    assert {line.split(",")[0] for line in tried} == {
        f"Airflow {one.version}" for one in (command.AIRFLOWS[0], command.AIRFLOWS[-1])
    }


def test_publishing_pushes_the_tag_last(checkout, steps, pushed):
    said = release(checkout, publish=True)
    assert pushed() == "v1.2.3"
    assert said[-1].startswith("pushed v1.2.3")
    assert said[-2] == "dist/ holds the files that were tried"


@pytest.mark.parametrize("step", ["build", "trial"])
def test_a_failed_step_leaves_everything_as_it_was(checkout, steps, pushed, step):
    dist = checkout.root / "dist"
    dist.mkdir()
    (dist / "old.whl").write_text("old")
    (checkout.root / ".git" / "info" / "exclude").write_text("dist/\n")
    steps[step] = "it broke"
    with pytest.raises(ReleaseError, match="it broke"):
        release(checkout, publish=True)
    assert [path.name for path in dist.iterdir()] == ["old.whl"]
    assert git(checkout.root, "tag") == pushed() == ""


def test_nothing_is_published_while_a_python_is_missing(checkout, steps, pushed):
    steps["3.14"] = "missing"
    with pytest.raises(ReleaseError, match=r"Python 3\.14 is not installed here, so nothing was tried on it"):
        release(checkout, publish=True)
    assert pushed() == ""


def test_a_rehearsal_says_which_python_is_missing(checkout, steps):
    steps["3.14"] = "missing"
    assert "BEFORE A RELEASE: Python 3.14 is not installed here, so nothing was tried on it" in release(
        checkout
    )


def test_a_python_may_be_left_out_knowingly_and_that_is_said(checkout, steps, pushed):
    steps["3.14"] = "missing"
    said = release(checkout, publish=True, without=("3.14",))
    assert "NOT TRIED: Python 3.14, as you asked" in said
    assert pushed() == "v1.2.3"


def test_the_workflow_makes_files_only_for_the_tag_of_their_version(checkout, steps):
    with pytest.raises(ReleaseError, match=r"has not the tag v1\.2\.3"):
        release(checkout, tagged=True)
    git(checkout.root, "tag", "v1.2.3")
    assert release(checkout, tagged=True)[-1] == "dist/ holds the files that were tried"
