"""Fields out of records, or hashed."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveperson.exceptions import ConfigurationError, InvalidResponseError
from airflow_provider_liveperson.records import branch
from airflow_provider_liveperson.records.columns import INTEGER, JSON, TEXT, Array, Struct
from airflow_provider_liveperson.records.masking import Masking
from devtools.nesting import TOO_DEEP

SALT = "a long random text"
DEEP = b'{"a":' + b"[" * TOO_DEEP + b"]" * TOO_DEEP + b"}"


def hashed(text: str, salt: str = SALT) -> str:
    return hmac.new(salt.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_without_fields_the_record_itself_comes_back():
    record = b'{"a": 1}'
    assert Masking().apply(record) is record
    assert Masking(["b.c"], ["d"], SALT).apply(record) is record


def test_a_record_by_its_bytes():
    masking = Masking(["consumer.email", "id"], ["messages.data.text", "gone"], SALT)
    record = (
        b'{"z":1.10,"consumer":[{"email":"a@b.c","n":12345678901234567890123},{"email":null},{"x": "\\u00e9"}],'
        b'"messages":[{"data":{"text":"secret", "type": 1e400}},{"data":"undefined"},[{"data":{"text":1}}]],'
        b'"gone":{"a":1},"id":7,"a" : [ 1, 2 ]}'
    )
    assert masking.apply(record) == (
        b'{"z":1.10,"consumer":[{"email":"%b","n":12345678901234567890123},{"email":null},{"x": "\\u00e9"}],'
        b'"messages":[{"data":{"type":1e400}},{"data":"undefined"},[{"data":{}}]],'
        b'"id":"%b","a":[ 1, 2 ]}'
    ) % (hashed("a@b.c").encode(), hashed("7").encode())


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ('"plain"', "plain"),
        ('"\\u00e9\\/\\n"', "é/\n"),
        ('"undefined"', "undefined"),
        ('""', ""),
        ("7", "7"),
        ('"7"', "7"),
        ("1.10", "1.10"),
        ("true", "true"),
        ('[ 1, "a" ]', '[1,"a"]'),
        ('{"b": {"d": 1.10, "c": null}, "a": "\\u00e9"}', '{"a":"é","b":{"c":null,"d":1.10}}'),
    ],
)
def test_the_canonical_text(value, canonical):
    masked = Masking(["it"], salt=SALT).apply(b'{"it": %b}' % value.encode())
    assert masked == b'{"it":"%b"}' % hashed(canonical).encode()


@pytest.mark.parametrize("name", ["email", "Email", "EMAIL", "eMail"])
def test_a_masked_field_is_masked_in_any_casing(name):
    masking = Masking(["people.email"], ["phone"], SALT)
    record = f'{{"People":[{{"{name}":"a@b.c","x":1}}],"Phone":"7","n":1.0}}'.encode()
    for _ in range(2):
        assert masking.apply(record) == b'{"People":[{"%b":"%b","x":1}],"n":1.0}' % (
            name.encode(),
            hashed("a@b.c").encode(),
        )


def test_a_name_in_two_casings_is_masked_twice():
    assert Masking(drop_fields=["a"]).apply(b'{"A":1,"a":2,"b":3}') == b'{"b":3}'


def test_names_without_end_are_not_all_remembered(monkeypatch):
    monkeypatch.setattr(branch, "_MAX_MET", 10)
    masking = Masking(drop_fields=["a"])
    for number in range(100):
        assert masking.apply(b'{"x%d":1,"A":2}' % number) == b'{"x%d":1}' % number
        assert len(masking._branch.met) <= 13


def test_a_key_counts_however_it_is_written_and_however_often():
    assert Masking(drop_fields=["email"]).apply(b'{"\\u0065mail":"a","b":1,"email":"c"}') == b'{"b":1}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
secrets = st.text("0123456789", min_size=12, max_size=20).map("secret-{}".format)


@given(st.dictionaries(st.text(max_size=3), json_values, max_size=4), secrets, secrets, json_values)
def test_masked_values_never_remain_and_others_are_as_before(rest, first, second, beside):
    record = {
        **rest,
        "people": [{"email": first, "beside": beside}, [{"email": second}], beside],
        "note": {"text": [second, {"deep": first}]},
    }
    sent = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    masked = Masking(["people.email"], ["note.text"], SALT).apply(sent)
    assert b"secret-" not in masked
    back = json.loads(masked)
    assert back["people"][0]["email"] == hashed(first)
    assert back["people"][1][0]["email"] == hashed(second)
    assert (back["people"][0]["beside"], back["people"][2], back["note"]) == (beside, beside, {})
    assert list(back) == list(record)
    assert {name: back[name] for name in rest if name not in ("people", "note")} == rest


@pytest.mark.parametrize("field", ["hash_fields", "drop_fields"])
@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        ("info.email", "must be a list of paths"),
        (None, "must be a list of paths"),
        ([""], "is not a valid path"),
        (["a..b"], "is not a valid path"),
        ([".a"], "is not a valid path"),
        (["a."], "is not a valid path"),
        (["a. b"], "is not a valid path"),
        ([7], "is not a valid path"),
        ([["a"]], "is not a valid path"),
        (["a[].b"], "leave the mark out"),
        (["a.*.b"], "leave the mark out"),
        (["a", "a.b"], "also masked by another path"),
        (["a.b", "a"], "also masked by another path"),
    ],
)
def test_what_is_no_list_of_paths_is_refused(field, paths, complaint):
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        Masking(**{field: paths, "salt": SALT})
    assert caught.value.field == field


@pytest.mark.parametrize(("to_hash", "to_drop"), [("a", "a"), ("a.b", "a"), ("a", "a.b.c")])
def test_a_field_is_either_hashed_or_dropped(to_hash, to_drop):
    with pytest.raises(ConfigurationError, match="also masked by another path"):
        Masking([to_hash], [to_drop], SALT)


def test_the_same_path_twice_is_once():
    assert Masking(["a", "a"], salt=SALT).describe()["hash_fields"] == ["a"]


@pytest.mark.parametrize("salt", ["", "  ", None])
def test_hashing_needs_a_salt(salt):
    with pytest.raises(ConfigurationError, match="connection's extra hash_secret") as caught:
        Masking(["a"], salt=salt)
    assert caught.value.field == "hash_secret"


@pytest.mark.parametrize("record", [b"", b"[1]", b'{"a"', DEEP, b"\xff", b'{"b":NaN}'])
def test_what_cannot_be_read_is_not_let_through(record):
    with pytest.raises(InvalidResponseError, match="was not written"):
        Masking(drop_fields=["a"]).apply(record)


def test_the_description_tells_salts_apart_and_reveals_none():
    masking, other = Masking(["a"], ["b"], SALT), Masking(["a"], ["b"], "another")
    about = masking.describe()
    assert about == {"hash_fields": ["a"], "drop_fields": ["b"], "salt_id": about["salt_id"]}
    assert len(about["salt_id"]) == 8
    assert about["salt_id"] != other.describe()["salt_id"]
    assert SALT not in f"{masking!r}{about}"
    assert Masking(drop_fields=["b"], salt=SALT).describe()["salt_id"] is None


COLUMNS = {
    "id": INTEGER,
    "people": Array(Struct({"email": TEXT, "age": INTEGER})),
    "gone": TEXT,
    "payload": JSON,
    "note": Struct({"text": TEXT}),
}


def test_the_columns_follow():
    masking = Masking(["id", "people.age", "new"], ["gone", "people.email", "payload.x", "note.text"], SALT)
    assert masking.columns(COLUMNS) == {
        "id": TEXT,
        "people": Array(Struct({"age": TEXT})),
        "payload": JSON,
        "note": JSON,
    }


def test_what_is_odd_elsewhere_stays_byte_for_byte():
    record = rb'{"text":"thanks \ud83d","email":"x\uDE00","n":1.50,"deep":[{"\udbff":"\\ud83d","phone":7}]}'
    assert Masking(drop_fields=["email", "deep.phone"]).apply(record) == (
        rb'{"text":"thanks \ud83d","n":1.50,"deep":[{"\udbff":"\\ud83d"}]}'
    )
    assert Masking(drop_fields=["other"]).apply(record) is record


def test_the_hash_of_half_an_emoji_is_that_of_u_fffd():
    record = rb'{"a":"x\ud83d","b":{"\uDC00":["\ud83d\ude00\ud83d"]},"c":"\ud83d"}'
    masked = Masking(["a", "b"], salt=SALT).apply(record)
    assert masked == (
        b'{"a":"%b","b":"%b","c":"\\ud83d"}'
        % (hashed("x\ufffd").encode(), hashed('{"\ufffd":["\U0001f600\ufffd"]}').encode())
    )


@pytest.mark.parametrize(
    "record",
    [
        b'{"a":[{"email":"x@y"}],"a":[{"n":1}]}',
        b'{"a": {"email": "x@y"} , "a": {"n": 1}}',
        b'{"a":{"email":"x@y"},"a":null}',
        b'{"a":{"b":1},"a":{"email":"x@y"},"\\u0061":7}',
    ],
)
def test_a_name_that_is_there_twice_hides_nothing(record):
    assert b"x@y" not in bytes(Masking(drop_fields=["a.email"]).apply(record))


@pytest.mark.parametrize("record", [b'{"a":"x@y","a":null}', b'{"a": null, "a": "x@y", "a": null}'])
def test_a_hashed_name_that_is_there_twice_hides_nothing(record):
    assert b"x@y" not in bytes(Masking(["a"], salt=SALT).apply(record))


@given(st.binary(max_size=60) | st.binary(max_size=30).map(lambda it: b'{"a":"%b","b":{"c":1}}' % it))
def test_whatever_comes_is_masked_or_refused(record):
    masking = Masking(["a", "b.c"], ["d"], SALT)
    with contextlib.suppress(InvalidResponseError):
        masking.apply(record)


@pytest.mark.parametrize(
    ("argument", "path", "hint"),
    [
        ("hash_fields", "people.mail", "did you mean people.email"),
        ("drop_fields", "goen", "did you mean gone"),
        ("drop_fields", "people.Email", "(did you mean people.email?)"),
        ("drop_fields", "email", "(did you mean people.email?)"),
        ("drop_fields", "notes.text", "(did you mean note.text?)"),
        ("hash_fields", "id.x", "'id.x'"),
        ("hash_fields", "zzz", "declares no field 'zzz';"),
    ],
)
def test_a_path_that_no_column_declares_is_refused(argument, path, hint):
    masking = Masking(**{argument: [path, "payload.any.thing"]}, salt=SALT)
    with pytest.raises(ConfigurationError) as raised:
        masking.refuse_undeclared("things", COLUMNS)
    assert (raised.value.field, raised.value.permanent) == (argument, True)
    for said in (argument, "things", repr(path), hint, "allow_undeclared_fields=True"):
        assert said in str(raised.value)
    assert "payload" not in str(raised.value)


def test_declared_paths_are_taken():
    masking = Masking(["people.email", "payload.any.thing", "id"], ["note", "gone"], SALT)
    masking.refuse_undeclared("things", COLUMNS)


@pytest.mark.parametrize("path", ["\ud83d", "a.\udc00"])
def test_a_path_with_half_an_emoji_is_refused(path):
    with pytest.raises(ConfigurationError, match="half of a surrogate pair") as caught:
        Masking(drop_fields=[path])
    str(caught.value).encode()


PARTIAL_KEYS = ["0b8f-1", "7", 'a "b"']


@pytest.mark.parametrize(
    ("masks", "expected"),
    [
        ({}, PARTIAL_KEYS),
        ({"drop_fields": ["info.other"]}, PARTIAL_KEYS),
        ({"hash_fields": ["info.id"]}, list(map(hashed, PARTIAL_KEYS))),
        ({"hash_fields": ["INFO.Id"]}, list(map(hashed, PARTIAL_KEYS))),
        ({"hash_fields": ["info"]}, []),
        ({"drop_fields": ["info.id"]}, []),
        ({"drop_fields": ["info"]}, []),
        ({"keep_fields": ["info.id"]}, PARTIAL_KEYS),
        ({"keep_fields": ["info.other"]}, []),
        ({"keep_fields": ["info.id"], "hash_fields": ["info.id"]}, list(map(hashed, PARTIAL_KEYS))),
        ({"unknown_fields": "drop"}, PARTIAL_KEYS),
    ],
    ids=str,
)
def test_keys_are_masked_like_the_field_that_they_are_from(masks, expected):
    masking = Masking(**masks, salt=SALT, declared={"info": Struct({"id": TEXT, "other": TEXT})})
    assert masking.mask_keys(PARTIAL_KEYS, ("info.id",)) == expected
    assert not masking.take_undeclared()


@pytest.mark.parametrize(
    ("masks", "is_kept"),
    [
        ({"drop_fields": ["name"]}, True),
        ({"drop_fields": ["agent"]}, False),
        ({"hash_fields": ["agent"]}, False),
        ({"keep_fields": ["at"]}, False),
    ],
    ids=str,
)
def test_keys_of_several_fields_are_there_where_all_of_these_stay(masks, is_kept):
    masking = Masking(**masks, salt=SALT, declared={"at": TEXT, "agent": TEXT, "name": TEXT})
    keys = ["2026-01-30T01:00:00+00:00, 7"]
    assert masking.mask_keys(keys, ("at", "agent")) == (keys if is_kept else [])
