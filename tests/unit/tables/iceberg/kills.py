"""Kills a load at each of its steps, one after the other, and prints what the table holds then, a JSON line each.

A step begins with each file that is written, and before and after the commit in the catalog. Each load runs in a
process of its own; this one, which they are forked from, starts no thread.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import PyArrowFile

from devtools.iceberg import Lake

CONTENTS = ((["1", "2"], ["3"]), (["2"], ["4", "5"]))


def in_child(act: Callable[[], Any]) -> int:
    """Do something in another process, and return how that ended."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            act()
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def kill_at(step: int) -> None:
    """Have this process killed as it comes to a step."""
    steps: Iterator[int] = count()

    def pass_one() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    create, commit = PyArrowFile.create, SqlCatalog.commit_table

    def stepped_create(self: Any, *arguments: Any, **choices: Any) -> Any:
        pass_one()
        return create(self, *arguments, **choices)

    def stepped_commit(self: Any, *arguments: Any, **choices: Any) -> Any:
        pass_one()
        answer = commit(self, *arguments, **choices)
        pass_one()
        return answer

    PyArrowFile.create, SqlCatalog.commit_table = stepped_create, stepped_commit  # type: ignore[method-assign]


def load(lake: Lake, contents: Any, step: int | None = None) -> None:
    """Land what is to be loaded, and load it."""
    landed = lake.land(*contents)
    if step is not None:
        kill_at(step)
    lake.load(landed)


def tell(lake: Lake, **about: Any) -> None:
    """Print what the table holds."""
    table = lake.table
    ids = sorted(table.scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())
    print(json.dumps({**about, "ids": ids, "snapshots": len(table.snapshots())}))


def look_and_retry(lake: Lake, contents: Any, step: int, ended: int) -> None:
    """Print what the table holds after a load, and if that was killed, load again."""
    tell(lake, step=step, after="kill", ended=ended)
    if ended:
        load(lake, contents)
        tell(lake, step=step, after="retry")


def main(folder: str) -> None:
    lake = Lake(Path(folder))
    assert in_child(lambda: load(lake, CONTENTS[0])) == 0
    for step in count():
        contents = CONTENTS[(step + 1) % 2]
        ended = in_child(partial(load, lake, contents, step))
        assert in_child(partial(look_and_retry, lake, contents, step, ended)) == 0
        if not ended:
            break


if __name__ == "__main__":
    main(sys.argv[1])
