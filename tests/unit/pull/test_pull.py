"""One window is pulled and lands: completely or not at all, and twice like once."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_liveperson.datasets.audit_trail import graphql
from airflow_provider_liveperson.datasets.catalog import dataset_named
from airflow_provider_liveperson.exceptions import (
    ConfigurationError,
    IncompletePullError,
    InvalidResponseError,
    PermissionDeniedError,
    StorageError,
    WindowOutOfRangeError,
)
from airflow_provider_liveperson.landing.destination import Destination
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.object_storage import ObjectStorageStore
from airflow_provider_liveperson.pull.pull import pull
from airflow_provider_liveperson.sandbox.apis.audit_trail.data import records_of_day
from airflow_provider_liveperson.window import Window

DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))
FOLDER = "lake/audit_trail/account_id=70000001/dt=2026-01-30/20260130T000000Z_20260131T000000Z"
MANIFEST = f"{FOLDER}/_manifest.json"


@pytest.fixture
def run(connect, store):
    """Pulls a day into the store, in parts of about 4 kB."""

    def run(**choices):
        dataset = dataset_named(choices.pop("dataset", "audit_trail"))
        query = dataset.query(choices.pop("window", DAY), filters=choices.pop("filters", None))
        also = {name: choices.pop(name) for name in ("now", "allow_out_of_range") if name in choices}
        where = {"store": store, "prefix": "lake", "encoding": Encoding(), "roll_at": 4000, **choices}
        return pull(connect(), dataset, query, Destination(**where), **also)

    return run


def records(store) -> list[dict]:
    return [
        json.loads(line)
        for key in sorted(store.objects)
        if "/part-" in key
        for line in gzip.decompress(store.objects[key]).splitlines()
    ]


def uris(store) -> set[str]:
    """The URIs of all objects but the list of committed parts."""
    return {f"memory://{key}" for key in store.objects if "/_committed/" not in key}


def test_the_layout_is_what_query_engines_expect(sandbox, run, store):
    landed = run()
    assert landed.manifest == f"memory://{MANIFEST}"
    assert all(it.startswith(f"memory://{FOLDER}/part-0000") for it in landed.objects)
    assert uris(store) == {landed.manifest, *landed.objects}
    assert len(landed.objects) > 2
    truth = sandbox.audit.truth(DAY.start, DAY.end)
    assert sorted(map(str, records(store))) == sorted(map(str, truth))


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [("", ""), ("/", ""), ("a", "a/"), ("/a/b/", "a/b/"), ("a b/ü=1", "a b/ü=1/"), ("..a/b..", "..a/b../")],
)
def test_prefixes(run, store, prefix, folder):
    landed = run(prefix=prefix)
    assert landed.manifest == f"memory://{folder}{MANIFEST.removeprefix('lake/')}"


@pytest.mark.parametrize(
    "prefix", ["..", "a/../b", "../a", "a/..", ".", "a/./b", "a//b", "a\\b", "s3://bucket/a", "half \ud83d"]
)
def test_a_prefix_that_leads_elsewhere_is_refused(sandbox, run, store, prefix):
    with pytest.raises(ConfigurationError, match="prefix") as caught:
        run(prefix=prefix)
    assert caught.value.field == "prefix"
    assert sandbox.requests == []


def test_the_manifest_is_written_last_and_tells_the_truth(sandbox, run, store):
    landed = run()
    assert [it.split("-")[0] for it in store.changes] == ["put part"] * len(landed.objects) + [
        "put _manifest.json",
        f"put {FOLDER.rpartition('/')[2]}.txt",
    ]
    manifest = json.loads(store.objects[MANIFEST])
    for part in manifest["parts"]:
        stored = store.objects[f"{FOLDER}/{part['name']}"]
        assert part["bytes"] == len(stored)
        assert part["sha256"] == hashlib.sha256(stored).hexdigest()
        assert part["records"] == gzip.decompress(stored).count(b"\n")
    assert manifest["counts"]["kept"] == landed.records == len(sandbox.audit.truth(DAY.start, DAY.end)) == 60
    assert landed.bytes == sum(part["bytes"] for part in manifest["parts"])
    assert manifest["request"]["path"] == "/api/account/70000001/configuration/metadata/audit"


def test_neither_manifest_nor_summary_holds_a_secret(sandbox, run, store):
    told = repr(run()) + store.objects[MANIFEST].decode()
    for name in ("app_secret", "access_token", "access_token_secret", "app_key", "client_secret"):
        assert getattr(sandbox.settings, name) not in told


def test_an_empty_window_lands_a_manifest_with_nothing(run, store):
    landed = run(window=Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC)))
    assert (landed.records, landed.bytes, landed.objects) == (0, 0, [])
    manifest, listed = store.objects.values()
    assert json.loads(manifest)["counts"]["kept"] == 0
    assert listed == b""


def test_a_second_run_touches_nothing(run, store):
    first = run()
    store.changes.clear()
    assert run() == first
    assert store.changes == []


@pytest.mark.parametrize("again", [False, True], ids=["first landing", "re-run"])
def test_the_store_is_asked_as_often_whatever_the_number_of_parts(run, store, again):
    asked = []

    class Counting(type(store)):
        def read(self, key):
            asked.append(key)
            return super().read(key)

        def sha256(self, key):
            asked.append(key)
            return super().sha256(key)

        def entries(self, folder):
            asked.append(folder)
            return super().entries(folder)

    def questions(prefix, roll_at):
        where = {"store": Counting(store.objects), "prefix": prefix, "roll_at": roll_at}
        landed = run(**where)
        if again:
            asked.clear()
            landed = run(**where)
        told = len(landed.objects), len(asked)
        asked.clear()
        return told

    few, many = questions("few", 1 << 20), questions("many", 1000)
    assert many[0] > 5 * few[0]
    assert many[1] == few[1]


def test_another_compression_library_replaces_all_parts_and_loses_none(sandbox, run, store, monkeypatch):
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "isal", None)
        first = run()
    second = run()
    assert not set(first.objects) & set(second.objects)
    assert uris(store) == {second.manifest, *second.objects}
    assert sorted(map(str, records(store))) == sorted(map(str, sandbox.audit.truth(DAY.start, DAY.end)))


def test_late_records_replace_only_what_they_must_and_stale_parts_go_last(sandbox, run, store):
    first = run()
    store.changes.clear()
    late = records_of_day(5, DAY.start.date(), 1)[0]._replace(moment=int(DAY.end.timestamp()) - 1)
    sandbox.audit.insert([late])
    second = run()
    kept = set(first.objects) & set(second.objects)
    assert kept
    verbs = [it.split()[0] for it in store.changes]
    assert verbs == ["put"] * (len(second.objects) - len(kept) + 2) + ["delete"] * (
        len(first.objects) - len(kept)
    )
    assert store.changes[verbs.count("put") - 2 :][:2] == [
        "put _manifest.json",
        f"put {FOLDER.rpartition('/')[2]}.txt",
    ]
    assert uris(store) == {second.manifest, *second.objects}
    assert len(records(store)) == 61


def test_parts_that_a_killed_run_left_are_removed(run, store):
    store.objects[f"{FOLDER}/part-00000-0123456789ab.jsonl.gz"] = b"left over"
    store.objects[f"{FOLDER}/notes.txt"] = b"somebody's"
    landed = run()
    assert uris(store) == {
        landed.manifest,
        *landed.objects,
        f"memory://{FOLDER}/notes.txt",
    }


def test_a_part_that_has_gone_missing_is_landed_again(run, store):
    first = run()
    before = dict(store.objects)
    del store.objects[first.objects[1].removeprefix("memory://")]
    assert run() == first
    assert store.objects == before


def test_a_part_overwritten_with_the_same_size_is_written_again(run, store, caplog):
    first = run()
    before = dict(store.objects)
    key = first.objects[1].removeprefix("memory://")
    store.objects[key] = bytes(len(store.objects[key]))
    assert run() == first
    assert store.objects == before
    assert f"{first.objects[1]} was not as it was landed" in caplog.text


def test_a_local_part_that_was_overwritten_with_the_same_size_is_put_again(run, tmp_path):
    local = ObjectStorageStore(f"file://{tmp_path}/lake")
    first = run(store=local)
    parts = sorted(tmp_path.rglob("part-*"))
    before = {path: path.read_bytes() for path in parts}
    parts[1].write_bytes(bytes(len(before[parts[1]])))
    assert run(store=local) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("part-*")} == before


def test_what_a_store_does_not_let_remove_is_told_and_the_window_has_landed(sandbox, run, store, caplog):
    run()
    sandbox.audit.insert(records_of_day(5, DAY.start.date(), 9))
    store.refuse = lambda verb, key: verb == "delete"
    landed = run()
    assert landed.records == 69
    assert "could not be removed" in caplog.text
    assert uris(store) > {landed.manifest, *landed.objects}
    store.refuse = lambda verb, key: False
    run()  # which finds nothing new, and what is older than the manifest
    assert uris(store) == {landed.manifest, *landed.objects}


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of ten rows, so that parts go up before the last page is asked for."""
    monkeypatch.setattr(graphql, "MAX_PAGE_SIZE", 10)


