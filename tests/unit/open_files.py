"""Files that this process holds open, whether they have a name or not."""

from __future__ import annotations

import contextlib
from pathlib import Path


def open_files(folder: Path) -> list[Path]:
    """Those that were made in a folder, by paths that can be read."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if str(link.readlink()).startswith(f"{folder}/"):
                found.append(link)
    return found
