"""What commands have in common that use Airflow's connections."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout


def use_airflows_database() -> None:
    """Have Airflow look for connections in its database, too, and not only in the environment and secrets backends.

    Outside of a task it does so only in a process that says what it is, as ``airflow connections`` does.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


@contextmanager
def nothing_else_on_stdout() -> Iterator[None]:
    """Send what Airflow and its plugins print or log meanwhile to standard error, even through a stream kept before."""
    out = sys.stdout
    out.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        out.flush()
        os.dup2(kept, 1)
        os.close(kept)
