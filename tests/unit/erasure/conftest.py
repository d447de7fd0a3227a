"""A sandbox for tests that land the same conversations again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from airflow_provider_liveperson.sandbox import SandboxServer, SandboxSettings


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    """As many conversations as fill several parts, and as short as can be."""
    about = SandboxSettings(
        seed=11,
        until=date(2026, 2, 1),
        days=4,
        audit_rows=240,
        conversations=240,
        messages_per_conversation=2,
    )
    with SandboxServer(about) as server:
        yield server
