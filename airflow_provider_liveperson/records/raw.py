"""JSON from outside: read strictly first, and tolerantly where that is refused. The one place that decodes it.

Two things that come in practice are refused by a strict decoder: halves of surrogate pairs written as escapes, which
`RFC 8259, 8.2 <https://www.rfc-editor.org/rfc/rfc8259#section-8.2>`_ allows, and bytes that are not UTF-8. Where values
are needed, both become U+FFFD. Where a record is landed as it came, a half keeps its escape, and only what is not
UTF-8 becomes U+FFFD.

Whatever cannot be read, for whatever reason, is a :class:`msgspec.DecodeError`.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, NoReturn, TypeVar

import msgspec
from msgspec import Raw

from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records.line import Line, one_line

T = TypeVar("T")
Buffer = Raw | Line

UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError)
"""What msgspec itself raises for JSON that it cannot read."""

_SURROGATE = re.compile(rb"\\u[dD]([89a-fA-F])[0-9a-fA-F]{2}")
_HALF = re.compile(r"\\u([dD][89a-fA-F][0-9a-fA-F]{2})")
_BACKSLASH = ord("\\")
_BLOCK = 16 << 10
_BAD = "\udc00"  # stands for an invalid sequence in a decoded text, where no surrogate can be otherwise
_RIGHT = re.compile(f"[^\0-\x7f{_BAD}]")  # what is not ASCII, and is UTF-8
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_MARK = "airflow_provider_liveperson.mark"
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
# Those that are a table of characters: others that Python knows, such as unicode_escape, are none for a web answer.
_TABLES = re.compile(
    r"iso8859-\d+|cp\d+|koi8-\w|shift_jis\w*|euc_\w+|gb\w+|big5\w*|mac-\w+|utf-(16|32)(-[bl]e)?"
)
_ANYTHING: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_TOO_DEEP = "it is nested more deeply than can be read"


def _mark_bad(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return _BAD, error.end
    raise error


codecs.register_error(_MARK, _mark_bad)


class RepairedLine(bytes):
    """A record in which something was not UTF-8 and is U+FFFD now."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """An answer's body that has been read.

    :param content: what the decoder made of it. Texts and raw values in it are only good for what this class makes of
        them.
    :param line: makes a record's line of a raw value: its bytes as they came, or a view of the body.
    :param copy: the same, never a view.
    :param key: makes bytes of a text that identifies a record.
    """

    content: T
    line: Callable[[Raw], Line]
    copy: Callable[[Raw], bytes]
    key: Callable[[str], bytes]


def read(decoder: msgspec.json.Decoder[T], body: bytes, content_type: str = "") -> Page[T]:
    """Read the body of an answer, whose records are to be landed as they came.

    :param decoder: makes the content.
    :param body: the body. JSON is UTF-8; a byte order mark is passed over, and UTF-16 and UTF-32 are recognized.
    :param content_type: the answer's ``Content-Type``: a charset there counts for a body that is not UTF-8.
    :raises msgspec.DecodeError: for what is not valid JSON, is nested too deeply, or is not what the decoder expects.
    """
    if is_utf8(body):
        try:
            content = _strict(decoder, body)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError as error:
            strict = error
        else:
            has_breaks = b"\n" in body or b"\r" in body
            return Page(content, _copied if has_breaks else memoryview, _copied, str.encode)
    else:
        strict = msgspec.DecodeError("it is not UTF-8")
    marks = Marks.of(body, content_type)
    if marks.text == body:
        raise strict
    return Page(_strict(decoder, marks.text), marks.line, marks.line, marks.key)


def decode(decoder: msgspec.json.Decoder[T], data: Buffer, content_type: str = "") -> T:
    """Read values, with U+FFFD for what is not in Unicode.

    :param decoder: makes them.
    :param data: the JSON.
    :param content_type: as for :func:`read`.
    :raises msgspec.DecodeError: for what is not valid JSON, is nested too deeply, or is not what the decoder expects.
    """
    try:
        return _strict(decoder, data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if (text := plain(data, content_type)) == data:
            raise
    return _strict(decoder, text)


def values(data: Buffer, content_type: str = "") -> Any:
    """Read JSON as Python's own objects, whatever it holds.

    A number that no float holds, or with more digits than Python reads as an int, is a :class:`decimal.Decimal`.

    :raises msgspec.DecodeError: for what is not valid JSON, or is nested too deeply.
    """
    try:
        return _ANYTHING.decode(data)
    except UNREADABLE:
        pass
    try:
        return json.loads(
            plain(data, content_type),
            parse_constant=_refuse,
            parse_float=_float,
            parse_int=_int,
        )
    except RecursionError:
        raise msgspec.DecodeError(_TOO_DEEP) from None
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from None


def convert(kind: type[T], data: Buffer) -> T:
    """Read values of any size into a type that takes anything in its fields.

    :param kind: the type.
    :param data: the JSON.
    :raises msgspec.DecodeError: as for :func:`decode`.
    """
    try:
        return msgspec.convert(values(data), kind)
    except RecursionError:
        raise msgspec.DecodeError(_TOO_DEEP) from None


def record(line: Line) -> Any:
    """Read a record's line as Python's own objects.

    :raises InvalidResponseError: for one that cannot be read.
    """
    try:
        return values(line)
    except msgspec.DecodeError as error:
        raise InvalidResponseError(f"a record cannot be read as JSON ({error})") from error


def text_of(key: bytes) -> str:
    """The text that :attr:`Page.key` made bytes of."""
    return _HALF.sub(lambda found: chr(int(found[1], 16)), key.decode())


def plain(data: Buffer, content_type: str = "") -> bytes:
    """A JSON text as UTF-8, without a byte order mark, and with U+FFFD for what is not in Unicode."""
    text = _text(bytes(data), content_type).replace(_BAD, _REPLACED).encode()
    return _replace_halves(text, lambda digits: rb"\ufffd")


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8, without making a text of all of them at once."""
    if data.isascii():
        return True
    view, at, size = memoryview(data), 0, len(data)
    try:
        while at < size:
            end = at + _BLOCK
            at += codecs.utf_8_decode(view[at:end], "strict", end >= size)[1]
    except UnicodeDecodeError:
        return False
    return True


