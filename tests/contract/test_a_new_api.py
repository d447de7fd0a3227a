"""A new API is one module on each side, its facts and two registry lines, and the contract holds for it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEW = ROOT / "tests" / "contract" / "new_api"


def test_a_dataset_of_each_shape_passes_the_contract() -> None:
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "tests.contract.new_api.plugin",
                "-p",
                "no:cacheprovider",
            ),
            *("-k", "visit_", "tests/contract/test_every_dataset.py"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100


@pytest.mark.parametrize("side", ["datasets", "sandbox", "facts"])
def test_the_examples_of_the_page_on_contributing_are_of_this_api(side: str) -> None:
    page = (ROOT / "docs" / "contributing.md").read_text()
    examples = re.findall(rf"<!-- {side} -->\n```python\n(.*?)```", page, re.DOTALL)
    assert examples
    module = (NEW / side / "visits.py").read_text()
    assert [example for example in examples if example not in module] == []
