"""Whole collections as bare arrays, with a revision that changes with them."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Literal

from airflow_provider_liveperson.sandbox.apis.api import Answer, Call, json_answer
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.world import FIRST_REVISION, Entity

_VERSION = re.compile(r"[1-9](\.0)?", re.ASCII)
_SUMMARY_WITH_DELETED = "$summaryDeleted"
_TOKEN = re.compile(r"\s*([(),]|[\w$.-]+)")

_FIRST_MODIFIED = 1_767_225_600  # 2026-01-01T00:00:00Z
_DELETED = ("deleted", "isDeleted")

Selection = dict[str, "Selection | None"]
"""Field to what is selected inside it; None for all of it."""


def is_deleted(entity: Entity) -> bool:
    """Whether an entity was deleted, by whichever field says so.

    :param entity: the entity.
    """
    return any(entity.get(name) for name in _DELETED)


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection as it is at one revision.

    :param revision: grows with each change.
    :param entities: everything that exists or was deleted, with all fields.
    """

    revision: int
    entities: tuple[Entity, ...]


class Collections:
    """An account's collections, which may change while they are being read.

    :param entities: the entities of each collection before any change, by its name; or what makes them when they are
        first asked for.
    :param source: source of chance that picks the entities that change.
    :param now: the sandbox's clock, epoch seconds.
    :param written: returns an entity as it is answered, from the collection's name and the entity as it is kept.
    :param changed: returns the fields that a change sets, from the collection's name and a text that is new.
    """

    def __init__(
        self,
        entities: Mapping[str, Sequence[Entity] | Callable[[], Sequence[Entity]]],
        *,
        source: random.Random,
        now: Callable[[], float],
        written: Callable[[str, Entity], Entity] = lambda _name, entity: entity,
        changed: Callable[[str, str], Entity] = lambda _name, text: {"description": text},
    ) -> None:
        self._now = now
        self._written = written
        self._changed = changed
        self._lock = threading.RLock()
        self._source = source
        self._account_revision = FIRST_REVISION
        self._first = dict(entities)
        self._collections: dict[str, Collection] = {}

    def read(self, collection: str) -> Collection:
        """Return a collection as it is answered.

        :param collection: its name.
        :raises ValueError: for another name.
        """
        kept = self._kept(collection)
        return Collection(kept.revision, tuple(self._written(collection, entity) for entity in kept.entities))

    def revision(self, collection: str) -> int:
        """Return a collection's revision.

        :param collection: its name.
        :raises ValueError: for another name.
        """
        return self._kept(collection).revision

    def change(self, collection: str) -> Entity:
        """Change one entity that was not deleted, and with it the collection's revision.

        :param collection: its name.
        :return: the entity as it is now.
        :raises ValueError: for another name, or if everything was deleted.
        """
        return self._edit(
            collection, lambda revision, _: self._changed(collection, f"changed at revision {revision}")
        )

    def delete(self, collection: str) -> Entity:
        """Mark one entity as deleted, and change the collection's revision.

        :param collection: its name.
        :return: the entity as it is now.
        :raises ValueError: for another name, or if everything was deleted.
        """
        return self._edit(collection, lambda _, entity: {name: True for name in _DELETED if name in entity})

    def truth(self, collection: str) -> list[Entity]:
        """Return what a complete read must give: all entities, the deleted ones too, with all fields.

        :param collection: its name.
        :raises ValueError: for another name.
        """
        return list(self.read(collection).entities)

    def _kept(self, collection: str) -> Collection:
        with self._lock:
            if collection not in self._collections:
                if collection not in self._first:
                    raise ValueError(
                        f"There is no collection {collection!r}; known: {', '.join(self._first)}"
                    )
                first = self._first[collection]
                made = tuple(first() if callable(first) else first)
                self._collections[collection] = Collection(FIRST_REVISION, made)
            return self._collections[collection]

    def _edit(self, collection: str, edit: Callable[[int, Entity], Entity]) -> Entity:
        with self._lock:
            entities = list(self._kept(collection).entities)
            living = [place for place, entity in enumerate(entities) if not is_deleted(entity)]
            if not living:
                raise ValueError(f"Everything in {collection} was deleted already")
            place = self._source.choice(living)
            # Any change in the account takes the next number, so a collection's own numbers have gaps.
            self._account_revision += 1
            updated = datetime.fromtimestamp(int(self._now()), UTC).strftime("%Y-%m-%d %H:%M:%S")
            before = entities[place]
            dated = {"dateUpdated": updated} if "dateUpdated" in before else {}
            entities[place] = {**before, **edit(self._account_revision, before), **dated}
            # One assignment, so that a reader never sees entities and revision of different moments.
            self._collections[collection] = Collection(self._account_revision, tuple(entities))
        return self._written(collection, entities[place])


