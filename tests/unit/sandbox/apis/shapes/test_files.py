from __future__ import annotations

import gzip
import json

import pytest

from airflow_provider_liveperson.sandbox.apis.shapes.files import (
    FileListing,
    StoredFile,
    avro,
    gzipped,
    json_lines,
    one_or_many,
)


def file(name: str, start: int, end: int) -> StoredFile:
    return StoredFile(name=name, start=start, end=end, content=lambda: name.encode())


def names(files: list[StoredFile]) -> list[str]:
    return [one.name for one in files]


def test_a_listing_has_every_file_that_overlaps_the_range() -> None:
    listing = FileListing([file("c", 20, 30), file("a", 0, 10), file("b", 10, 20)])
    assert names(listing.overlapping(5, 15)) == ["a", "b"]
    assert names(listing.overlapping(10, 20)) == ["b"]
    assert names(listing.overlapping(30, 40)) == []
    assert names(listing.beginning(5, 15)) == ["b"]


def test_further_files_may_appear() -> None:
    listing = FileListing([file("a", 0, 10)])
    listing.add([file("a2", 0, 10)])
    assert (names(listing.overlapping(0, 1)), len(listing)) == (["a", "a2"], 2)
    assert listing.find("a2").content() == b"a2"
    with pytest.raises(KeyError, match="no file 'a3'"):
        listing.find("a3")


def test_a_single_element_may_stand_for_itself() -> None:
    assert one_or_many(["a"], single_as_object=True) == "a"
    assert one_or_many(["a"], single_as_object=False) == ["a"]
    assert one_or_many(["a", "b"], single_as_object=True) == ["a", "b"]


def test_content_is_lines_of_json_and_always_compressed_alike() -> None:
    content = json_lines([{"a": 1}, {"b": "é"}])
    assert [json.loads(line) for line in content.splitlines()] == [{"a": 1}, {"b": "é"}]
    assert json_lines([1, 2], separator=b"") == b"12"
    assert gzipped(content) == gzipped(content)
    assert gzip.decompress(gzipped(content)) == content


def test_nullable_values_name_their_type() -> None:
    assert [avro(value) for value in (True, 1, 1.5, "a", [1], None, {"a": 1})] == [
        {"boolean": True},
        {"long": 1},
        {"double": 1.5},
        {"string": "a"},
        {"array": [1]},
        None,
        {"a": 1},
    ]
