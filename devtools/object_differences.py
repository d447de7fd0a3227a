"""In what two stores differ, so that a failed comparison of their bytes says what went wrong."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Mapping

from airflow_provider_liveperson.landing.parts import PREFIX

_AROUND = 40


def object_differences(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> list[str]:
    """What differs, in lines of text.

    Parts are compared in their order within a folder, as their names change with their bytes.

    :param one: objects by key.
    :param other: the others.
    :returns: the lines; none where both are the same.
    """
    left, right = _by_place(one), _by_place(other)
    found: list[str] = []
    for place in sorted(left.keys() | right.keys()):
        if place not in left or place not in right:
            key, data = (left if place in left else right)[place]
            found.append(f"only {'left' if place in left else 'right'}: {key}, {len(data)} bytes")
        elif left[place] != right[place]:
            found += _pair(*left[place], *right[place])
    return found


def _by_place(objects: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    numbers: Counter[str] = Counter()
    found = {}
    for key, data in sorted(objects.items()):
        folder, _, name = key.rpartition("/")
        place = key
        if name.startswith(PREFIX):
            place = f"{folder}/{PREFIX}{numbers[folder]:05d}"
            numbers[folder] += 1
        found[place] = (key, data)
    return found


def _pair(key: str, data: bytes, other_key: str, other: bytes) -> list[str]:
    lines = [f"{key}, {_size(data)}, against {other_key}, {_size(other)}"]
    if data == other:
        return [*lines, "  their bytes are the same"]
    lines.append(f"  stored bytes: {_first(data, other)}")
    if key.endswith(".gz"):
        plain, other_plain = _decompressed(data), _decompressed(other)
        if isinstance(plain, str) or isinstance(other_plain, str):
            problems = [text for text in (plain, other_plain) if isinstance(text, str)]
            lines.append(f"  cannot be decompressed: {'; '.join(problems)}")
        elif plain == other_plain:
            lines.append("  decompressed they are the same")
        elif sorted(plain.splitlines()) == sorted(other_plain.splitlines()):
            lines.append(
                f"  decompressed they have the same lines in another order: {_first(plain, other_plain)}"
            )
        else:
            lines.append(f"  decompressed: {_first(plain, other_plain)}")
    return lines


def _first(data: bytes, other: bytes) -> str:
    """Where the first difference is, what is around it on either side, and how many bytes differ."""
    size = min(len(data), len(other))
    differing = [at for at in range(size) if data[at] != other[at]]
    at = differing[0] if differing else size
    around = slice(max(0, at - _AROUND), at + _AROUND)
    return f"from byte {at} on, {len(differing)} of {size}: {data[around]!r} against {other[around]!r}"


def _decompressed(data: bytes) -> bytes | str:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        return str(error)


def _size(data: bytes) -> str:
    return f"{len(data)} bytes with SHA-256 {hashlib.sha256(data).hexdigest()[:12]}"