@dataclass(frozen=True, kw_only=True)
class CollectionRules:
    """How a collection is answered.

    :param newest_version: the largest ``v``, such as 4 or ``3.4``; None where LivePerson's page names no ``v``.
    :param summary: fields of an answer to a request that names none; None for all of them.
    :param version_required: whether a request without ``v`` is a 400.
    :param undocumented: parameters that LivePerson's page does not name, each of which is a 400.
    :param select: what ``select`` takes: names and aliases such as ``$all`` (``aliases``); names alone, with an alias
        as a field that does not exist (``names``) or as a 400 (``strict_names``); or nothing, it is a 400
        (``nothing``).
    :param all_by_default: whether such an answer has all fields instead.
    :param unknown_field: how a selected field that does not exist is answered.
    :param nested_select: which nested selections count: the last one of the same field, the last one of the whole
        selection, or all.
    :param revision_header: header that holds the revision.
    :param etag_quoted: whether the revision in ``ETag`` has quotation marks.
    :param if_match: what ``If-Match`` means: a 304 for an equal revision, a version to give (it is ignored), or what
        it means in HTTP, a 412 for another revision.
    :param last_modified: how the revision is written where ``X-LP-Last-Modified`` takes the place of ``If-Match`` and
        of the revision's header: as a date, or as its number; None where it does not.
    :param repeated: how many entities come a second time, after the others.
    """

    newest_version: float | None
    summary: Sequence[str] | None
    version_required: bool = False
    undocumented: Container[str] = ()
    select: Literal["aliases", "names", "strict_names", "nothing"] = "aliases"
    all_by_default: bool = False
    unknown_field: Literal["absent", "null"] = "absent"
    nested_select: Literal["last_of_field", "last_of_all", "all"] = "last_of_field"
    revision_header: Literal["ac-revision", "etag", "both", "absent"] = "ac-revision"
    etag_quoted: bool = False
    if_match: Literal["304", "version", "http"] = "304"
    last_modified: Literal["date", "number"] | None = None
    repeated: int = 0

    def answer(self, call: Call, current: Collection) -> Answer:
        """Answer a request for a whole collection.

        :param call: the request.
        :param current: the collection as it is.
        :raises Refusal: a 400 for parameters that are not valid, or a 412.
        """
        try:
            with_deleted = self._with_deleted(call)
            selection = self._selection(call, current)
        except ValueError as error:
            raise Refusal(400, {"message": str(error)}) from None
        headers = self._revision_headers(current.revision)
        status = self._status(call, current.revision)
        if status == 304:
            return Answer(status=304, headers=headers)
        if status == 412:
            raise Refusal(412, {"message": f"The revision is {current.revision}"}, headers)
        entities = [entity for entity in current.entities if with_deleted or not is_deleted(entity)]
        entities += entities[: self.repeated]
        if selection is not None:
            entities = [self._selected(entity, selection) for entity in entities]
        return json_answer(entities, headers=headers)

    def _with_deleted(self, call: Call) -> bool:
        """Check ``v`` and read ``include_deleted``."""
        for name in call.parameters:
            if name in self.undocumented:
                raise ValueError(f"{name}: there is no such parameter")
        version = call.parameters.get("v")
        if version is None and self.version_required:
            raise ValueError("v: the parameter is required")
        if version is not None and not self._is_version(version):
            raise ValueError(f"v: must be a version from 1.0 to {self.newest_version:.1f}, not {version!r}")
        word = call.parameters.get("include_deleted", "false").lower()
        if word not in ("true", "false"):
            raise ValueError("include_deleted: must be true or false")
        return word == "true" or _SUMMARY_WITH_DELETED in call.every("select")

    def _is_version(self, text: str) -> bool:
        newest = self.newest_version
        if newest is None or text == str(newest):
            return True
        return _VERSION.fullmatch(text) is not None and float(text) <= newest

    def _selection(self, call: Call, current: Collection) -> Selection | None:
        """Find out which fields are wanted; None for all of them."""
        summary = None if self.summary is None else dict.fromkeys(self.summary)
        if "select" in call.parameters:
            return self._select(",".join(call.every("select")), summary)
        if "fields" in call.parameters:
            wanted = [field.strip() for field in ",".join(call.every("fields")).split(",")]
            known = {field for entity in current.entities for field in entity}
            for field in wanted:
                if field not in known:
                    raise ValueError(f"fields: there is no field {field!r}")
            return dict.fromkeys(wanted)
        field_set = call.parameters.get("field_set", "all" if self.all_by_default else "summary")
        if field_set not in ("all", "summary"):
            raise ValueError("field_set: must be all or summary")
        return None if field_set == "all" else summary

    def _select(self, text: str, summary: Selection | None) -> Selection | None:
        aliases = {"$all": None, "$summary": summary, _SUMMARY_WITH_DELETED: summary}
        if self.select == "nothing" or (self.select == "strict_names" and "$" in text):
            raise ValueError(f"select: {text[:40]!r} is not valid")
        if self.select == "aliases" and text.strip() in aliases:
            return aliases[text.strip()]
        return parse_selection(text, self.nested_select)

    def _selected(self, entity: Entity, selection: Selection) -> Entity:
        chosen: Entity = {}
        for field, inner in selection.items():
            if field not in entity:
                if self.unknown_field == "null":
                    chosen[field] = None
                continue
            value = entity[field]
            chosen[field] = value if inner is None else self._inside(value, inner)
        return chosen

    def _inside(self, value: Any, selection: Selection) -> Any:
        if isinstance(value, dict):
            return self._selected(value, selection)
        if isinstance(value, list):
            return [self._inside(item, selection) for item in value]
        return value

    def _status(self, call: Call, revision: int) -> int:
        if self.last_modified is not None:
            return 304 if call.headers.get("x-lp-last-modified") == self._last_modified(revision) else 200
        wanted = call.headers.get("if-match")
        if wanted is None or self.if_match == "version":
            return 200
        wanted = wanted.strip().removeprefix("W/").strip('"')
        if wanted == "-1":
            return 200
        if self.if_match == "http":
            return 200 if wanted in (str(revision), "*") else 412
        return 304 if wanted == str(revision) else 200

    def _last_modified(self, revision: int) -> str:
        """Write a revision as an instant: a later one for a larger revision."""
        if self.last_modified == "number":
            return str(revision)
        return formatdate(_FIRST_MODIFIED + revision, usegmt=True)

    def _revision_headers(self, revision: int) -> dict[str, str]:
        if self.last_modified is not None:
            return {"X-LP-Last-Modified": self._last_modified(revision)}
        headers = {}
        if self.revision_header in ("ac-revision", "both"):
            headers["ac-revision"] = str(revision)
        if self.revision_header in ("etag", "both"):
            headers["ETag"] = f'"{revision}"' if self.etag_quoted else str(revision)
        return headers


