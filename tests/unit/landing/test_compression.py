"""Streams of bytes into files: the same stream has the same bytes, however it arrives."""

from __future__ import annotations

import gzip
import io
import sys
from itertools import pairwise

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import compression as compressions
from airflow_provider_liveperson.landing.compression import COMPRESSIONS, CompressedStream, check_installed

READ = {
    "gzip": gzip.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
    "none": bytes,
}


def test_each_compression_is_read_here():
    assert set(READ) == set(COMPRESSIONS)


@pytest.fixture
def small_blocks(monkeypatch):
    """So that little data fills many blocks."""
    monkeypatch.setattr(compressions, "_BLOCK", 16)


def compressed(compression: str, pieces: list[bytes], *, lines: bool = False) -> bytes:
    file = io.BytesIO()
    stream = CompressedStream(file, compression)
    if lines:
        stream.write_lines(pieces)
    else:
        for piece in pieces:
            stream.write(piece)
    stream.close()
    return file.getvalue()


pieces = st.lists(st.binary(max_size=40), max_size=12)


@pytest.mark.parametrize("compression", sorted(COMPRESSIONS))
@settings(max_examples=50)
@given(pieces=pieces, lines=pieces)
def test_what_is_written_is_read(compression, pieces, lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressions, "_BLOCK", 16)
        assert READ[compression](compressed(compression, pieces)) == b"".join(pieces)
        assert READ[compression](compressed(compression, lines, lines=True)) == b"".join(
            line + b"\n" for line in lines
        )


@pytest.mark.parametrize("compression", sorted(COMPRESSIONS))
@settings(max_examples=50)
@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_the_same_stream_has_the_same_bytes_in_whatever_pieces(compression, data, cuts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compressions, "_BLOCK", 16)
        ends = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
        pieces = [data[start:end] for start, end in pairwise(ends)]
        assert compressed(compression, pieces) == compressed(compression, [data])


@pytest.mark.parametrize("compression", sorted(COMPRESSIONS))
@pytest.mark.parametrize("length", [14, 15, 16, 17, 31, 32, 33])
def test_a_line_at_the_edge_of_a_block_is_whole(small_blocks, compression, length):
    lines = [b"x" * length, b"y" * length]
    assert READ[compression](compressed(compression, lines, lines=True)) == b"\n".join([*lines, b""])


def test_lines_may_be_views():
    data = b'{"a":1}{"b":2}'
    views = [memoryview(data)[:7], memoryview(data)[7:]]
    assert compressed("none", views, lines=True) == b'{"a":1}\n{"b":2}\n'  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", sorted(COMPRESSIONS))
def test_an_empty_stream_is_a_whole_file(compression):
    assert READ[compression](compressed(compression, [])) == b""


@pytest.mark.parametrize("data", [b"", b"x" * 100])
def test_closing_leaves_the_file_open(data):
    file = io.BytesIO()
    stream = CompressedStream(file, "gzip")
    stream.write(data)
    stream.close()
    assert not file.closed


def test_a_missing_library_is_said_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(
        ConfigurationError, match=r"pip install 'airflow-provider-liveperson\[zstd\]'"
    ) as caught:
        check_installed("zstd")
    assert caught.value.field == "compression"


def test_gzip_needs_no_other_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal", None)
    check_installed("gzip")
    assert gzip.decompress(compressed("gzip", [b"text"])) == b"text"
