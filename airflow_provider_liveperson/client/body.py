"""The body of an answer, read to its end: decompressed, bounded, into memory or to disk."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.response import GzipDecoder

from airflow_provider_liveperson.client.compressed import has_ended
from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.exceptions import InvalidResponseError, LivePersonError

MAX_BODY = 256 * 1024 * 1024
"""The most bytes, decompressed, of an answer that is held in memory. LivePerson's largest pages have a few MB."""
MAX_FILE = 16 * 1024 * 1024 * 1024
"""The most bytes, decompressed, of an answer that goes to disk: an account's largest exports have less than one GB."""
_FILE_CHUNK = 1 << 16
_MAX_SPOOLED = 1 << 20
# urllib3 before 2.6 decompresses all that it has read at once.
BODY_CHUNK = 1 << 23 if hasattr(GzipDecoder, "has_unconsumed_tail") else 1 << 16


def _chunks(response: requests.Response, size: int) -> Iterator[bytes]:
    """The body, decompressed, in chunks of at most ``size`` bytes.

    :raises requests.RequestException: as ``response.iter_content`` would.
    """
    raw = response.raw
    decode = "Content-Encoding" in response.headers
    try:
        while chunk := raw.read(size, decode_content=decode):
            yield chunk
        if raw.length_remaining:
            raise requests.exceptions.ChunkedEncodingError("the body is shorter than announced")
    # urllib3 lets zlib's own error through where zlib, from 1.3.2 on, does not end a stream that has padding behind it.
    except (urllib3.exceptions.DecodeError, zlib.error) as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ConnectionError(error) from error
    except urllib3.exceptions.SSLError as error:
        raise requests.exceptions.SSLError(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def read_answer(request: ApiRequest, url: str, response: requests.Response) -> Answer:
    """Read an answer to its end.

    :param request: the request; says whether the body goes to disk.
    :param url: its URL, for errors.
    :param response: its response, of which only the headers have been read.
    :raises InvalidResponseError: for a body above the limit.
    :raises LivePersonError: when the temporary folder is full.
    :raises requests.RequestException: for a body that is cut short or cannot be decompressed.
    """
    limit = MAX_FILE if request.to_disk else MAX_BODY
    with response:
        announced = response.raw.length_remaining or 0
        if announced > limit:
            raise _too_large(request, url, limit)
        if not request.to_disk:
            body = _body(request, url, response, limit)
            return Answer(status=response.status_code, headers=response.headers, body=body)
        file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=_MAX_SPOOLED))  # noqa: SIM115 - its reader closes it
        try:
            for chunk in _chunks(response, _FILE_CHUNK):
                if file.tell() + len(chunk) > limit:
                    raise _too_large(request, url, limit)
                _write(file, chunk)
            _check_end(response, not file.tell())
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return Answer(status=response.status_code, headers=response.headers, file=file)


def _body(request: ApiRequest, url: str, response: requests.Response, limit: int) -> bytes:
    """The whole body, in chunks so large that most bodies are one: the small ones of ``response.content`` take twice as
    long."""
    taken: list[bytes] = []
    size = 0
    for chunk in _chunks(response, BODY_CHUNK):
        size += len(chunk)
        if size > limit:
            raise _too_large(request, url, limit)
        taken.append(chunk)
    _check_end(response, not taken)
    return taken[0] if len(taken) == 1 else b"".join(taken)


def _check_end(response: requests.Response, is_empty: bool) -> None:
    """Refuse a compressed stream that lacks its end. Without a body there is no stream."""
    if not is_empty and not has_ended(response.raw):
        raise requests.exceptions.ContentDecodingError("the compressed body ends before its end")


def _write(file: BinaryIO, chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:  # which would look like an error of the network
        raise LivePersonError(
            f"cannot write an answer to the temporary folder {tempfile.gettempdir()} ({error.strerror}); make room"
            " there, or set TMPDIR to another folder"
        ) from error


def _too_large(request: ApiRequest, url: str, limit: int) -> InvalidResponseError:
    return InvalidResponseError(
        f"{request} at {host_of(url)}: the answer is larger than the limit of {limit // 1024**2} MiB, or never"
        " ends. Check that the host is LivePerson's; if it is, report this to LivePerson.",
        field="host",
    )


def host_of(url: str) -> str:
    """The host and port of a URL, for errors."""
    return urlsplit(url).netloc
