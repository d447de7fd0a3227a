"""What importing the operator's module costs a DAG processor beyond Airflow's SDK."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Mapping

# What any operator with a hook of its own imports. Airflow's SDK gives its names lazily, so they have to be asked for.
_TIMED = """
import time
from airflow.sdk import Asset, BaseHook, BaseOperator
started = time.perf_counter()
import airflow_provider_liveperson.transfers.liveperson_to_s3
print(time.perf_counter() - started)
"""


def import_seconds(environment: Mapping[str, str], *, times: int = 5) -> list[float]:
    """Import it in fresh processes. The first, which may compile the modules, is not counted.

    :param environment: of the processes.
    :param times: how many are counted.
    :returns: the seconds of each.
    """
    found = []
    for _ in range(times + 1):
        ran = subprocess.run(
            [sys.executable, "-c", _TIMED], env=environment, check=True, capture_output=True, text=True
        )
        found.append(float(ran.stdout.split()[-1]))
    return found[1:]


def typical(seconds: list[float]) -> float:
    """The one that counts: the median."""
    return statistics.median(seconds)
