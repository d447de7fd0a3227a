"""Parts without some records are byte for byte what would have landed without them, whatever is in them."""

from __future__ import annotations

import io
import json
import tempfile
from types import SimpleNamespace

import pytest

from airflow_provider_liveperson.erasure.part_files import part_file
from airflow_provider_liveperson.records.columns import INTEGER, JSON, NUMBER, TEXT, TIMESTAMP, Array, Struct
from airflow_provider_liveperson.records.line import ErasedLine
from airflow_provider_liveperson.records.persons import Hashes, PersonFinder, id_paths
from airflow_provider_liveperson.records.salt import Salt
from tests.unit.landing.conftest import encoded  # noqa: F401

SALT = Salt("a secret")
COLUMNS = {
    "conversationId": TEXT,
    "info": Struct({"visitorId": TEXT, "count": INTEGER, "at": TIMESTAMP}),
    "texts": Array(TEXT),
    "consumerParticipants": Array(Struct({"participantId": TEXT, "deep": Struct({"number": NUMBER})})),
    "anything": JSON,
    "empty": Struct({"field": TEXT}),
}
TEXTS = [
    "plain",
    "",
    'with "quotes", and commas',
    "two\r\nlines\nof it\r",
    "=1+2",
    "-5",
    "'quoted",
    "ü 😀 \x00",
    "[not json",
    '{"conversationId": "a text that looks like another record"}',
    "# no comment",
]
FORMATS = pytest.mark.parametrize(
    ("file_format", "compression", "csv_formulas"),
    [
        *((kind, how, "keep") for kind in ("jsonl", "csv", "parquet") for how in ("gzip", "zstd", "none")),
        ("csv", "gzip", "quote"),
    ],
)


def record(number: int) -> bytes:
    text = TEXTS[number % len(TEXTS)]
    fields = {
        "conversationId": f"-{number}" if number % 2 else number,
        "info": {"visitorId": f"visitor {number % 7}", "count": number, "at": 1770000000000 + number},
        "texts": [text, None, text] if number % 3 else [],
        "consumerParticipants": None
        if number % 5 == 0
        else [{"participantId": f"p{number % 4}", "deep": None if number % 2 else {"number": 1.5}}],
        "anything": {"conversationId": text},
        "not declared": text,
    }
    if number % 11 == 3:
        fields["info"] = "a text instead of an object"
    if number % 11 == 4:
        fields["consumerParticipants"] = [{"participantId": f"p{number % 4}", "participantId2": 1}, 5]
    return json.dumps(fields).encode()


RECORDS = [record(number) for number in range(250)]


def opened(data: bytes, file_format: str, compression: str, csv_formulas: str):
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    file.write(data)
    about = SimpleNamespace(
        file_format=file_format,
        compression=compression,
        csv_formulas=None if csv_formulas == "keep" else csv_formulas,
    )
    return part_file(about, file)


@FORMATS
@pytest.mark.parametrize("by", ["conversation", "participant", "all", "none"])
def test_it_is_the_part_that_would_have_landed(encoded, file_format, compression, csv_formulas, by):  # noqa: F811
    ids = {
        "conversation": Hashes(conversations=hashed("-1", "-77", "8", "100")),
        "participant": Hashes(participants=hashed("p1", "visitor 3")),
        "all": Hashes(conversations=hashed(*map(str, range(-250, 250)))),
        "none": Hashes(conversations=hashed("nobody")),
    }[by]
    finder = PersonFinder(id_paths(COLUMNS), ids, SALT)
    expected = {at for at, line in enumerate(RECORDS) if finder.finds(line)}
    assert (len(expected) in (0, len(RECORDS))) is (by in ("all", "none"))
    how = {"csv_formulas": csv_formulas}
    part = opened(
        encoded(RECORDS, file_format, compression, COLUMNS, **how), file_format, compression, csv_formulas
    )
    assert part.found(PersonFinder(id_paths(COLUMNS), ids, SALT)) == expected
    target = io.BytesIO()
    part.write_without(expected, target)
    lines = [ErasedLine(line) if at in expected else line for at, line in enumerate(RECORDS)]
    assert target.getvalue() == encoded(lines, file_format, compression, COLUMNS, **how)


def test_row_groups_of_parquet_stay_as_they_are(encoded, monkeypatch):  # noqa: F811
    from airflow_provider_liveperson.landing import parquet_encoding

    monkeypatch.setattr(parquet_encoding, "_ROW_GROUP", 4_000)
    monkeypatch.setattr(parquet_encoding, "_CHUNK", 1_500)
    gone = set(range(30, 90))
    part = opened(encoded(RECORDS, "parquet", "gzip", COLUMNS), "parquet", "gzip", "keep")
    target = io.BytesIO()
    part.write_without(gone, target)
    lines = [ErasedLine(line) if at in gone else line for at, line in enumerate(RECORDS)]
    assert target.getvalue() == encoded(lines, "parquet", "gzip", COLUMNS)


def hashed(*ids: str) -> frozenset[str]:
    return frozenset(SALT.hash_of(one.encode()) for one in ids)
