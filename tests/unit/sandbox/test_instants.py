"""How answers of the sandbox write instants."""

from __future__ import annotations

import pytest

from airflow_provider_liveperson.sandbox.instants import iso_seconds, iso_text, offset_text


@pytest.mark.parametrize(
    ("moment", "iso", "seconds", "offset"),
    [
        (
            1769851800250,
            "2026-01-31T09:30:00.250Z",
            "2026-01-31T09:30:00Z",
            "2026-01-31 09:30:00.250+0000",
        ),
        (0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00Z", "1970-01-01 00:00:00.000+0000"),
        (-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59Z", "1969-12-31 23:59:59.999+0000"),
    ],
)
def test_instants(moment, iso, seconds, offset):
    assert (iso_text(moment), iso_seconds(moment), offset_text(moment)) == (iso, seconds, offset)
