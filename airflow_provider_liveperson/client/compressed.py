"""Whether a compressed answer is complete, which urllib3 does not check for every coding."""

from __future__ import annotations

from typing import Any

from urllib3.response import GzipDecoderState


def has_ended(raw: Any) -> bool:
    """Whether the compressed stream of an answer is complete.

    The HTTP framing may be complete around a stream that is not, as when a server dies behind a proxy. What was
    decompressed until then looks like a shorter answer.

    :param raw: the ``urllib3.HTTPResponse``, read to its end with ``decode_content``.
    :returns: True also if nothing is compressed, and for a coding whose decoder does not know.
    """
    decoder = getattr(raw, "_decoder", None)
    return decoder is None or _is_at_end(decoder)


def _is_at_end(decoder: Any) -> bool:
    if (chain := getattr(decoder, "_decoders", None)) is not None:
        return all(_is_at_end(one) for one in chain)
    if getattr(decoder, "_state", None) == GzipDecoderState.SWALLOW_DATA:
        return True  # a complete stream, followed by something else
    stream = getattr(decoder, "_obj", None)
    if (at_end := getattr(stream, "eof", None)) is not None:  # zlib and Zstandard
        return bool(at_end)
    if (is_finished := getattr(stream, "is_finished", None)) is not None:  # Brotli
        return bool(is_finished())
    return True