@pytest.mark.usefixtures("small_pages")
def test_a_slice_that_is_read_again_lands_its_parts_once(sandbox, run, store):
    """Its pages had moved after some of its parts had gone up."""
    moved = []

    def insert():
        if not moved:
            moved.append(sandbox.audit.insert(records_of_day(5, DAY.start.date(), 3)))

    landed = run(store=Meddling(store, "upload", insert), roll_at=1000)
    assert moved
    assert uris(store) == {landed.manifest, *landed.objects}
    assert sorted(map(str, records(store))) == sorted(map(str, sandbox.audit.truth(DAY.start, DAY.end)))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("earlier", [False, True], ids=["first landing", "over an earlier one"])
@pytest.mark.parametrize("at", ["second part", "manifest", "page"])
def test_a_failure_midway_leaves_what_was_there(sandbox, run, store, earlier, at):
    if earlier:
        run()
        sandbox.audit.insert(records_of_day(5, DAY.start.date(), 9))
    before = dict(store.objects)
    error: type[Exception] = StorageError
    if at == "page":
        sandbox.faults.add(kind="status", status=403, match="/metadata/audit", skip=4, times=1000)
        error = PermissionDeniedError
    elif at == "manifest":
        store.refuse = lambda verb, key: key == MANIFEST
    else:
        store.refuse = lambda verb, key: verb == "put" and "part-00001" in key
    with pytest.raises(error):
        run()
    assert store.objects == before


