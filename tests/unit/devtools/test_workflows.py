"""The workflows run what can be run on this machine, and only the last job may publish."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from devtools.matrix import PYTHONS, ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def steps(workflow: str) -> list[dict[str, Any]]:
    return [step for job in WORKFLOWS[workflow]["jobs"].values() for step in job["steps"]]


def uses(workflow: str, action: str) -> dict[str, Any]:
    """The inputs of the only step that uses an action."""
    (found,) = [step for step in steps(workflow) if step.get("uses", "").startswith(f"{action}@")]
    return found["with"]


@pytest.mark.parametrize("workflow", sorted(WORKFLOWS))
def test_runs_targets_of_the_makefile(workflow):
    for command in (step["run"] for step in steps(workflow) if "run" in step):
        if command.startswith("sudo apt-get "):
            continue
        run, _, what = command.partition(" ")
        assert (run, what) == ("bash", ".ci/run") or (run == "make" and what.split()[0] in TARGETS)


@pytest.mark.parametrize("workflow", sorted(WORKFLOWS))
def test_actions_are_named_by_commit(workflow):
    for action in (step["uses"] for step in steps(workflow) if "uses" in step):
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action)


def test_every_python_is_installed_and_the_oldest_is_the_default():
    # The one that is named last comes first on the path.
    named = uses("release", "actions/setup-python")["python-version"].split()
    assert named == sorted(PYTHONS, reverse=True)


def test_what_was_tried_is_what_is_uploaded():
    kept, taken = uses("release", "actions/upload-artifact"), uses("release", "actions/download-artifact")
    assert (kept["name"], kept["path"]) == (taken["name"], taken["path"]) == ("dist", "dist/")
    assert WORKFLOWS["release"]["jobs"]["upload"]["needs"] == "try"


def test_only_the_upload_may_publish():
    permissions = {name: job["permissions"] for name, job in WORKFLOWS["release"]["jobs"].items()}
    assert permissions == {"try": {"contents": "read"}, "upload": {"id-token": "write"}}
    assert "run" not in {key for step in WORKFLOWS["release"]["jobs"]["upload"]["steps"] for key in step}
    assert WORKFLOWS["release"]["permissions"] == WORKFLOWS["ci"]["permissions"] == {}
