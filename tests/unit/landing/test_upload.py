"""Parts on their way into a folder: those that are there stay, and the others take names that were free."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from airflow_provider_liveperson.exceptions import StorageError
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.landing.errors import ConcurrentRunError
from airflow_provider_liveperson.landing.manifest import Manifest
from airflow_provider_liveperson.landing.parts import Part
from airflow_provider_liveperson.landing.upload import Upload
from devtools.landing_runs import manifest

FOLDER = "lake/window"
OTHER = "lake/other"


@pytest.fixture
def uploads(store):
    """Makes uploads into the folder, and closes them at the end."""
    made = []

    def upload(
        before: Manifest | None = None, *, folder: str = FOLDER, spent: set[str] | None = None
    ) -> Upload:
        made.append(
            Upload(
                store.destination(encoding=Encoding(compression="none")),
                folder,
                before=before,
                spent=set() if spent is None else spent,
            )
        )
        return made[-1]

    yield upload
    for one in made:
        one.close()


def put(upload: Upload, *records: bytes, first: int = 0) -> Part:
    writer = upload.writer(first)
    writer.write(records)
    (part,) = [delivery.result() for delivery in writer.finish()]
    return part


def names(parts: Sequence[Part]) -> list[str]:
    return [part.name for part in parts]


def test_a_part_lands_under_its_own_name_where_that_is_free(store, uploads):
    upload = uploads()
    part = put(upload, b"1")
    assert part.name == f"part-00000-{part.sha256[:12]}.jsonl"
    assert store.objects == {f"{FOLDER}/{part.name}": b"1\n"}
    assert upload.created == {f"{FOLDER}/{part.name}"}
    assert upload.has_uploaded([part])
    assert upload.has_put


def test_a_part_of_the_base_is_left_alone(store, uploads):
    part = put(uploads(), b"1")
    store.changes.clear()
    upload = uploads(manifest([part]))
    assert put(upload, b"1") == part
    assert store.changes == []
    assert not upload.has_put
    assert not upload.has_uploaded([part])
    assert upload.created == frozenset()


def test_a_part_of_the_base_that_is_not_as_it_was_is_put_again(store, uploads, caplog):
    part = put(uploads(), b"1")
    store.objects[f"{FOLDER}/{part.name}"] = b"x\n"
    upload = uploads(manifest([part]))
    assert put(upload, b"1") == part
    assert store.objects[f"{FOLDER}/{part.name}"] == b"1\n"
    assert upload.has_put
    assert upload.has_uploaded([part])
    assert upload.created == frozenset()  # it is not this run's to take away
    assert "was not as it was landed" in caplog.text


def test_a_part_of_the_base_stands_for_one_part_only(uploads):
    part = put(uploads(), b"1")
    upload = uploads(manifest([part]))
    assert put(upload, b"1", first=0).name == part.name
    other = put(upload, b"1", first=1)
    assert (other.sha256, other.name) == (part.sha256, part.name.replace("00000", "00001"))


def test_a_name_that_another_run_holds_is_left_to_it(store, uploads):
    mine = put(uploads(), b"1")
    theirs = put(uploads(), b"1")
    assert mine.sha256 == theirs.sha256
    assert mine.name != theirs.name
    assert theirs.name.partition("-")[2][:5] >= "10000"
    assert set(store.objects) == {f"{FOLDER}/{name}" for name in names([mine, theirs])}


def test_a_part_that_has_taken_another_number_stands_for_the_same_bytes(uploads):
    put(uploads(), b"1")
    theirs = put(uploads(), b"1")
    assert put(uploads(manifest([theirs])), b"1") == theirs


def test_names_that_earlier_tries_have_used_are_not_used_again(store, uploads):
    spent: set[str] = set()
    first = put(uploads(spent=spent), b"1")
    store.objects.clear()  # as another run may do that takes it for stale
    assert spent == {f"{FOLDER}/{first.name}"}
    assert put(uploads(spent=spent), b"1").name != first.name


def test_where_no_name_is_free_another_run_is_at_work(store, uploads):
    store.create = lambda key, file: (_ for _ in ()).throw(conflict(key))
    upload = uploads()
    writer = upload.writer(0)
    writer.write([b"1"])
    with pytest.raises(ConcurrentRunError, match="another run of the same window"):
        _ = [delivery.result() for delivery in writer.finish()]


def conflict(key: str) -> Exception:
    from airflow_provider_liveperson.landing.stores import ConflictError

    return ConflictError(f"{key} is there")


def test_what_is_uploaded_twice_lands_once(store, uploads):
    """A slice that is read again has the same first parts."""
    upload = uploads()
    assert put(upload, b"1") == put(upload, b"1")
    assert len(store.objects) == 1


def test_the_folder_is_listed_once(store, uploads):
    listed = []
    entries = store.entries
    store.entries = lambda folder: listed.append(folder) or entries(folder)
    upload = uploads()
    for number in range(5):
        put(upload, b"%d" % number, first=number)
    assert listed == [FOLDER]


def test_parts_are_copied_from_another_window(store, uploads):
    parts = [put(uploads(folder=OTHER), b"1"), put(uploads(folder=OTHER), b"2", first=1)]
    upload = uploads()
    copied = upload.copy_from(manifest(parts), OTHER)
    assert copied == parts
    assert upload.created == {f"{FOLDER}/{name}" for name in names(parts)}
    assert store.objects[f"{FOLDER}/{parts[1].name}"] == b"2\n"


def test_parts_of_the_same_window_need_no_copy(store, uploads):
    part = put(uploads(), b"1")
    store.changes.clear()
    upload = uploads(manifest([part]))
    assert upload.copy_from(manifest([part]), FOLDER) == [part]
    assert store.changes == []


@pytest.mark.parametrize("loss", ["gone", "changed"])
def test_nothing_is_copied_of_what_is_not_as_its_manifest_says(store, uploads, loss):
    part = put(uploads(folder=OTHER), b"1")
    if loss == "gone":
        del store.objects[f"{OTHER}/{part.name}"]
    else:
        store.objects[f"{OTHER}/{part.name}"] = b"x\n"
    assert uploads().copy_from(manifest([part]), OTHER) is None


def test_a_part_that_goes_while_it_is_copied_is_no_part(store, uploads):
    part = put(uploads(folder=OTHER), b"1")
    copy = store.copy

    def copy_late(source: str, key: str, etag: str | None) -> str | None:
        store.objects.pop(source)
        return copy(source, key, etag)

    store.copy = copy_late
    assert uploads().copy_from(manifest([part]), OTHER) is None


def test_what_is_submitted_comes_behind_the_parts(store, uploads):
    upload, seen = uploads(), []
    writer = upload.writer(0)
    writer.write([b"1"])
    writer.finish()
    upload.submit(lambda: seen.append(len(store.objects)))
    upload.finish()
    assert seen == [1]


def test_a_part_that_could_not_be_put_fails_the_finish(store, uploads):
    store.refuse = lambda verb, key: True
    upload = uploads()
    writer = upload.writer(0)
    writer.write([b"1"])
    writer.finish()
    with pytest.raises(StorageError, match="cannot write"):
        upload.finish()
    assert upload.created == frozenset()


def test_an_etag_goes_into_the_manifest(store, uploads):
    part = put(uploads(), b"1")
    assert part.etag == store.fetch(f"{FOLDER}/{part.name}").etag
    assert msgspec.json.decode(msgspec.json.encode(part))["etag"] == part.etag
