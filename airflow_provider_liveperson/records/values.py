"""What LivePerson means by a value, in every spelling: numbers as text, flags as words, and no value at all.

The readers decode strictly first. Only what does not fit is read by these functions, so that they cost nothing
where LivePerson keeps to its documentation.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

LATEST_MS = 253_402_300_800_000
"""The year 10000."""

_NO_VALUE = frozenset({"", "-", "undefined", "null", "none", "nil", "na", "n/a", "nan", "-1", "-1.0"})
_YES = frozenset({"true", "1", "1.0", "yes"})
_NO = frozenset({"false", "0", "0.0", "no"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 10**18
_LONGEST = 100
_SPACES = r"\s\u00a0\u2007\u2009\u202f"
# One separator throughout; in India only the last group has three digits. What may follow are decimals that are zero.
_GROUPED = re.compile(rf"(\d{{1,3}}(?P<mark>[,.'’_٬{_SPACES}])(?:\d{{2,3}}(?P=mark))*\d{{3}})(?:[.,٫]0*)?")
_DECIMAL_COMMA = re.compile(r"(\d+)[,٫]0*")


def is_no_value(value: object) -> bool:
    """Whether this is one of LivePerson's ways to say that there is no value: ``null``, ``"undefined"``, ``-1`` …"""
    if value is None:
        return True
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.strip().lower() in _NO_VALUE
    return isinstance(value, int | float) and not isinstance(value, bool) and value < 0


def whole_number(value: object) -> int | None:
    """A number that counts something: ``3``, ``3.0``, ``"3"``, ``1e3``.

    :returns: the number, or None for no value, for what is not a whole number, and for one too large to be a count.
    """
    if isinstance(value, bool) or is_no_value(value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
    elif isinstance(value, int):
        return value if value <= _LARGEST else None
    elif isinstance(value, float | Decimal):
        number = Decimal(value)
    else:
        return None
    if not number.is_finite() or not 0 <= number <= _LARGEST or number != number.to_integral_value():
        return None
    return int(number)


def stated_total(text: str) -> int | None:
    """A total as people write it, with separators between its groups: ``1,200``, ``1 200``, ``1.200``, ``1200.0``.

    ``1.000`` is a thousand: counts have no thousandths, and a wrong total is reported.

    :returns: the number, or None for what is not one.
    """
    text = text.strip().strip("\"'").strip()
    if len(text) > _LONGEST:
        return None
    if found := _GROUPED.fullmatch(text):
        return whole_number("".join(sign for sign in found[1] if sign.isdecimal()))
    if found := _DECIMAL_COMMA.fullmatch(text):
        return whole_number(found[1])
    return whole_number(text)


def epoch_ms(value: object) -> int | None:
    """An instant: epoch milliseconds as a number or as text, or ISO 8601 text with its offset.

    :returns: epoch milliseconds, or None for no value and for what is not an instant.
    """
    number = whole_number(value)
    if number is not None:
        return number if number < LATEST_MS else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    try:
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError:
        return None


def flag(value: object) -> bool | None:
    """A flag: ``true``, ``"true"``, ``1``, ``"1"`` and their opposites; no value is false.

    :returns: None for what is neither.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()[:_LONGEST] if isinstance(value, str | int | float) else ""
    if word in _YES:
        return True
    return False if word in _NO or is_no_value(value) else None


def identifier(value: object) -> str | None:
    """An id, which comes as text or as a number.

    :returns: None for no value.
    """
    if isinstance(value, str):
        return None if is_no_value(value) and value.strip() != "-1" else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
