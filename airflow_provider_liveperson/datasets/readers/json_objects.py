"""The JSON objects of a file, one after the other, without reading the file into memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from airflow_provider_liveperson.datasets.readers.reader import ContradictionError
from airflow_provider_liveperson.exceptions import InvalidResponseError

MAX_OBJECT = 256 * 1024 * 1024
"""The most bytes of one object. It is what has to be in memory at once."""

_BOM = b"\xef\xbb\xbf"
_BETWEEN = re.compile(rb"[\s,\[\]\x1e]*")
_NEXT = re.compile(rb'["{}]')
_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_QUOTE = ord('"')
_OPEN = ord("{")


def json_objects(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a text into its outermost objects, whether each has a line, they follow each other, or are in a list.

    Only where an object begins and ends is looked at: whether it is valid is for its decoder.

    :param chunks: the text, in pieces that are cut anywhere.
    :raises InvalidResponseError: for anything else between the objects, and for an object above :data:`MAX_OBJECT`.
    :raises ContradictionError: for a text that ends within an object.
    """
    text = bytearray()
    at = depth = start = 0
    in_string = False
    is_first = True
    for chunk in chunks:
        text += chunk
        if is_first:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                continue
            is_first = False
            if text.startswith(_BOM):
                del text[: len(_BOM)]
        while at < len(text):
            if in_string:
                at = _end(_STRING, text, at)
                if at == len(text) or text[at] != _QUOTE:  # the rest is in the next piece
                    break
                at += 1
                in_string = False
                continue
            if not depth:
                at = start = _end(_BETWEEN, text, at)
                if at == len(text):
                    break
                if text[at] != _OPEN:
                    raise InvalidResponseError(
                        "the file is not what LivePerson documents: there is something else between its JSON objects"
                    )
            found = _NEXT.search(text, at)
            at = found.end() if found else len(text)
            mark = found[0] if found else b""
            del found  # which would keep the text from growing
            if mark == b'"':
                in_string = True
            elif mark == b"{":
                depth += 1
            elif mark == b"}":
                depth -= 1
                if not depth:
                    yield bytes(memoryview(text)[start:at])
                    start = at
        del text[:start]
        at -= start
        start = 0
        if len(text) > MAX_OBJECT:
            raise InvalidResponseError(
                f"the file holds an object of more than {MAX_OBJECT // 1024**2} MiB, or one that never ends"
            )
    if depth:
        raise ContradictionError("the file ends within an object")


def _end(pattern: re.Pattern[bytes], text: bytearray, at: int) -> int:
    found = pattern.match(text, at)
    assert found is not None
    return found.end()
