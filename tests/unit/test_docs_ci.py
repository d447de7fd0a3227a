"""docs/ci.md: its tests, run by pytest as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.unit.docs.blocks import for_this_airflow

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"


def test_the_tests_of_the_page_pass(tmp_path):
    conftest, tests = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "conftest.py").write_text(for_this_airflow(conftest))
    (tmp_path / "test_liveperson.py").write_text(for_this_airflow(tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    answer = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"{tests.count('def test_')} passed" in answer.stdout
