"""Account configuration: whole collections of what an account consists of, such as its users and skills.

LivePerson pages: `users-api-methods-get-all-users.html` and its siblings. What shapes this module:

* A collection comes as one bare array, and as it is now. Its revision, where it is still the one that was
  landed before, answers 304 to ``If-Match``, which is the inverse of what HTTP means by that header.
* What is left out unless it is asked for: deleted entities, and most fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from airflow_provider_liveperson.client.messages import Answer, ApiRequest
from airflow_provider_liveperson.datasets.model.dataset import (
    NOT_DOCUMENTED,
    Dataset,
    Query,
    Slice,
    first_request,
)
from airflow_provider_liveperson.datasets.readers.offset_pages import WholeCollection
from airflow_provider_liveperson.exceptions import InvalidResponseError
from airflow_provider_liveperson.records import raw
from airflow_provider_liveperson.records.columns import BOOLEAN, INTEGER, JSON, TEXT, Array, Column, Struct
from airflow_provider_liveperson.records.values import identifier

ANY_REVISION = "-1"


class _Entity(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


_COLLECTION = msgspec.json.Decoder(list[msgspec.Raw])
_ENTITIES = msgspec.json.Decoder(list[_Entity])


def _whole(dataset: Dataset, query: Query) -> list[Slice]:
    return [Slice(bounds={})]


def collection(
    *,
    name: str,
    title: str,
    documentation: str,
    path: str,
    version: str,
    columns: Mapping[str, Column],
    permission: str,
    credentials: tuple[str, ...] = ("API key", "Login"),
    scope: str = NOT_DOCUMENTED,
) -> Dataset:
    """Declare a collection.

    :param name: the dataset's name.
    :param title: what people call it.
    :param documentation: LivePerson's page.
    :param path: the path below ``/api/account/{account_id}/configuration/``.
    :param version: the newest documented ``v``.
    :param columns: every documented field; all of them are asked for.
    :param permission: the API key's permission that it needs.
    :param credentials: the credential kinds that LivePerson's page names.
    :param scope: the OAuth 2.0 scope that it needs.
    """
    params = {"v": version, "include_deleted": "true", "select": ",".join(columns)}

    def read(dataset: Dataset, query: Query, slice_: Slice) -> WholeCollection:
        def ask(held: str | None) -> ApiRequest:
            return ApiRequest(
                method=dataset.method,
                service=dataset.service,
                path=dataset.path,
                params=params,
                headers={"If-Match": held or ANY_REVISION},
            )

        return WholeCollection(ask=ask, cut=_cut, held=query.revision)

    def describe(dataset: Dataset, query: Query) -> dict[str, Any]:
        return dict(params)

    return Dataset(
        name=name,
        title=title,
        documentation=documentation,
        service="accountConfigReadOnly",
        method="GET",
        path=f"/api/account/{{account_id}}/configuration/{path}",
        shape="whole collection with a revision",
        cursors={},
        key="id",
        primary_key=("id",),
        credentials=credentials,
        permission=permission,
        scope=scope,
        probe=_ids,
        read=read,
        describe=describe,
        columns=columns,
        slices=_whole,
        is_snapshot=True,
    )


def _ids(dataset: Dataset, query: Query, slice_: Slice) -> ApiRequest:
    request = first_request(dataset, query, slice_)
    return replace(request, params={**request.params, "select": "id"})


def _cut(answer: Answer) -> list[tuple[str | None, bytes]]:
    page = raw.read(_COLLECTION, answer.body, answer.content_type)
    records = list(map(page.copy, page.content))
    if not all(record.startswith(b"{") for record in records):
        raise InvalidResponseError("the answer is a list, but not of objects", status=answer.status)
    entities = raw.read(_ENTITIES, answer.body, answer.content_type)
    names = [identifier(raw.values(entity.id)) for entity in entities.content]
    keys = [None if name is None else entities.key(name).decode() for name in names]
    return list(zip(keys, records, strict=True))


USERS = collection(
    name="users",
    title="Users: agents, managers and bots",
    documentation="users-api-methods-get-all-users.html",
    path="le-users/users",
    version="6.0",
    columns={
        "id": TEXT,
        "pid": TEXT,
        "deleted": BOOLEAN,
        "loginName": TEXT,
        "fullName": TEXT,
        "nickname": TEXT,
        "email": TEXT,
        "isEnabled": BOOLEAN,
        "disabledManually": BOOLEAN,
        "isApiUser": BOOLEAN,
        "userTypeId": INTEGER,
        "employeeId": TEXT,
        "maxChats": INTEGER,
        "maxAsyncChats": INTEGER,
        "skillIds": Array(TEXT),
        "profileIds": Array(TEXT),
        "lobIds": Array(TEXT),
        "memberOf": Struct({"agentGroupId": TEXT, "assignmentDate": TEXT}),
        "managerOf": JSON,
        "permissionGroups": Array(TEXT),
        "dateUpdated": TEXT,
        "lastPwdChangeDate": TEXT,
        "description": TEXT,
        "mobileNumber": TEXT,
        "pictureUrl": TEXT,
    },
    permission="Administration → Users",
    credentials=("API key", "App-JWT V2", "Login"),
    scope="users.external (on older pages: users.read)",
)
SKILLS = collection(
    name="skills",
    title="Skills",
    documentation="skills-api-methods-get-all-skills.html",
    path="le-users/skills",
    version="4.0",
    columns={
        "id": TEXT,
        "name": TEXT,
        "deleted": BOOLEAN,
        "description": TEXT,
        "skillOrder": INTEGER,
        "maxWaitTime": INTEGER,
        "skillRoutingConfiguration": Array(
            Struct({"priority": INTEGER, "splitPercentage": INTEGER, "agentGroupId": TEXT})
        ),
        "lobIds": Array(TEXT),
        "canTransfer": BOOLEAN,
        "skillTransferList": Array(TEXT),
        "workingHoursId": TEXT,
        "specialOccasionId": TEXT,
        "slaDefaultResponseTime": INTEGER,
        "slaFirstTimeResponseTime": INTEGER,
        "slaUrgentResponseTime": INTEGER,
        "autoCloseInSeconds": INTEGER,
        "fallbackSkill": TEXT,
        "dateUpdated": TEXT,
    },
    permission="Skills, Read",
)
AGENT_GROUPS = collection(
    name="agent_groups",
    title="Agent groups",
    documentation="agent-groups-api-methods-get-all-agent-groups.html",
    path="le-users/agentGroups",
    version="4.0",
    columns={
        "id": TEXT,
        "name": TEXT,
        "deleted": BOOLEAN,
        "isEnabled": BOOLEAN,
        "parentGroupId": TEXT,
        "description": TEXT,
        "dateUpdated": TEXT,
    },
    permission="Agent Groups, Read",
)
