"""What a task sets for its whole process."""

from __future__ import annotations

import gc
from functools import cache


@cache
def freeze_what_is_loaded() -> None:
    """Have the garbage collector pass over all that is loaded by now, as Airflow's executors do.

    Once in a process: what an earlier pull has left would otherwise be kept for good, by each pull anew. A process that
    has been frozen by whoever runs it is left as it is.
    """
    if not gc.get_freeze_count():
        gc.freeze()
