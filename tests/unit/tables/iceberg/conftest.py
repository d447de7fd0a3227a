"""An Iceberg table in a local folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.iceberg import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)
