"""A failed comparison of two stores says in what they differ."""

from __future__ import annotations

import gzip

import pytest

from devtools.object_differences import object_differences

FOLDER = "lake/things/dt=2026-01-28/window"


def part(number: int, text: bytes, level: int = 6) -> dict[str, bytes]:
    data = gzip.compress(text, level, mtime=0)
    return {f"{FOLDER}/part-{number:05d}-{hash(data):x}.jsonl.gz": data}


def test_says_nothing_of_what_is_the_same() -> None:
    objects = {**part(0, b'{"a":1}\n'), f"{FOLDER}/_manifest.json": b"{}"}
    assert object_differences(objects, dict(objects)) == []


def test_tells_another_compression_from_other_records_and_another_order() -> None:
    text = b"".join(b'{"a":%d}\n' % number for number in range(100))
    turned = b"\n".join(reversed(text.splitlines())) + b"\n"
    changed = text.replace(b'{"a":57}', b'{"a":58}')
    before, after = part(0, b"first\n"), part(2, b"last\n")

    def said(other: dict[str, bytes]) -> str:
        one = {**before, **part(1, text), **after}
        return "\n".join(object_differences(one, {**before, **other, **after}))

    assert "decompressed they are the same" in said(part(1, text, level=1))
    assert "the same lines in another order" in said(part(1, turned))
    assert '"a":57}' in said(part(1, changed))
    assert '"a":58}' in said(part(1, changed))
    ((key, data),) = part(1, text).items()
    assert "cannot be decompressed" in said({key: data[:-1] + b"\xff"})
    assert "their bytes are the same" in said({key.replace("part-00001-", "part-00001-0"): data})
    assert "only left" in said({})


def test_a_failed_comparison_in_any_test_says_it() -> None:
    one, other = part(0, b'{"a":1}\n'), part(0, b'{"a":1}\n', level=1)
    with pytest.raises(AssertionError, match="decompressed they are the same"):
        assert one == other
