"""Why a request failed, in the words of the operating system or library, without their classes, objects and URLs."""

from __future__ import annotations

import re

MAX_DEPTH = 10
# urllib3 puts its connection or pool, whose class is ours, before the reason.
_OBJECT = re.compile(r"^<?\w+\((?:host=[^()]*)?\)(?: at 0x[0-9a-f]+>)?: ")


def cause_of(error: BaseException) -> str:
    """The reason at the bottom of an exception of the network, such as ``Connection refused``.

    requests wraps what urllib3 wraps around what the system says; a message names the host already, and users can do
    nothing with the classes in between.

    :param error: what was raised.
    """
    for _ in range(MAX_DEPTH):
        inner = _inner(error)
        if inner is None:
            break
        error = inner
    else:  # deeper than any library goes, perhaps in a circle
        return type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    texts = [argument for argument in error.args if isinstance(argument, str)]
    text = _OBJECT.sub("", texts[-1] if texts else str(error)).strip()
    return text or type(error).__name__


def _inner(error: BaseException) -> BaseException | None:
    """The exception that an exception was raised for, where it says so."""
    for inner in (getattr(error, "reason", None), *error.args, error.__cause__):
        if isinstance(inner, BaseException) and inner is not error:
            return inner
    return None