def test_what_cannot_be_taken_away_again_is_told_and_does_not_hide_the_error(run, store, caplog):
    store.refuse = lambda verb, key: key == MANIFEST or verb == "delete"
    with pytest.raises(StorageError, match="cannot write"):
        run()
    assert f"Parts without a manifest may stay in memory://{FOLDER}" in caplog.text


def test_something_else_under_the_manifests_name_stops_it_before_liveperson_is_asked(sandbox, run, store):
    store.objects[MANIFEST] = b"not ours"
    with pytest.raises(StorageError, match="not a manifest"):
        run()
    assert store.objects == {MANIFEST: b"not ours"}
    assert sandbox.requests == []


@pytest.mark.parametrize("outcome", ["good", "bad"])
@pytest.mark.parametrize("dataset", ["audit_trail", "audit_trail_export"])
def test_no_temporary_file_is_left(sandbox, run, tmp_path, monkeypatch, outcome, dataset):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if outcome == "bad":
        sandbox.faults.add(
            kind="status", status=200, body="Total Items\n5\n", match="/audit/export", times=99
        )
        sandbox.faults.add(kind="status", status=403, match="/metadata/audit", times=99)
        with pytest.raises((IncompletePullError, PermissionDeniedError)):
            run(dataset=dataset)
    else:
        run(dataset=dataset)
    assert list(tmp_path.iterdir()) == []


def test_a_window_that_is_not_over_is_refused_before_anything_is_asked(sandbox, run, store):
    now = DAY.end - timedelta(seconds=1)
    with pytest.raises(WindowOutOfRangeError, match="allow_out_of_range=True"):
        run(now=now)
    assert sandbox.requests == []
    assert store.objects == {}
    assert run(now=now, allow_out_of_range=True).records == 60


