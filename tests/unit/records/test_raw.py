"""JSON from outside: what is landed as it came, what becomes U+FFFD, and what is refused."""

from __future__ import annotations

import contextlib
import json
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.raw import RepairedLine
from devtools.nesting import TOO_DEEP

RECORDS = msgspec.json.Decoder(list[msgspec.Raw])
ANY = msgspec.json.Decoder()

halves = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from(["\\ud8", "\\uDB", "\\uDc", "\\udf"]),
    st.text("0123456789abcdefABCDEF", min_size=2, max_size=2),
)
pieces = halves | st.sampled_from(
    ["\\\\", '\\"', "\\\\ud83d", "\\ud83d\\ude00", "\\u00fc", "ü", "😀", "\ufffd", "x", "u", "\\n"]
)
texts = st.lists(pieces, max_size=8).map(lambda found: '"' + "".join(found) + '"')
odd_json = st.recursive(
    texts | st.sampled_from(["null", "true", "-1.50", "1e400", "9" * 400, "9" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
        | st.lists(st.tuples(texts, inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"
        )
    ),
    max_leaves=8,
)


def landed(page: bytes, content_type: str = "") -> list[bytes]:
    found = raw.read(RECORDS, page, content_type)
    lines = [found.line(record) for record in found.content]
    assert [bytes(line) for line in lines] == [found.copy(record) for record in found.content]
    return [line if isinstance(line, bytes) else bytes(line) for line in lines]


def test_half_an_emoji_lands_as_it_came():
    records = [
        rb'{"text":"thanks \ud83d","\uDE00":1}',
        rb'{"text":"\\ud83d \ud83d\ude00"}',
        rb'"\uD83D\uD83D\uDE00\udc00"',
    ]
    assert landed(b"[" + b",".join(records) + b"]") == records


def test_a_page_with_nothing_odd_is_not_copied():
    page = raw.read(RECORDS, '[{"a":"grün"},{"b":2}]'.encode())
    assert all(isinstance(page.line(record), memoryview) for record in page.content)


@given(st.lists(odd_json, max_size=5))
def test_halves_land_as_the_same_bytes_wherever_they_stand(records):
    lines = [record.encode() for record in records]
    assert landed(b"[" + b" , ".join(lines) + b"]") == lines


def without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in value)
    if isinstance(value, list):
        return [without_halves(item) for item in value]
    if isinstance(value, dict):
        return {without_halves(name): without_halves(item) for name, item in value.items()}
    return value


@given(odd_json)
def test_values_have_u_fffd_in_place_of_halves_and_are_pythons_otherwise(text):
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        expected = without_halves(json.loads(text, parse_float=Decimal))
    finally:
        sys.set_int_max_str_digits(limit)
    assert raw.values(text.encode()) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"K\xfcche", "K\ufffdche"),
        (b"Schlu\xc3", "Schlu\ufffd"),
        (b"\xf0\x9f\x98", "\ufffd"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\ufffd" * 6),
        (b"\xc0\xafx", "\ufffd\ufffdx"),
        (b"\xf5\xff", "\ufffd\ufffd"),
    ],
)
def test_each_invalid_sequence_becomes_one_u_fffd(sent, expected):
    page = '[{"a":"grün"},{"b":"'.encode() + sent + b'"},{"c":"\xef\xbf\xbd"},{"d":"\\ud83d"}]'
    lines = landed(page)
    assert lines == [
        '{"a":"grün"}'.encode(),
        f'{{"b":"{expected}"}}'.encode(),
        '{"c":"\ufffd"}'.encode(),
        rb'{"d":"\ud83d"}',
    ]
    assert [isinstance(line, RepairedLine) for line in lines] == [False, True, False, False]
    assert sent.decode("utf-8", "replace") == expected
    assert raw.values(page)[1] == {"b": expected}


@given(st.lists(st.binary(max_size=20), max_size=6))
def test_what_is_landed_is_utf8_and_what_was_repaired_is_known(texts):
    clean = [text.translate(None, b'"\\' + bytes(range(32))) for text in texts]
    lines = landed(b"[" + b",".join(b'"%b"' % text for text in clean) + b"]")
    assert [line.decode() for line in lines] == [f'"{text.decode("utf-8", "replace")}"' for text in clean]
    assert [isinstance(line, RepairedLine) for line in lines] == [not raw.is_utf8(text) for text in clean]


@pytest.mark.parametrize("at", [65_533, 65_534, 65_535, 65_536, 65_537, 131_071])
def test_validity_does_not_depend_on_where_blocks_end(at):
    text = b"x" * at + "ü😀".encode() + b"y" * 70_000
    assert raw.is_utf8(text)
    assert not raw.is_utf8(text[: at + 1] + b"z")
    assert not raw.is_utf8(text[: at + 1])
    assert not raw.is_utf8(text + b"\xff")


