"""The Python of the documentation runs: each page's blocks in order, with what a reader of the page has at hand."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from airflow.sdk import DAG

from tests.unit.docs.blocks import PAGES, ROOT, Block, blocks_of, for_this_airflow

# tests/unit/test_docs.py and tests/contract/test_a_new_api.py run its blocks where the page puts them.
CONTRIBUTING = ROOT / "docs" / "contributing.md"

# What an example of a few lines leaves out.
AT_HAND = """
from datetime import UTC, datetime, timedelta
from typing import Any

import pendulum
from airflow.sdk import CronDataIntervalTimetable  # Airflow 3.1: from airflow.timetables.interval
from airflow.sdk import DAG, Asset, AssetWatcher, dag, task

from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.operators.recount import LivePersonRecountOperator
from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings
from airflow_provider_liveperson.transfers.liveperson_to_object_storage import LivePersonToObjectStorageOperator
from airflow_provider_liveperson.transfers.liveperson_to_s3 import AuditTrailToS3Operator, LivePersonToS3Operator
from airflow_provider_liveperson.transfers.task_group import liveperson_task_group

LIVEPERSON_CONN_ID, AWS_CONN_ID = "liveperson_default", "aws_default"
BUCKET, PREFIX, DATASET = "my-lake", "liveperson", "messaging_interactions"
start, end = datetime(2026, 1, 29, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
"""


# Of providers that no test needs otherwise; they are heavy.
NOT_INSTALLED = (
    "airflow.providers.google",
    "airflow.providers.google.cloud",
    "airflow.providers.google.cloud.transfers",
    "airflow.providers.google.cloud.transfers.gcs_to_bigquery",
)


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in NOT_INSTALLED:
        monkeypatch.setitem(sys.modules, module, mock.MagicMock(name=module))


def test_what_an_airflow_lacks_is_imported_from_elsewhere() -> None:
    line = "from airflow.sdk import DAG, OrderedDict  # Airflow 3.1: from collections\n"
    assert for_this_airflow(line) == "from airflow.sdk import DAG; from collections import OrderedDict\n"
    line = "from airflow.nowhere import deque  # Airflow 3.1: from collections\n"
    assert for_this_airflow(line) == "from collections import deque\n"
    assert for_this_airflow("from airflow.sdk import DAG\n") == "from airflow.sdk import DAG\n"


def python_blocks(page: Path) -> list[Block]:
    return [block for block in blocks_of(page) if block.kind == "python"]


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page != CONTRIBUTING and python_blocks(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
@pytest.mark.usefixtures("present", "connections", "folder")
def test_the_blocks_of_a_page_run(page: Path) -> None:
    names: dict[str, Any] = {"__name__": "docs"}
    exec(for_this_airflow(AT_HAND), names)
    for block in python_blocks(page):
        # So that an error names the line of the page.
        code = compile("\n" * (block.line - 1) + for_this_airflow(block.text), str(page), "exec")
        with DAG(f"block_{block.number}", schedule=None):
            exec(code, names)


DAGS = [block for page in PAGES for block in python_blocks(page) if re.search(r"\bDAG\(|@dag\b", block.text)]


@pytest.mark.parametrize("block", DAGS, ids=str)
def test_airflow_parses_the_dags(block: Block, tmp_path: Path) -> None:
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before Airflow 3.2
        from airflow.models.dagbag import DagBag

    # An example that imports DAG is a whole file; another one goes on from those before it.
    whole = re.search(r"^from airflow\.sdk import .*\bDAG\b", block.text, re.MULTILINE)
    before = [other.text for other in python_blocks(block.page) if other.number < block.number]
    code = block.text if whole else "".join([AT_HAND, *before, block.text])
    (tmp_path / "example.py").write_text(for_this_airflow(code), encoding="utf-8")
    bag = DagBag(dag_folder=str(tmp_path))
    assert bag.import_errors == {}
    declared = re.findall(r"\bDAG\(\s*(?:dag_id=)?[\"'](\w+)", block.text)
    assert declared
    assert set(declared) <= set(bag.dags)
