"""Part files, by their bytes."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import stat
import sys
import tempfile
import threading
import zlib
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.parts import Part, PartWriter
from tests.unit.open_files import open_files


class Delivered:
    """Takes parts and keeps what their files held."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, part: Part, file: IO[bytes]) -> Part:
        file.seek(0)
        self.files[part.name] = file.read()
        return part


@contextmanager
def part_writer(
    deliver, encoding: Encoding | None = None, *, first: int = 0, roll_at: int = 1, room: int = 100
):
    with (
        closing(BoundedWorker("compress", room=1 << 20)) as compressor,
        closing(BoundedWorker("upload", room=room)) as uploader,
    ):
        yield PartWriter(
            encoding or Encoding(),
            first=first,
            deliver=deliver,
            compressor=compressor,
            uploader=uploader,
            roll_at=roll_at,
        )


def write(records: list[bytes], *, roll_at: int = 1 << 20, compression: str = "gzip", first: int = 0):
    delivered = Delivered()
    with part_writer(delivered, Encoding(compression=compression), roll_at=roll_at, first=first) as writer:
        writer.write(records)
        return [part.result() for part in writer.finish()], delivered


@pytest.fixture(params=["isal", "zlib"])
def compressor(request, monkeypatch):
    """Both libraries, the faster one where it is installed."""
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal", None)
    return request.param


json_records = st.lists(
    st.binary(min_size=1, max_size=200).map(lambda it: it.replace(b"\n", b" ")), max_size=40
)


@given(json_records, st.integers(1, 500), st.sampled_from(["gzip", "none"]))
def test_every_record_once_in_order_and_described_rightly(records, roll_at, compression):
    parts, delivered = write(records, roll_at=roll_at, compression=compression)
    lines: list[bytes] = []
    for part in parts:
        stored = delivered.files[part.name]
        content = gzip.decompress(stored) if compression == "gzip" else stored
        own = content.split(b"\n")[:-1]
        assert content.endswith(b"\n")
        assert (part.records, part.bytes) == (len(own), len(stored))
        assert part.sha256 == hashlib.sha256(stored).hexdigest()
        assert (
            part.name
            == f"{part.name[:11]}{part.sha256[:12]}{'.jsonl.gz' if compression == 'gzip' else '.jsonl'}"
        )
        lines += own
    assert lines == records
    assert [part.name[:11] for part in parts] == [f"part-{number:05d}-" for number in range(len(parts))]


@pytest.mark.parametrize("size", [1_048_574, 1_048_575, 1_048_576, 5_000_000])
def test_a_large_part_is_the_bytes_that_its_hash_says(size):
    record = b"0123456789" * (size // 10) + b"x" * (size % 10)
    (part,), delivered = write([record], roll_at=1 << 24, compression="none")
    assert delivered.files[part.name] == record + b"\n"
    assert (part.bytes, part.sha256) == (size + 1, hashlib.sha256(record + b"\n").hexdigest())


def test_a_part_is_rolled_once_it_has_reached_the_size():
    parts, _ = write([b"x" * 9] * 7, roll_at=30)
    assert [part.records for part in parts] == [3, 3, 1]


def test_a_record_larger_than_a_part_has_a_part_of_its_own():
    parts, delivered = write([b"a", b"x" * 1_000_000, b"b"], roll_at=100)
    assert [part.records for part in parts] == [2, 1]
    assert gzip.decompress(delivered.files[parts[0].name]) == b"a\n" + b"x" * 1_000_000 + b"\n"


def test_no_records_no_parts():
    assert write([])[0] == []


def test_numbers_go_on_where_the_last_slice_ended():
    parts, _ = write([b"a", b"b"], roll_at=1, first=7)
    assert [part.name[:10] for part in parts] == ["part-00007", "part-00008"]


@pytest.mark.usefixtures("compressor")
def test_a_gzip_header_tells_neither_time_nor_name():
    parts, delivered = write([b"a"])
    header = delivered.files[parts[0].name][:10]
    assert header[:3] == b"\x1f\x8b\x08"
    assert header[3] == 0  # no name, no comment, no extra field
    assert header[4:8] == b"\0\0\0\0"


@pytest.mark.usefixtures("compressor")
def test_the_same_records_give_the_same_bytes():
    records = [b'{"number": %d}' % number for number in range(50_000)]
    assert write(records)[1].files == write(records)[1].files


def test_two_libraries_two_files_one_content(monkeypatch):
    records = [b'{"number": %d}' % number for number in range(1000)]
    (fast,), by_isal = write(records)
    monkeypatch.setitem(sys.modules, "isal", None)
    (slow,), by_zlib = write(records)
    assert zlib.decompress(by_isal.files[fast.name], 31) == zlib.decompress(by_zlib.files[slow.name], 31)


@pytest.fixture
def spool(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_waits_on_disk_has_no_name_and_is_given_up_after_its_delivery(spool):
    seen = []

    def deliver(part: Part, file: IO[bytes]) -> Part:
        seen.append(
            (list(spool.iterdir()), len(open_files(spool)), stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        )
        return part

    with part_writer(deliver, roll_at=4) as writer:
        writer.write([b"a"] * 10)
        writer.finish()
    assert len(seen) == 5
    assert all(names == [] and held >= 1 and mode == 0o600 for names, held, mode in seen)
    assert len(open_files(spool)) == 0


def test_nothing_stays_open_when_delivery_fails(spool):
    def refuse(part: Part, file: IO[bytes]) -> Part:
        raise OSError("no")

    with part_writer(refuse, roll_at=2) as writer:
        writer.write([b"a"])
        for part in writer.finish():
            with pytest.raises(OSError, match="no"):
                part.result()
        with pytest.raises(OSError, match="no"):  # and whoever goes on is told
            writer.write([b"b"])
        writer.discard()
    assert len(open_files(spool)) == 0


def test_a_part_that_finds_no_room_is_rolled_once_the_one_before_is_delivered():
    """So the disk does not fill, however slow the store is."""
    may_go, delivered = threading.Semaphore(0), []

    def deliver(part: Part, file: IO[bytes]) -> Part:
        assert may_go.acquire(timeout=30)
        delivered.append(part)
        return part

    with part_writer(deliver, room=1) as writer:
        writer.write([b"a"])
        for rolled, record in enumerate((b"b", b"c", b"d"), start=1):
            threading.Thread(target=may_go.release).start()
            writer.write([record])
            assert len(delivered) == rolled
        may_go.release()
        parts = [part.result() for part in writer.finish()]
    assert delivered == parts


def test_nothing_stays_open_when_it_is_given_up(spool):
    with part_writer(Delivered(), roll_at=100) as writer:
        writer.write([b"a"])
        assert len(open_files(spool)) == 1
        writer.discard()
        writer.discard()
        assert len(open_files(spool)) == 0


@pytest.mark.parametrize("moment", ["open", "write"])
def test_a_full_disk_is_told_with_the_folder_and_what_to_do(spool, monkeypatch, moment):
    def full(*arguments, **choices):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if moment == "open":
        monkeypatch.setattr(tempfile, "TemporaryFile", full)
    else:
        monkeypatch.setattr(
            tempfile, "TemporaryFile", lambda **_: SimpleNamespace(write=full, close=lambda: None)
        )
    with pytest.raises(StorageError, match=f"cannot write to {spool}: No space left.*TMPDIR"):
        write([b"x" * 1_000_000] * 3, compression="none")
