"""What has to be true of a checkout before a version of it is released, and how its tag gets out."""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from devtools.distribution import read_version

MAIN = "main"


class ReleaseError(Exception):
    """A release stopped; nothing has been published."""


@dataclass(frozen=True)
class Checkout:
    """A checkout of this repository.

    :param root: its folder.
    """

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git.

        :param arguments: of git.
        :returns: what it printed, without the line break at its end.
        :raises ReleaseError: when it fails.
        """
        answer = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            raise ReleaseError(f"git {' '.join(arguments)}: {answer.stderr.strip()}")
        return answer.stdout.strip()

    @property
    def version(self) -> str:
        """The version that the package says it is."""
        return read_version(self.root)

    @property
    def tag(self) -> str:
        """The tag of the version."""
        return f"v{self.version}"

    @property
    def source(self) -> str:
        """The repository that the metadata names."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project["urls"]["Source"])

    def lacks_of_text(self) -> list[str]:
        """What the files do not say yet, a sentence each."""
        changelog = (self.root / "CHANGELOG.md").read_text(encoding="utf-8")
        heading = rf"^## \[{re.escape(self.version)}\] - \d{{4}}-\d\d-\d\d$"
        if re.search(heading, changelog, re.MULTILINE):
            return []
        return [f"CHANGELOG.md has no heading '## [{self.version}] - YYYY-MM-DD'"]

    def lacks_of_git(self) -> list[str]:
        """What keeps the version from being tagged here, a sentence each."""
        lacks = []
        if self.git("status", "--porcelain"):
            lacks.append("there are changes that are not committed; they are not in what is built")
        if (branch := self.git("rev-parse", "--abbrev-ref", "HEAD")) != MAIN:
            lacks.append(f"the branch is {branch}, not {MAIN}")
        if self.git("tag", "--list", self.tag):
            lacks.append(
                f"the tag {self.tag} exists; raise __version__ in airflow_provider_liveperson/__init__.py"
            )
        if "origin" not in self.git("remote").split():
            return [*lacks, f"there is no remote 'origin'; Source in pyproject.toml is {self.source}"]
        # As it was given: ``remote get-url`` would apply the user's url.*.insteadOf.
        if _repository(origin := self.git("config", "--get", "remote.origin.url")) != _repository(
            self.source
        ):
            lacks.append(f"origin is {origin}, but Source in pyproject.toml is {self.source}")
        elif (there := self.git("ls-remote", "origin", f"refs/heads/{MAIN}").split()[:1]) != [
            self.git("rev-parse", "HEAD")
        ]:
            lacks.append(f"{MAIN} of origin is {there[0] if there else 'empty'}, not what is checked out")
        return lacks

    def lacks_of_tag(self) -> list[str]:
        """Whether the tag of the version is not on what is checked out, as a sentence."""
        if self.tag in self.git("tag", "--points-at", "HEAD").split():
            return []
        return [f"what is checked out has not the tag {self.tag}"]

    def push_tag(self) -> None:
        """Tag what is checked out, and push the tag: the one step that publishes.

        :raises ReleaseError: when it cannot be pushed; the tag is gone again.
        """
        self.git("tag", "--annotate", self.tag, "--message", f"Version {self.version}")
        try:
            self.git("push", "origin", f"refs/tags/{self.tag}")
        except ReleaseError:
            self.git("tag", "--delete", self.tag)
            raise


def _repository(url: str) -> str:
    """``owner/name`` of a repository's URL in any of git's spellings; a path for a local one."""
    path = re.sub(r"^(?:https://|ssh://)?(?:[^@/]+@)?[^/:]+[:/]", "", url) if not url.startswith("/") else url
    return path.removesuffix("/").removesuffix(".git")
