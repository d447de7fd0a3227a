"""Files of Data Access: where they are, and the records that are made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.readers.avro_json import (
    fields,
    is_object,
    items,
    joined,
    untagged,
)
from airflow_provider_liveperson.datasets.readers.files import Files, ListedFile
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.line import Line, with_members
from airflow_provider_liveperson.records.values import epoch_ms

HEADER = "_header"
"""The column with the fields of the header that a record's body has: of the visit, or of the agent's session."""
TYPE = "_type"
"""The column with the class of the body that a record was in, without its package."""

_BEFORE_NAME = b' \t\r\n"'
_NAME = re.compile(r"\.(\d{12,14})\.\d{12,14}(?:\.|$)", re.ASCII)


class _Container(msgspec.Struct):
    recordCollection: msgspec.Raw


_CONTAINER = msgspec.json.Decoder(_Container)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, kw_only=True)
class DataAccessFiles(Files):
    """Reads files of Data Access: a record for each item of the lists in their bodies.

    :param renamed: fields that LivePerson spells in two ways: the one, and the one that records get.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)

    def listed(self, dataset: Dataset, answer: Answer) -> Iterator[ListedFile]:
        content = raw.values(answer.body, answer.content_type)
        container = content.get("dataAccessFiles") if isinstance(content, dict) else None
        if not isinstance(container, dict) or not container:
            raise InvalidResponseError(
                "the answer is not what LivePerson documents: it has no dataAccessFiles"
            )
        found = container.get("file")
        # What once was XML has a single element as itself, and none at all as nothing.
        for entry in found if isinstance(found, list) else [] if found is None else [found]:
            if not isinstance(entry, dict):
                raise InvalidResponseError("the list of files holds something that is not a file")
            yield ListedFile(_start(entry), _request(dataset, entry))

    def rows(self, content: bytes) -> Iterator[Line]:
        page = raw.read(_CONTAINER, content)
        for record in items(page.content.recordCollection):
            for row in _rows(fields(record)):
                yield page.copy(msgspec.Raw(self._spelled(row)))

    def _spelled(self, row: bytes) -> bytes:
        if not any(b'"%b"' % name.encode() in row for name in self.renamed):
            return row
        return joined(
            {self.renamed.get(name, name): bytes(value) for name, value in _OBJECT.decode(row).items()}
        )


def _start(entry: dict[str, Any]) -> int:
    """The start of a file's scope, epoch milliseconds: as the list says, else as its name does."""
    stated = entry.get("@scopeStartDate")
    at = epoch_ms(stated) if isinstance(stated, str) else None
    if at is None:
        name = _NAME.search(str(entry.get("@name") or entry.get("@href") or ""))
        at = epoch_ms(name[1]) if name else None
    if at is None:
        raise InvalidResponseError(
            "a file in the list says neither in @scopeStartDate nor in its name when it begins"
        )
    return at


def _request(dataset: Dataset, entry: dict[str, Any]) -> ApiRequest:
    """The request for a file: by the path of its link. The host stays that of the list, so that no answer says where a
    credential goes."""
    root = dataset.request.path.partition("{")[0]
    try:
        link = urlsplit(str(entry.get("@href")))
    except ValueError:
        link = urlsplit("")
    if not link.path.startswith(root) or ".." in link.path.split("/"):
        raise InvalidResponseError(f"a file in the list has a link that does not lead below {root}")
    made = dataset.make_request(params=dict(parse_qsl(link.query)), to_disk=True)
    return replace(made, path=link.path)


def _rows(record: dict[str, msgspec.Raw]) -> Iterable[bytes]:
    """The rows of one body: each item of its lists; else its one object; else itself."""
    if "body" not in record:
        raise InvalidResponseError("the file is not what LivePerson documents: a record has no body")
    name, body = _classed(record["body"])
    header = untagged(body.pop("header", msgspec.Raw(b"null")))
    if not body:
        return
    payload = {field: untagged(value) for field, value in body.items()}
    lists = [field for field, value in payload.items() if value.startswith(b"[")]
    if lists:
        rows = [row for field in lists for row in items(payload[field])]
    elif all(value == b"null" for value in payload.values()):
        return
    elif len(payload) == 1 and (only := next(iter(payload.values()))).startswith(b"{"):
        rows = [msgspec.Raw(only)]
    else:
        rows = [msgspec.Raw(joined(payload))]
    added = b'"%b":%b,"%b":%b' % (HEADER.encode(), header, TYPE.encode(), msgspec.json.encode(name))
    for row in rows:
        yield with_members(_unclassed(row), added)


def _classed(value: msgspec.Raw | bytes) -> tuple[str | None, dict[str, msgspec.Raw]]:
    """The class that an object names, without its package, and the fields of what is in it; None for no class."""
    name, found = None, _OBJECT.decode(value)
    while len(found) == 1:
        (tag,) = found
        short = tag.rpartition(".")[2]
        if not short[:1].isupper() or not is_object(found[tag]):
            break
        name, found = short, _OBJECT.decode(found[tag])
    return name, found


def _unclassed(row: msgspec.Raw) -> bytes:
    """A row without the object that names its class."""
    line = bytes(row)
    if not line.startswith(b"{"):
        raise InvalidResponseError("the file is not what LivePerson documents: a record is not an object")
    if not line[1:].lstrip(_BEFORE_NAME)[:1].isupper():
        return line
    name, found = _classed(line)
    return line if name is None else joined({field: bytes(value) for field, value in found.items()})