def parse_selection(text: str, nested: Literal["last_of_field", "last_of_all", "all"]) -> Selection:
    """Parse a selection such as ``id,name,data(msg,lang)``.

    :param text: the selection.
    :param nested: which of several nested selections count.
    :raises ValueError: if it is not well formed.
    """
    tokens: list[str] = []
    place = 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None:
            raise ValueError(f"select: unexpected text at position {place}")
        tokens.append(match[1])
        place = match.end()
    walk = iter([*tokens, ""])
    selection, end = _parse_level(walk, nested, depth=0)
    if end:
        raise ValueError(f"select: unexpected {end!r}")
    if nested == "last_of_all":
        with_inner = [field for field, inner in selection.items() if inner is not None]
        for field in with_inner[:-1]:
            del selection[field]
    return selection


def _parse_level(tokens: Iterator[str], style: str, *, depth: int) -> tuple[Selection, str]:
    """Read fields up to the closing parenthesis or the end, and give what ended them."""
    if depth > 8:
        raise ValueError("select: nested too deep")
    selection: Selection = {}
    while True:
        field = next(tokens)
        if field in ("", "(", ")", ","):
            raise ValueError(f"select: a field's name is missing before {field or 'the end'!r}")
        inner: Selection | None = None
        mark = next(tokens)
        if mark == "(":
            inner, mark = _parse_level(tokens, style, depth=depth + 1)
            if mark != ")":
                raise ValueError("select: a parenthesis is not closed")
            mark = next(tokens)
        before = selection.pop(field, None)
        if style == "all" and before is not None and inner is not None:
            inner = {**before, **inner}
        # Put at the end, because the last nested selection is the one that may count alone.
        selection[field] = inner
        if mark != ",":
            return selection, mark
