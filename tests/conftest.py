"""Gives every test process an Airflow of its own, before anything imports Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _isolate_airflow() -> None:
    """Point Airflow at an empty home, and drop what the developer's shell says about Airflow.

    Airflow's own unit-test mode stays off: its configuration gives cron schedules a data interval, which a
    real Airflow 3 does not, and this package has to cope with the real one.
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