@pytest.mark.parametrize("name", ["audit_trail", "audit_trail_export"])
def test_an_answer_that_makes_no_sense_is_named_by_its_request(sandbox, run, store, name):
    row = '{"changeDate": "%s"}'
    unsorted = ",".join(row % f"2026-01-30 0{hour}:00:00.0" for hour in (5, 4))
    body = {
        "audit_trail": f'{{"data": {{"auditData": [{unsorted}]}}}}',
        "audit_trail_export": "Total Items\n1\nResults\nWhen\n2026-01-30T00:00:00\n",
    }[name]
    sandbox.faults.add(kind="status", status=200, body=body, match="/metadata/audit", times=99)
    with pytest.raises(InvalidResponseError, match=r"accountConfigReadOnly /api/account/.*/metadata/audit"):
        run(dataset=name)
    assert store.objects == {}


class Meddling:
    """A store in which another run of the same window acts at a chosen moment."""

    def __init__(self, store, moment, act):
        self._store, self._moment, self._act = store, moment, act

    def __getattr__(self, name):
        return getattr(self._store, name)

    def create(self, key, file):
        etag = self._store.create(key, file)
        self._meddle("upload")
        return etag

    def swap(self, key, data, expected):
        self._store.swap(key, data, expected)
        self._meddle("write")

    def _meddle(self, moment):
        if self._act and moment == self._moment:
            act, self._act = self._act, None
            act()


@pytest.mark.usefixtures("small_pages")
def test_a_failing_run_takes_nothing_away_that_another_has_committed_meanwhile(sandbox, run, store):
    def commit_and_spoil():
        run()
        sandbox.faults.add(kind="status", status=403, match="/metadata/audit", times=99)

    with pytest.raises(PermissionDeniedError):
        run(store=Meddling(store, "upload", commit_and_spoil), roll_at=1000)
    manifest = json.loads(store.objects[MANIFEST])
    assert len(manifest["parts"]) > 1
    assert {f"{FOLDER}/{part['name']}" for part in manifest["parts"]} <= store.objects.keys()
    assert sorted(map(str, records(store))) == sorted(map(str, sandbox.audit.truth(DAY.start, DAY.end)))


def lose_a_part(store):
    del store.objects[next(key for key in sorted(store.objects) if "/part-" in key)]


def test_a_run_whose_parts_another_took_for_stale_lands_them_again(sandbox, run, store, caplog):
    run(store=Meddling(store, "write", lambda: lose_a_part(store)))
    assert "another run of the same window" in caplog.text
    assert sorted(map(str, records(store))) == sorted(map(str, sandbox.audit.truth(DAY.start, DAY.end)))


def test_a_run_whose_parts_are_taken_again_and_again_says_so(run, store):
    class Losing(Meddling):
        def _meddle(self, moment):
            lose_a_part(self._store)

    with pytest.raises(StorageError, match="another run of the same window"):
        run(store=Losing(store, "write", None))


def test_a_manifest_that_was_stored_although_its_put_failed_keeps_its_parts(sandbox, run, store):
    def break_off():
        raise StorageError("no answer came")

    with pytest.raises(StorageError, match="no answer"):
        run(store=Meddling(store, "write", break_off))
    manifest = json.loads(store.objects[MANIFEST])
    assert {f"{FOLDER}/{part['name']}" for part in manifest["parts"]} <= store.objects.keys()


def test_other_filters_do_not_replace_what_has_landed(sandbox, run, store):
    run()
    before = dict(store.objects)
    asked = len(sandbox.requests)
    with pytest.raises(ConfigurationError, match="another prefix"):
        run(filters={"lpa": False})
    assert store.objects == before
    assert len(sandbox.requests) == asked


def test_other_filters_that_were_faster_are_not_replaced_either(run, store):
    with pytest.raises(ConfigurationError, match="another prefix"):
        run(store=Meddling(store, "upload", lambda: run(filters={"lpa": False})))
    assert json.loads(store.objects[MANIFEST])["filters"] == {"lpa": False}


def test_a_window_that_cannot_be_complete_says_so_until_it_is(run, store):
    run(now=DAY.end - timedelta(seconds=1), allow_out_of_range=True)
    assert json.loads(store.objects[MANIFEST])["complete"] is False
    run()
    assert json.loads(store.objects[MANIFEST])["complete"] is True
