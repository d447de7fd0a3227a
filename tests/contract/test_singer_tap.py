"""A client that others wrote and use: the Singer tap for LivePerson, just as it is on PyPI, pulls from the sandbox.

It comes from 2019 and needs Python 3.8 to 3.10, and setuptools below 60 to build what it needs. Only the addresses are
changed, after a request is signed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveperson.sandbox.server import SandboxServer
from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from tests.contract.facts import SIZES, messaging_interactions, messaging_operations, operational_realtime

ROOT = Path(__file__).resolve().parents[2]
TAP = "tap-liveperson==1.0.1"
PYTHONS = ("3.8", "3.9", "3.10")
REDIRECT = """
import os
from urllib.parse import urlsplit

import requests.adapters

send = requests.adapters.HTTPAdapter.send


def redirected(self, request, **choices):
    asked = urlsplit(request.url)
    request.headers["Host"] = asked.netloc
    request.url = asked._replace(scheme="http", netloc=os.environ["SANDBOX"]).geturl()
    return send(self, request, **choices)


requests.adapters.HTTPAdapter.send = redirected
"""
DAYS = timedelta(days=3)
# Of these the tap pulls all there is, by the id that it gives them.
WHOLE = {
    "agent_groups": ("agent_groups", lambda row: row["id"]),
    "agent_status": ("agent_status_reasons", lambda row: row["id"]),
    "skills": ("skills", lambda row: row["id"]),
    "users": ("users", lambda row: row["id"]),
    "engagement_history": ("engagement_history", lambda row: row["info"]["engagementId"]),
    "messaging_interactions": ("messaging_interactions", lambda row: row["info"]["conversationId"]),
}


def python() -> str:
    """A Python that the tap runs on."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in PYTHONS:
        for found in [shutil.which(f"python{version}"), *pyenv.glob(f"{version}.*/bin/python")]:
            # What is on PATH may be a shim that leads nowhere.
            if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
                return str(found)
    pytest.skip(f"{TAP} needs Python {PYTHONS[0]} to {PYTHONS[-1]}, and none of them was found")


@pytest.fixture(scope="module")
def tap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tap's command, in an environment of its own."""
    folder = tmp_path_factory.mktemp("tap")
    # Environments of the matrix have none of their own.
    places = [str(Path(sys.executable).parent), str(ROOT / ".venv" / "bin"), os.environ["PATH"]]
    uv = shutil.which("uv", path=os.pathsep.join(places))
    assert uv, "`make setup` installs uv"
    environment = str(folder / "venv")
    install = ("pip", "install", "-q", "-p", environment)
    for command in (
        ("venv", "-q", "--no-project", "-p", python(), environment),
        (*install, "setuptools<60", "wheel"),
        (*install, "--no-build-isolation", TAP),
    ):
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(f"{TAP} cannot be installed here: {done.stderr[-500:]}")
    return folder / "venv" / "bin" / "tap-liveperson"


@pytest.fixture
def liveperson() -> Iterator[SandboxServer]:
    """A sandbox of the days before and after now, because the tap pulls until then."""
    until = datetime.now(UTC).date() + timedelta(days=1)
    with SandboxServer(SandboxSettings(seed=5, until=until, days=DAYS.days, **SIZES)) as sandbox:
        for api in (messaging_interactions, messaging_operations, operational_realtime):
            sandbox.configure(**api.SINGER_TAP)
        yield sandbox


def test_the_unmodified_tap_pulls_its_ten_streams(
    tap: Path, liveperson: SandboxServer, tmp_path: Path
) -> None:
    about = liveperson.settings
    end = datetime.combine(about.until, datetime.min.time(), UTC)
    config = {
        name: getattr(about, name)
        for name in ("account_id", "app_key", "app_secret", "access_token", "access_token_secret")
    }
    (tmp_path / "config.json").write_text(json.dumps({**config, "start_date": (end - DAYS).isoformat()}))
    (tmp_path / "sitecustomize.py").write_text(REDIRECT)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path),
        "SANDBOX": liveperson.url.removeprefix("http://"),
    }

    def run(*arguments: str) -> list[Any]:
        command = [str(tap), "-c", "config.json", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return (
            [json.loads(done.stdout)]
            if "--discover" in arguments
            else [*map(json.loads, done.stdout.splitlines())]
        )

    (catalog,) = run("--discover")
    for stream in catalog["streams"]:
        (of_stream,) = (entry["metadata"] for entry in stream["metadata"] if not entry["breadcrumb"])
        of_stream["selected"] = True
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    pulled: dict[str, list[Any]] = defaultdict(list)
    for message in run("--catalog", "catalog.json"):
        if message["type"] == "RECORD":
            pulled[message["stream"]].append(message["record"])

    assert sorted(pulled) == sorted(stream["tap_stream_id"] for stream in catalog["streams"])
    assert len(pulled) == 10
    for stream, (dataset, id_of) in WHOLE.items():
        truth = {str(id_of(row)): row for row in liveperson.truth(dataset, end - DAYS, end)}
        found = [str(row["id"]) for row in pulled[stream]]
        assert len(found) == len(set(found)), stream
        if stream == "messaging_interactions":
            # The tap goes by the start, and has open ones, too; truth goes by the end.
            began = (end - DAYS).timestamp() * 1000
            assert {id_ for id_, row in truth.items() if row["info"]["startTimeL"] >= began} < set(found)
        else:
            assert truth.keys() == set(found), stream
    # Of these it pulls the last file only, and of the others the last 24 hours.
    sessions = {
        (row["agentID"], row["timestamp"])
        for row in liveperson.truth("data_access_agent_activity", end - DAYS, end)
    }
    assert {
        (row["agentID"]["long"], row["timestamp"]["long"]) for row in pulled["agent_activity"]
    } <= sessions
    for stream in ("queue_health", "agent_state_distribution", "messaging_queue_health"):
        times = [row["timestamp"] for row in pulled[stream]]
        assert timedelta(hours=12) < timedelta(milliseconds=max(times) - min(times)) <= timedelta(days=1), (
            stream
        )
