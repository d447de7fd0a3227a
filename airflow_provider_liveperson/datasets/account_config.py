"""Account configuration: whole collections of what an account consists of, such as its users and skills.

LivePerson pages: `users-api-methods-get-all-users.html` and its siblings. Deleted entities and most fields are left
out unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED, Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.collection import Collection
from airflow_provider_liveperson.records.columns import (
    BOOLEAN,
    INTEGER,
    JSON,
    TEXT,
    Array,
    Column,
    Personal,
    Struct,
)

SERVICE = "accountConfigReadOnly"


def collection(
    *,
    name: str,
    title: str,
    page: str,
    path: str,
    version: str,
    columns: Mapping[str, Column],
    permission: str,
    kinds: tuple[CredentialKind, ...] = (CredentialKind.API_KEY, CredentialKind.LOGIN),
    scope: str = NOT_DOCUMENTED,
) -> Dataset:
    """Declare a collection.

    :param name: the dataset's name.
    :param title: what people call it.
    :param page: LivePerson's page.
    :param path: the path below ``/api/account/{account_id}/configuration/``.
    :param version: the newest documented ``v``.
    :param columns: every documented field; all of them are asked for.
    :param permission: the API key's permission that it needs.
    :param kinds: the credential kinds that LivePerson's page names.
    :param scope: the OAuth 2.0 scope that it needs.
    """
    return Dataset(
        name=name,
        title=title,
        page=page,
        request=RequestTemplate(
            service=SERVICE, path=f"/api/account/{{account_id}}/configuration/{path}", params={"v": version}
        ),
        access=Access(kinds=kinds, permission=permission, scope=scope),
        reader=Collection(
            arguments={"include_deleted": "true", "select": ",".join(columns)}, smallest={"select": "id"}
        ),
        primary_key=("id",),
        limits=Limits(has_history=False),
        columns=columns,
    )


USERS = collection(
    name="users",
    title="Users: agents, managers and bots",
    page="users-api-methods-get-all-users.html",
    path="le-users/users",
    version="6.0",
    columns={
        "id": TEXT,
        "pid": TEXT,
        "deleted": BOOLEAN,
        "loginName": Personal(TEXT),
        "fullName": Personal(TEXT),
        "nickname": Personal(TEXT),
        "email": Personal(TEXT),
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
        "description": Personal(TEXT),
        "mobileNumber": Personal(TEXT),
        "pictureUrl": Personal(TEXT),
    },
    permission="Administration → Users",
    kinds=(CredentialKind.API_KEY, CredentialKind.APP_JWT_V2, CredentialKind.LOGIN),
    scope="users.external (on older pages: users.read)",
)
SKILLS = collection(
    name="skills",
    title="Skills",
    page="skills-api-methods-get-all-skills.html",
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
    page="agent-groups-api-methods-get-all-agent-groups.html",
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

DATASETS = (USERS, SKILLS, AGENT_GROUPS)
