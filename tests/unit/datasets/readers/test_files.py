"""A list of files, then the files: each once, oldest first, streamed from disk, and nothing damaged is taken."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.client.messages import Answer
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import Access
from airflow_provider_liveperson.datasets.model.cursor import Cursor
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.ranges import TimeRange
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers import files as module
from airflow_provider_liveperson.datasets.readers.files import Files, ListedFile
from airflow_provider_liveperson.datasets.readers.reader import ContradictionError, Pager
from airflow_provider_liveperson.exceptions import InvalidResponseError, RequestRejectedError
from airflow_provider_liveperson.window import Window

HOUR = 3_600_000
DAY = Window(datetime(2026, 1, 30, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC))


class Paths(Files):
    """The plainest files: a list of hours and paths, which are parameters, and each object is a record."""

    def listed(self, dataset: Dataset, answer: Answer) -> Iterable[ListedFile]:
        for hour, path in msgspec.json.decode(answer.body):
            made = dataset.request.make(params={"path": path}, to_disk=True)
            yield ListedFile(DAY.start_ms + hour * HOUR, made)

    def rows(self, content: bytes) -> Iterable[bytes]:
        return [content]


DATASET = Dataset(
    name="paths",
    title="Paths",
    page="paths.html",
    request=RequestTemplate(service="x", path="/files"),
    access=Access(kinds=(CredentialKind.API_KEY,)),
    reader=Paths(range=TimeRange(start="from", end="to"), no_files="Nothing There"),
    cursors=(Cursor("start", "By the start."),),
)


def pager() -> Pager:
    query = DATASET.query(DAY)
    (slice_,) = DATASET.plan(query)
    return DATASET.open(query, slice_)


def list_answer(entries: Any) -> Answer:
    return Answer(status=200, headers={}, body=msgspec.json.encode(entries))


def file_answer(content: bytes) -> Answer:
    return Answer(status=200, headers={}, file=io.BytesIO(content))


def read(content: bytes) -> list[bytes]:
    made = pager()
    return [bytes(line) for line in made.accept(made.parse(file_answer(content)))]


def test_what_is_sent():
    made = pager()
    request = made.next_request()
    assert request is not None
    assert request.params == {"from": str(DAY.start_ms), "to": str(DAY.end_ms)}
    assert not request.to_disk
    assert made.next_request() is None  # until the list is there


@given(st.lists(st.tuples(st.integers(-3, 27), st.sampled_from("abc")), max_size=12))
def test_each_file_of_the_window_is_requested_once_oldest_first(entries):
    made = pager()
    made.next_request()
    made.peek(listed := made.parse(list_answer(entries)))
    first = made.next_request()
    assert list(made.accept(listed)) == []
    requests = [first] if first else []
    while request := made.next_request():
        requests.append(request)
    assert all(request.to_disk for request in requests)
    assert [request.params["path"] for request in requests] == [
        path for hour, path in sorted(set(entries)) if 0 <= hour < 24
    ]


@given(
    st.lists(st.dictionaries(st.sampled_from("ab"), st.text(max_size=9), max_size=2), max_size=20),
    st.sampled_from([b"\n", b""]),
    st.integers(0, 3),
)
def test_compressed_or_not_the_records_are_the_same(written, separator, members):
    lines = [msgspec.json.encode(one) for one in written]
    content = b"".join(line + separator for line in lines) or b"\n"
    cut = len(content) // 2
    compressed = [b"", gzip.compress(content), gzip.compress(content[:cut]) + gzip.compress(content[cut:])]
    assert read(compressed[members] if 0 < members < 3 else content) == lines


def test_a_compressed_file_without_records_is_one():
    assert read(gzip.compress(b"")) == []


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"1", gzip.compress(b"<html>", mtime=0), b"\x1f\x8bxxxxxxxxxxxx"]
)
def test_what_does_not_begin_like_a_file_is_requested_again(content):
    answer, made = file_answer(content), pager()
    for _ in range(2):  # as the client does
        with pytest.raises(InvalidResponseError, match=r"the file (is|cannot)"):
            made.parse(answer)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_file_is_never_taken_for_a_whole_one(place, change):
    """Whatever byte of the compressed data or of its checksum is another one."""
    content = b"".join(b'{"a":%d}\n' % number for number in range(300))
    compressed = bytearray(gzip.compress(content, mtime=0))
    compressed[10 + place % (len(compressed) - 10)] ^= change
    try:
        found = read(bytes(compressed))
    except (ContradictionError, InvalidResponseError):
        return
    assert found == content.splitlines()


def test_a_file_that_was_cut_is_read_again():
    compressed = gzip.compress(b"".join(b'{"a":%d}\n' % (number * 7919) for number in range(9000)))
    with pytest.raises(ContradictionError, match="cannot be decompressed to its end"):
        read(compressed[:-20])


def test_a_file_that_never_ends_is_refused_while_it_is_read(monkeypatch):
    monkeypatch.setattr(module, "MAX_CONTENT", 1 << 20)
    bomb = gzip.compress(b"{}" + b" " * (8 << 20))
    with pytest.raises(InvalidResponseError, match="never ends"):
        read(bomb)


def test_records_are_handed_on_while_the_file_is_read():
    class Counted(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert 0 < size <= 1 << 18
            return super().read(size)

    file = Counted(b'{"a":1}\n' * 200_000)
    made = pager()
    lines = iter(made.accept(made.parse(Answer(status=200, headers={}, file=file))))
    next(lines)
    assert file.tell() <= 1 << 18
    assert made.received == 1
    assert 1 + sum(1 for _ in lines) == made.received == 200_000
    assert file.closed


def refusal(said: str) -> RequestRejectedError:
    return RequestRejectedError(f"GET x /files at h answered 404 '{said}'.", status=404)


def test_no_files_is_an_empty_slice():
    made = pager()
    made.next_request()
    made.refused(refusal("nothing there"))
    assert made.next_request() is None
    made.finish()
    assert made.received == 0


def test_another_refusal_is_one():
    with pytest.raises(RequestRejectedError):
        pager().refused(refusal("no such account"))


def test_a_file_that_is_gone_is_not_an_empty_slice():
    made = pager()
    made.next_request()
    list(made.accept(made.parse(list_answer([[1, "a"]]))))
    with pytest.raises(RequestRejectedError):
        made.refused(refusal("nothing there"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b" "])
def test_a_list_that_cannot_be_read_is_requested_again(body):
    with pytest.raises(InvalidResponseError):
        pager().parse(Answer(status=200, headers={}, body=body))


@pytest.mark.parametrize("size", [10, module._CHUNK + 1])
def test_a_whole_file_is_handed_on_as_it_came_and_outlives_its_file(size):
    content = b"{" + b" " * (size - 2) + b"}"
    dataset, query = DATASET.as_files(), DATASET.query(DAY)
    made = dataset.open(query, dataset.plan(query)[0])
    made.next_request()
    list(made.accept(made.parse(list_answer([[1, "a"], [2, "b"], [30, "outside"]]))))
    assert made.reported == 2
    with tempfile.SpooledTemporaryFile(max_size=1000) as file:
        file.write(content)
        lines = list(made.accept(made.parse(Answer(status=200, headers={}, file=file))))
        assert file.closed
    assert list(map(bytes, lines)) == [content]


def test_a_whole_file_that_is_damaged_is_read_again():
    dataset, query = DATASET.as_files(), DATASET.query(DAY)
    made = dataset.open(query, dataset.plan(query)[0])
    made.next_request()
    list(made.accept(made.parse(list_answer([[1, "a"]]))))
    cut = gzip.compress(b'{"a":1}' * 1000)[:-9]
    with pytest.raises(ContradictionError, match="cannot be decompressed"):
        list(made.accept(made.parse(file_answer(cut))))
