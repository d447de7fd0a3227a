"""Gives every test process its own Airflow home, before anything imports Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest


def _isolate_airflow() -> None:
    """Point Airflow at an empty home, and ignore the Airflow settings of the developer's shell.

    Airflow's unit-test mode stays off: its configuration gives cron schedules a data interval, which a real Airflow 3
    does not, and this package has to work with the real one.
    """
    for name in list(os.environ):
        if name.startswith(("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_")):
            del os.environ[name]
    os.environ.pop("AIRFLOW_CONFIG", None)
    home = Path(tempfile.mkdtemp(prefix="liveperson-airflow-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "dags").mkdir()
    os.environ.update(
        AIRFLOW_HOME=str(home),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS="False",
    )


_isolate_airflow()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker, which shares its servers; those of all datasets go by dataset."""
    for item in items:
        group = item.path.relative_to(item.config.rootpath).as_posix()
        if item.path.name == "test_every_dataset.py" and isinstance(item, pytest.Function):
            group += f"/{item.callspec.params.get('name', '')}" if hasattr(item, "callspec") else ""
        item.add_marker(pytest.mark.xdist_group(group))
