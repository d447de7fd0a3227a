"""Records wait on disk, encrypted, and are read back as they were."""

from __future__ import annotations

import errno
import io
import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.pull.lines_on_disk import LinesOnDisk
from tests.unit.open_files import open_files

SECRET = b'{"participantId":"a-consumer"}'


@given(st.lists(st.binary(max_size=50).flatmap(lambda line: st.sampled_from([line, memoryview(line)]))))
def test_they_are_read_back_as_they_were(lines):
    waiting = LinesOnDisk(lines)
    assert waiting.size == sum(map(len, lines))
    assert list(map(bytes, waiting)) == list(map(bytes, lines))


def test_what_is_on_disk_cannot_be_read_by_others(tmp_path, monkeypatch):
    """Fields that are to be hashed or left out are still in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    waiting = LinesOnDisk([SECRET] * 100)
    (file,) = open_files(tmp_path)
    written = file.read_bytes()
    assert len(written) >= 100 * len(SECRET)
    assert b"consumer" not in written
    assert list(tmp_path.iterdir()) == []
    assert list(waiting) == [SECRET] * 100


@pytest.mark.parametrize("end", [list, LinesOnDisk.close])
def test_nothing_is_left(tmp_path, monkeypatch, end):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    end(LinesOnDisk([SECRET]))
    assert open_files(tmp_path) == []


def test_a_full_disk_leaves_nothing(monkeypatch):
    class Full(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    file = Full(os.devnull, "r+")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: file)
    with pytest.raises(StorageError, match="No space left on device"):
        LinesOnDisk([SECRET])
    assert file.closed
