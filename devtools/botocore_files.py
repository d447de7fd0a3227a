"""botocore that reads each of its files once in a process, rather than for each client."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def read_once() -> None:
    """Have all clients of this process share the descriptions of AWS, of which none changes anything.

    Making a client takes a quarter of the time then; whatever makes one client for each task or test gains by it.
    """
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader._load_file
    found: dict[str, Any] = {}

    def read_or_remember(self: Any, path: str, open_method: Any) -> Any:
        if path not in found:
            found[path] = read(self, path, open_method)
        return found[path]

    JSONFileLoader._load_file = read_or_remember
