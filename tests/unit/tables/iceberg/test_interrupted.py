"""Whatever happens to a load, the table has the window as it was before or as it has landed, and a retry heals it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partialmethod
from itertools import chain
from pathlib import Path

import pyarrow
import pytest
from pyarrow.parquet import ParquetFile
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.update import AddSnapshotUpdate

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.tables.iceberg import replace
from airflow_provider_liveperson.tables.iceberg.landed_window import LandedWindow
from airflow_provider_liveperson.window import Window
from devtools.iceberg import DAY, NAME, NEXT_DAY, at
from devtools.landed_windows import ACCOUNT
from tests.unit.tables.iceberg import kills

ROOT = Path(__file__).resolve().parents[4]
OTHER_ACCOUNT = "70000002"


@pytest.mark.slow
def test_a_load_may_be_killed_at_any_step(tmp_path):
    told = subprocess.run(
        [sys.executable, str(Path(kills.__file__)), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    states = [json.loads(line) for line in told.stdout.splitlines() if line.startswith('{"step"')]
    ids = [sorted(chain.from_iterable(contents)) for contents in kills.CONTENTS]
    killed = [state for state in states if state["after"] == "kill" and state["ended"] == signal.SIGKILL]
    # Two data files, two manifests of added and removed files, their list, the metadata, and the commit around it.
    assert len(killed) >= 8
    snapshots = 1
    for state in states:
        old, new = ids[state["step"] % 2], ids[(state["step"] + 1) % 2]
        if state["after"] == "kill":
            assert state["ids"] in (old, new)
            assert state["snapshots"] == snapshots + (state["ids"] == new)
        else:
            snapshots += 1
            assert (state["ids"], state["snapshots"]) == (new, snapshots)
    assert {tuple(state["ids"]) for state in killed} == {tuple(ids[0]), tuple(ids[1])}
    assert states[-1]["ended"] == 0


@pytest.fixture
def before_commit(monkeypatch):
    """Others act before the first commit of a window, while its data files are there already."""
    acts = []
    commit = SqlCatalog.commit_table

    def commit_later(self, table, requirements, updates):
        if acts and any(isinstance(update, AddSnapshotUpdate) for update in updates):
            acts.pop()()
        return commit(self, table, requirements, updates)

    monkeypatch.setattr(SqlCatalog, "commit_table", commit_later)
    monkeypatch.setattr(replace, "_MAX_WAIT", 0.0)
    return acts.append


@pytest.fixture
def in_catalog(monkeypatch):
    """Has the next commits in the catalog go another way: ``in_catalog(before=…, after=…, times=1)``."""

    def go(*, before: Exception | None = None, after: Exception | None = None, times: int = 1) -> None:
        commit, left = SqlCatalog.commit_table, [times]

        def commit_table(self, *arguments):
            is_odd, left[0] = left[0] > 0, left[0] - 1
            if is_odd and before is not None:
                raise before
            answer = commit(self, *arguments)
            if is_odd and after is not None:
                raise after
            return answer

        monkeypatch.setattr(SqlCatalog, "commit_table", commit_table)

    monkeypatch.setattr(replace, "_MAX_WAIT", 0.0)
    return go


class TestOthersCommitFirst:
    def test_to_another_window(self, lake, before_commit):
        lake.load(lake.land(["1"]))
        other = lake.land(["1"], account_id=OTHER_ACCOUNT)
        before_commit(lambda: lake.load(other))
        assert lake.load(lake.land(["2"])).changed
        assert lake.rows() == [*at(DAY, OTHER_ACCOUNT, "1"), *at(DAY, ACCOUNT, "2")]
        assert len(lake.table.snapshots()) == 3
        assert lake.data_files() == lake.named_files()

    def test_the_same_manifest(self, lake, before_commit):
        lake.load(lake.land(["1"]))
        landed = lake.land(["2"], ["3"])
        before_commit(lambda: lake.load(landed))
        assert not lake.load(landed).changed
        assert lake.rows() == at(DAY, ACCOUNT, "2", "3")
        assert len(lake.table.snapshots()) == 2
        assert lake.data_files() == lake.named_files()

    def test_the_same_manifest_in_a_table_that_is_empty(self, lake, before_commit):
        landed = lake.land(["1"])
        before_commit(lambda: lake.load(landed))
        assert not lake.load(landed).changed
        assert lake.rows() == at(DAY, ACCOUNT, "1")
        assert lake.data_files() == lake.named_files()

    def test_what_has_landed_meanwhile(self, lake, before_commit):
        lake.load(lake.land(["1"]))
        landed = lake.land(["2"])
        before_commit(lambda: lake.load(lake.land(["3"])))
        with pytest.raises(StorageError, match="was replaced since it was read"):
            lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "3")
        assert lake.data_files() == lake.named_files()
        assert not lake.load(LandedWindow.read(lake.store, landed.folder)).changed

    def test_a_column(self, lake, before_commit):
        lake.load(lake.land(["1"]))

        def add_column() -> None:
            with lake.table.update_schema() as update:
                update.add_column("ours", lake.table.schema().find_field("id").field_type)

        before_commit(add_column)
        lake.load(lake.land(["2"]))
        assert lake.rows("id", "ours") == [("2", None)]

    def test_other_partitions(self, lake, before_commit):
        lake.load(lake.land(["1"]))

        def change_partitions() -> None:
            with lake.table.update_spec() as update:
                update.remove_field("dt")
            lake.load(lake.land(["5"], window=NEXT_DAY))

        landed = lake.land(["2"])
        before_commit(change_partitions)
        with pytest.raises(StorageError, match=r"partitions of liveperson.users have changed"):
            lake.load(landed)
        assert lake.data_files() == lake.named_files()
        assert lake.load(landed).changed
        assert lake.rows() == [*at(DAY, ACCOUNT, "2"), *at(NEXT_DAY, ACCOUNT, "5")]

    def test_again_and_again(self, lake, in_catalog, monkeypatch):
        monkeypatch.setattr(replace, "_MAX_COMMITS", 3)
        lake.load(lake.land(["1"]))
        landed = lake.land(["2"])
        in_catalog(before=CommitFailedException("not the newest"), times=3)
        with pytest.raises(StorageError, match=f"{NAME} was changed by others before each of 3 commits"):
            lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "1")
        assert lake.data_files() == lake.named_files()
        assert lake.load(landed).changed


class TestTheAnswerOfTheCatalogIsLost:
    def test_and_a_conflict_is_reported_instead(self, lake, in_catalog):
        """As it happens when a proxy sends the request again."""
        lake.load(lake.land(["1"]))
        in_catalog(after=CommitFailedException("not the newest"))
        assert lake.load(lake.land(["2"])).changed
        assert lake.rows() == at(DAY, ACCOUNT, "2")
        assert len(lake.table.snapshots()) == 2
        assert lake.data_files() == lake.named_files()

    def test_and_others_have_committed_since(self, lake, in_catalog, monkeypatch):
        """Nothing is removed of a snapshot that is history by then."""
        landed = lake.land(["2"])
        load_again = lake.load
        look_again = replace._look_again

        def look_later(table, of):
            load_again(lake.land(["3"]))
            return look_again(table, of)

        in_catalog(after=CommitFailedException("not the newest"))
        monkeypatch.setattr(replace, "_look_again", look_later)
        with pytest.raises(StorageError, match="was replaced since it was read"):
            lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "3")
        first = lake.table.snapshots()[0].snapshot_id
        assert lake.table.scan(snapshot_id=first).to_arrow()["id"].to_pylist() == ["2"]

    @pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "not committed"])
    def test_the_files_stay_and_the_next_try_looks(self, lake, in_catalog, is_committed):
        lake.load(lake.land(["1"]))
        landed = lake.land(["2"])
        broken = ConnectionError("reset by peer")
        in_catalog(**{"after" if is_committed else "before": broken})
        with pytest.raises(StorageError, match=r"it is not known whether liveperson.users was changed"):
            lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "2" if is_committed else "1")
        assert lake.load(landed).changed is not is_committed
        assert lake.rows() == at(DAY, ACCOUNT, "2")
        assert len(lake.table.snapshots()) == 2


def test_many_tasks_load_their_windows_into_a_new_table_at_once(lake):
    hours = [DAY.start + timedelta(hours=hour) for hour in range(12)]
    landed = [
        lake.land([str(number)], window=Window(hour, hour + timedelta(hours=1)))
        for number, hour in enumerate(hours)
    ]
    _ = lake.catalog.list_namespaces()  # makes the database, which pyiceberg does not do in parallel
    with ThreadPoolExecutor(6) as pool:
        assert all(one.changed for one in pool.map(lake.load, [*landed, *landed[:0]]))
    assert sorted(int(row[0]) for row in lake.rows("id")) == list(range(12))
    assert len(lake.table.snapshots()) == 12
    assert lake.data_files() == lake.named_files()


@pytest.mark.parametrize("what", ["namespace", "table"])
def test_another_task_creates_it_at_the_same_moment(lake, monkeypatch, what):
    landed = lake.land(["1"])
    create = getattr(SqlCatalog, f"create_{what}")
    calls = []

    def create_after_another(self, *args, **kwargs):
        if not calls:
            calls.append(what)
            create(self, *args, **kwargs)
            # What a task sees that has looked before the other one has committed.
            monkeypatch.setattr(SqlCatalog, "namespace_exists", lambda self, namespace: what == "table")
        try:
            return create(self, *args, **kwargs)
        finally:
            monkeypatch.setattr(SqlCatalog, "namespace_exists", namespace_exists)

    namespace_exists = SqlCatalog.namespace_exists
    monkeypatch.setattr(SqlCatalog, f"create_{what}", create_after_another)
    assert lake.load(landed).changed
    assert calls == [what]
    assert lake.rows() == at(DAY, ACCOUNT, "1")


def test_a_namespace_that_cannot_be_created(lake, monkeypatch):
    def refuse(self, namespace, properties=None):
        raise PermissionError("no")

    monkeypatch.setattr(SqlCatalog, "create_namespace", refuse)
    with pytest.raises(StorageError, match=f"cannot create the table {NAME}: PermissionError: no"):
        lake.load(lake.land(["1"]))


class TestParts:
    @pytest.fixture
    def landed(self, lake):
        lake.load(lake.land(["1"]))
        return lake.land(["2"], ["3"])

    def part(self, lake, landed, number) -> Path:
        return lake.folder / landed.folder / landed.manifest.parts[number].name

    @pytest.mark.parametrize("number", [0, 1])
    def test_one_that_has_changed_is_found_and_nothing_is_written(self, lake, landed, number):
        part = self.part(lake, landed, number)
        part.write_bytes(bytes(part.stat().st_size))
        with pytest.raises(StorageError, match=f"{part.name} is not the part"):
            lake.load(landed)
        with pytest.raises(StorageError, match=f"{part.name}, which is not there or has changed"):
            LandedWindow.read(lake.store, landed.folder)
        assert lake.rows() == at(DAY, ACCOUNT, "1")
        assert lake.data_files() == lake.named_files()

    def test_one_that_is_gone_is_named(self, lake, landed):
        part = self.part(lake, landed, 1)
        part.unlink()
        with pytest.raises(StorageError, match=f"{part.name}, which is not there"):
            LandedWindow.read(lake.store, landed.folder)

    def test_those_of_a_window_that_has_landed_anew_are_not_missed(self, lake, landed):
        lake.land(["4"])
        with pytest.raises(StorageError, match="was replaced since it was read"):
            lake.load(landed)
        assert lake.rows() == at(DAY, ACCOUNT, "1")

    def test_one_at_a_time_is_in_memory(self, lake, monkeypatch):
        text = "x" * 1_000_000
        parts = [[json.dumps({"id": f"{number}", "loginName": text})] for number in range(6)]
        landed = lake.land(*parts)
        held, open_part = [], LandedWindow._open

        def open_and_look(self, part):
            held.append(pyarrow.total_allocated_bytes())
            return open_part(self, part)

        monkeypatch.setattr(LandedWindow, "_open", open_and_look)
        # pyarrow's own threads let go of what they have read a moment after they have handed it on.
        in_this_thread = partialmethod(ParquetFile.read_row_group, use_threads=False)
        monkeypatch.setattr(ParquetFile, "read_row_group", in_this_thread)
        before = pyarrow.total_allocated_bytes()
        lake.load(landed)
        assert len(held) == 7  # the first one also for its columns
        assert max(held) - before < 500_000


def test_a_window_that_did_not_land_is_told(lake):
    with pytest.raises(StorageError, match=r"there is no file:///.*/nowhere/_manifest.json") as raised:
        LandedWindow.read(lake.store, "nowhere")
    assert raised.value.permanent