@given(st.binary())
def test_validity_is_pythons(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not raw.is_utf8(data)
    else:
        assert raw.is_utf8(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_unicode_encodings_are_recognized(encoding):
    assert landed('[{"a":"grün"}]'.encode(encoding)) == ['{"a":"grün"}'.encode()]
    assert raw.values('{"a":"grün"}'.encode(encoding)) == {"a": "grün"}


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json; charset=ISO-8859-1", "grün"),
        ('application/json;charset="windows-1252"', "grün"),
        ("application/json; charset=utf-8", "gr\ufffdn"),
        ("application/json; charset=klingon", "gr\ufffdn"),
        ("application/json; charset=unicode_escape", "gr\ufffdn"),
        ("application/json; charset=zlib", "gr\ufffdn"),
        ("", "gr\ufffdn"),
    ],
)
def test_a_declared_charset_counts_for_what_is_not_utf8(content_type, expected):
    assert landed('[{"a":"grün"}]'.encode("latin-1"), content_type) == [f'{{"a":"{expected}"}}'.encode()]
    assert landed('[{"a":"grün"}]'.encode(), content_type) == ['{"a":"grün"}'.encode()]


def test_a_charset_declared_by_habit_does_not_spoil_what_is_utf8():
    page = '[{"a":"grün"},{"b":"Küche"},{"c":"K'.encode() + b'\xfcche"}]'
    lines = landed(page, "application/json;charset=ISO-8859-1")
    assert lines == ['{"a":"grün"}'.encode(), '{"b":"Küche"}'.encode(), '{"c":"K\ufffdche"}'.encode()]
    assert [isinstance(line, RepairedLine) for line in lines] == [False, False, True]


@pytest.mark.parametrize(
    "name", ["shift_jis", "euc_jp", "gb18030", "big5", "koi8-r", "windows-1251", "iso-8859-2"]
)
def test_charsets_of_other_languages_are_honored(name):
    text = {"koi8-r": "Спасибо, всё хорошо", "windows-1251": "Спасибо", "iso-8859-2": "dziękuję żółw"}.get(
        name, "繁體中文的訊息，謝謝您" if name == "big5" else "有難 日本の文字"
    )
    page = f'[{{"a":"{text}"}}]'.encode(name)
    assert landed(page, f"application/json; charset={name}") == [f'{{"a":"{text}"}}'.encode()]


def test_different_halves_are_different_keys_and_the_same_half_is_the_same_on_each_page():
    decoder = msgspec.json.Decoder(list[str])

    def keys(page: bytes) -> list[bytes]:
        found = raw.read(decoder, page)
        return [found.key(text) for text in found.content]

    one, other = keys(rb'["a\ud83d","a\ud83e","a"]'), keys(rb'["a\ud83d"]')
    assert len(set(one)) == 3
    assert one[0] == other[0] == rb"a\ud83d"
    assert one[2] == keys(b'["a"]')[0]
    assert [raw.text_of(key) for key in one] == ["a\ud83d", "a\ud83e", "a"]


READERS = [raw.values, lambda data: raw.read(RECORDS, data), lambda data: raw.decode(ANY, data)]
NO_JSON = [b"", b"{", b"[1,]", b'{"a":NaN}', b"[Infinity]", b"[-Infinity]", b'"\x01"', b'["\\ud83d]']
NO_JSON += [b'{"a":"\xff}', b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b'["\\ud83"]', b'["\\ud83d", NaN]']


@pytest.mark.parametrize("data", NO_JSON)
@pytest.mark.parametrize("read", READERS)
def test_what_is_no_json_is_refused(read, data):
    with pytest.raises(msgspec.DecodeError):
        read(data)


@pytest.mark.parametrize("data", NO_JSON)
def test_a_record_that_is_no_json_is_an_error_of_the_package(data):
    with pytest.raises(InvalidResponseError, match="cannot be read as JSON"):
        raw.record(data)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"\\ud83d":', "}]")])
@pytest.mark.parametrize("read", READERS)
def test_deep_nesting_is_refused_in_words(read, opening, closing):
    data = b"[" + (opening * TOO_DEEP + "1" + closing * TOO_DEEP).encode() + b"]"
    with pytest.raises(msgspec.DecodeError, match="nested more deeply than can be read"):
        read(data)


def test_numbers_that_python_cannot_hold_keep_their_value():
    found = raw.values(b'{"a":1e400,"b":' + b"9" * 5000 + b',"c":-1E999,"d":1.5,"e":7}')
    assert found["a"] == Decimal("1e400")
    assert found["b"] == Decimal("9" * 5000)
    assert (found["c"], found["d"], found["e"]) == (Decimal("-1E999"), 1.5, 7)


@given(st.binary() | st.binary(max_size=30).map(lambda it: b'[{"a":"' + it + b'"}]'), st.text(max_size=30))
def test_whatever_comes_is_read_or_refused(data, declared):
    content_type = f"application/json; charset={declared}"
    for read in (*READERS, lambda it: raw.read(RECORDS, it, content_type)):
        with contextlib.suppress(msgspec.DecodeError):
            read(data)


def test_the_tolerant_reader_only_runs_where_the_strict_one_refuses(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("the tolerant reader ran")

    monkeypatch.setattr(raw, "_text", never)
    raw.read(RECORDS, '[{"a":"grün \\ud83d\\ude00"}]'.encode())
    raw.decode(ANY, b'{"a":[1,2]}')
    raw.values(b'{"a":[1,2]}')
