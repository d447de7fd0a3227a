"""Spool files have no name, so that nothing is left when their process is killed."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.pull.pull import records
from airflow_provider_liveperson.spool import open_spool, spool_errors
from airflow_provider_liveperson.window import Window

WAITS = """
import sys, tempfile
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.bounded_worker import BoundedWorker
from airflow_provider_liveperson.landing.parts import PartWriter
from airflow_provider_liveperson.spool import open_spool

assert tempfile.gettempdir() == sys.argv[1]
spool = open_spool()
spool.write(b"hello" * 100_000)
spool.flush()
writer = PartWriter(
    Encoding(compression="none"),
    first=0,
    deliver=lambda part, file: part,
    compressor=BoundedWorker("compress", room=1 << 20),
    uploader=BoundedWorker("upload", room=1 << 20),
)
writer.write([b"hello" * 1_000_000])
print("waiting", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_leaves_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        assert list(tmp_path.iterdir()) == []
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_open_it():
    with open_spool() as spool:
        assert stat.S_IMODE(os.fstat(spool.fileno()).st_mode) == 0o600
        assert os.fstat(spool.fileno()).st_uid == os.getuid()


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(StorageError, match=f"cannot write to {tmp_path}/absent: No such file.*TMPDIR"):
        open_spool()


def test_the_error_of_records_says_that_the_disk_is_full(connect, sandbox, monkeypatch):
    class Full:
        def __getattr__(self, name):
            def fail(*_):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            return fail

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    dataset = dataset_named("audit_trail")
    start = datetime(2026, 1, 30, tzinfo=UTC)
    query = dataset.query(Window(start, start + timedelta(days=1)))
    with pytest.raises(StorageError, match=r"No space left.*TMPDIR"):
        list(records(connect(), dataset, query))


def test_another_error_is_not_reported_as_a_full_disk():
    with pytest.raises(ZeroDivisionError), spool_errors():
        raise ZeroDivisionError
