"""File formats and compressions by name."""

from __future__ import annotations

import gzip
import json
import random
import sys
from itertools import product

import pandas
import pytest

from airflow_provider_liveperson.exceptions import ConfigurationError
from airflow_provider_liveperson.landing import parquet_encoding
from airflow_provider_liveperson.landing.encoding import Encoding
from airflow_provider_liveperson.records.columns import INTEGER, TEXT, Array, Struct

COLUMNS = {"id": TEXT, "number": INTEGER, "items": Array(Struct({"text": TEXT}))}
ALL = list(product(["jsonl", "csv", "parquet"], ["gzip", "zstd", "none"]))


def some_records(count: int, *, seed: int = 3) -> list[bytes]:
    """Records of all sizes, some of them with what is not declared."""
    dice = random.Random(seed)
    return [
        json.dumps(
            {
                "id": f"{dice.getrandbits(64):x}",
                "number": dice.choice([number, str(number), "undefined"]),
                "items": [{"text": "word " * dice.randrange(60)} for _ in range(dice.randrange(5))],
                "new": number,
            }
        ).encode()
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("file_format", "compression", "ending"),
    [
        ("jsonl", "gzip", ".jsonl.gz"),
        ("jsonl", "zstd", ".jsonl.zst"),
        ("jsonl", "none", ".jsonl"),
        ("csv", "gzip", ".csv.gz"),
        ("csv", "zstd", ".csv.zst"),
        ("csv", "none", ".csv"),
        ("parquet", "gzip", ".parquet"),
        ("parquet", "zstd", ".parquet"),
        ("parquet", "none", ".parquet"),
    ],
)
def test_endings(file_format, compression, ending):
    assert Encoding(file_format, compression, COLUMNS).ending == ending


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("file_format", "avro"),
        ("file_format", ""),
        ("file_format", None),
        ("compression", "zip"),
        ("compression", "snappy"),
        ("compression", "GZIP"),
    ],
)
def test_another_is_refused_by_name(field, value):
    with pytest.raises(ConfigurationError, match=f"{field} is {value!r}; it must be one of") as caught:
        Encoding(**{field: value})
    assert caught.value.field == field
    assert "raw" not in str(caught.value)  # which is an argument of its own


@pytest.mark.parametrize(
    ("file_format", "compression", "library", "field", "extra"),
    [
        ("parquet", "gzip", "pyarrow", "file_format", "parquet"),
        ("jsonl", "zstd", "zstandard", "compression", "zstd"),
        ("csv", "zstd", "zstandard", "compression", "zstd"),
    ],
)
def test_the_error_for_a_missing_library_says_how_to_install_it(
    monkeypatch, file_format, compression, library, field, extra
):
    monkeypatch.setitem(sys.modules, library, None)
    remedy = rf"pip install 'airflow-provider-liveperson\[{extra}\]'"
    with pytest.raises(ConfigurationError, match=remedy) as caught:
        Encoding(file_format, compression, COLUMNS)
    assert caught.value.field == field


def test_parquet_brings_its_own_zstd(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert Encoding("parquet", "zstd", COLUMNS).ending == ".parquet"


def test_a_codec_that_pyarrow_lacks_is_refused(monkeypatch):
    import pyarrow

    monkeypatch.setattr(
        pyarrow, "Codec", type("Codec", (), {"is_available": staticmethod(lambda name: False)})
    )
    with pytest.raises(ConfigurationError, match="'zstd', which this build of pyarrow lacks") as caught:
        Encoding("parquet", "zstd", COLUMNS)
    assert caught.value.field == "compression"


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_columns_are_needed_where_a_file_has_them(file_format):
    with pytest.raises(ConfigurationError, match="declares no columns; use 'jsonl'") as caught:
        Encoding(file_format)
    assert caught.value.field == "file_format"


def test_an_encoding_can_be_hashed():
    assert len({Encoding(), Encoding("csv", columns=COLUMNS), Encoding("csv", columns=COLUMNS)}) == 2


@pytest.mark.parametrize("with_isal", [True, False])
def test_what_is_compressed_can_be_read_by_anybody(monkeypatch, encoded, with_isal):
    if not with_isal:
        monkeypatch.setitem(sys.modules, "isal", None)
    records = [b'{"line": %d}' % number for number in range(10_000)]
    data = encoded(records, "jsonl", "gzip")
    assert gzip.decompress(data) == b"".join(record + b"\n" for record in records)
    assert len(data) < 60_000


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_the_same_records_have_the_same_bytes_in_whatever_batches(
    monkeypatch, encoded, file_format, compression
):
    monkeypatch.setattr(parquet_encoding, "_CHUNK", 20_000)
    monkeypatch.setattr(parquet_encoding, "_ROW_GROUP", 100_000)
    records = some_records(1800)
    assert sum(map(len, records)) > 600_000
    once = encoded(records, file_format, compression, COLUMNS, batch=10_000)
    assert encoded(records, file_format, compression, COLUMNS, batch=1) == once
    assert encoded(records, file_format, compression, COLUMNS, batch=333) == once


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_duckdb_and_pandas_read_what_was_written(tmp_path, encoded, duck, file_format, compression):
    records = some_records(300)
    path = tmp_path / f"part{Encoding(file_format, compression, COLUMNS).ending}"
    path.write_bytes(encoded(records, file_format, compression, COLUMNS))
    ids = [json.loads(record)["id"] for record in records]
    reader = {"jsonl": "read_json", "csv": "read_csv", "parquet": "read_parquet"}[file_format]
    assert duck(f"SELECT id FROM {reader}('{path}')") == [(it,) for it in ids]
    if file_format == "jsonl":
        frame = pandas.read_json(path, lines=True)
    else:
        frame = pandas.read_csv(path) if file_format == "csv" else pandas.read_parquet(path)
    assert frame["id"].tolist() == ids


@pytest.mark.parametrize(("file_format", "compression"), ALL)
def test_a_part_that_is_given_up_writes_no_more(encoded, file_format, compression):
    class Closed:
        def write(self, data):
            assert not self.closed_for_good, "wrote into a file that is gone"
            return len(data)

        def tell(self):
            return 0

        def flush(self):
            pass

        closed_for_good = False

    file = Closed()
    encoder = Encoding(file_format, compression, COLUMNS).encoder(file)
    encoder.write(some_records(10))
    file.closed_for_good = True
    del encoder