def is_text(value: object) -> bool:
    """Whether a user's text, or the texts in a list or dict, can be written: halves of surrogate pairs cannot."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return False
    return True


def charset(content_type: str) -> str | None:
    """The charset that a ``Content-Type`` declares, by Python's name; None for none, UTF-8, and what Python lacks."""
    declared = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(declared[1]).name if declared else ""
    except (LookupError, ValueError):
        return None
    return name if _TABLES.fullmatch(name) else None


@dataclass(frozen=True, slots=True)
class Marks:
    """A JSON text in which everything odd is a marker, which is plain text, so that a strict decoder takes it.

    :param text: the marked text.
    :param nonce: what begins each marker; nothing else in the text holds it.
    """

    text: bytes
    nonce: bytes

    @classmethod
    def of(cls, data: Buffer, content_type: str = "") -> Marks:
        """Mark a text.

        :param data: the JSON.
        :param content_type: as for :func:`read`.
        """
        text = _text(bytes(data), content_type)
        while (nonce := f"x{secrets.token_hex(8)}") in text:
            pass
        start = nonce.encode()
        marked = text.replace(_BAD, f"{nonce}r").encode()
        return cls(_replace_halves(marked, lambda digits: b"%bu%b" % (start, digits)), start)

    def line(self, raw: Buffer) -> bytes:
        """A value without markers: halves are as they came."""
        marked = one_line(bytes(raw))
        if self.nonce not in marked:
            return marked
        line = self._restored(marked)
        return RepairedLine(line) if self.nonce + b"r" in marked else line

    def plain(self, raw: Buffer) -> bytes:
        r"""A value without markers: halves are ``\ufffd``."""
        marked = bytes(raw)
        if self.nonce not in marked:
            return marked
        return self._marker.sub(lambda found: rb"\ufffd" if found[1] else _REPLACED.encode(), marked)

    def key(self, text: str) -> bytes:
        """A text without markers, in which halves are their escapes, so that different ones stay different."""
        return self._restored(text.encode())

    def _restored(self, marked: bytes) -> bytes:
        return self._marker.sub(lambda found: rb"\u" + found[1] if found[1] else _REPLACED.encode(), marked)

    @property
    def _marker(self) -> re.Pattern[bytes]:
        return re.compile(self.nonce + rb"(?:r|u([0-9a-fA-F]{4}))")


def _strict(decoder: msgspec.json.Decoder[T], data: Buffer) -> T:
    try:
        return decoder.decode(data)
    except RecursionError:
        raise msgspec.DecodeError(_TOO_DEEP) from None
    except UnicodeError as error:
        raise msgspec.DecodeError(str(error)) from None


def _replace_halves(text: bytes, stand_in: Callable[[bytes], bytes]) -> bytes:
    """A JSON text with something else in place of each escape of half a surrogate pair.

    :param stand_in: makes it, of the four digits of the escape.
    """
    pieces: list[bytes] = []
    done = 0
    for start in _halves(text):
        pieces += (text[done:start], stand_in(text[start + 2 : start + 6]))
        done = start + 6
    return b"".join([*pieces, text[done:]])


def _halves(text: bytes) -> Iterator[int]:
    """Where the escapes of halves are: of surrogates that are not in pairs."""
    high: int | None = None  # a first half that may have its second one behind it
    for found in _SURROGATE.finditer(text):
        start = found.start()
        before = start
        while before and text[before - 1] == _BACKSLASH:
            before -= 1
        if (start - before) % 2:
            continue  # its backslash is itself escaped
        is_second = found[1] not in b"89abAB"
        if high is not None:
            if is_second and start == high + 6:
                high = None
                continue
            yield high
        if is_second:
            yield start
        high = None if is_second else start
    if high is not None:
        yield high


def _text(data: bytes, content_type: str) -> str:
    """Bytes as text, with each sequence that is invalid as one surrogate."""
    encoding = json.detect_encoding(data)
    text = data.decode(encoding, _MARK)
    if (
        encoding == "utf-8"
        and text.count(_BAD) > len(_RIGHT.findall(text))
        and (declared := charset(content_type))
    ):
        # Servers declare by habit: only where UTF-8 is more often wrong than right is something else believed.
        with contextlib.suppress(UnicodeError):
            return data.decode(declared)
    return text


def _copied(raw: Raw) -> bytes:
    return one_line(bytes(raw))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _float(text: str) -> float | Decimal:
    number = float(text)
    if math.isinf(number):
        try:
            return Decimal(text)
        except InvalidOperation:  # not even that holds it
            return number
    return number


def _int(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:  # more digits than Python takes, a limit against input that keeps it busy
        return Decimal(text)
