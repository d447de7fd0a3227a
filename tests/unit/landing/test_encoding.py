"""File formats and compressions by name."""

from __future__ import annotations

import gzip
import sys

import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing.encoding import Encoding


@pytest.mark.parametrize(("compression", "ending"), [("gzip", ".jsonl.gz"), ("none", ".jsonl")])
def test_endings(compression, ending):
    assert Encoding("jsonl", compression).ending == ending


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file_format", "csv"),
        ("file_format", ""),
        ("file_format", None),
        ("compression", "zip"),
        ("compression", "GZIP"),
    ],
)
def test_another_is_refused_by_name(field, value):
    with pytest.raises(ConfigurationError, match=f"{field} is {value!r}; it must be one of") as caught:
        Encoding(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize("with_isal", [True, False])
def test_what_is_compressed_can_be_read_by_anybody(monkeypatch, with_isal):
    if not with_isal:
        monkeypatch.setitem(sys.modules, "isal", None)
    compressor = Encoding().compressor()
    data = (
        b"".join(compressor.compress(b"line %d\n" % number) for number in range(10_000)) + compressor.flush()
    )
    assert gzip.decompress(data) == b"".join(b"line %d\n" % number for number in range(10_000))
    assert len(data) < 60_000
