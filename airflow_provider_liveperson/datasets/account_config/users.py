"""Users, skills, agent groups, lines of business and profiles, and the reasons for an agent's status.

LivePerson pages: `users-api-*`, `skills-api-*`, `agent-groups-api-*`, `lobs-api-*`, `profiles-api-*`,
`agent-status-reason-api-*`. `dateUpdated` and other dates come without a zone.
"""

from __future__ import annotations

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.account_config.collection import collection
from airflow_provider_liveperson.datasets.readers.collection import RevisionHeaders
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

_USER: dict[str, Column] = {
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
}
USERS = collection(
    name="users",
    title="Users: agents, managers and bots",
    page="users-api-methods-get-all-users.html",
    path="le-users/users",
    version="6.0",
    columns=_USER,
    content="dateUpdated",
    # By their names: what else LivePerson may keep of a user is not to be landed unseen.
    ways=({"select": ",".join(_USER)}, {}),
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
        "defaultPostChatSurveyId": TEXT,
        "defaultOfflineSurveyId": TEXT,
        "defaultAgentSurveyId": TEXT,
        "wrapUpTime": INTEGER,
        "postConversationSurveyAppInstallAssociationId": TEXT,
        "transferToAgentMaxWaitInSeconds": INTEGER,
        "fallbackWhenAllAgentsAreAway": BOOLEAN,
        "agentSurveyForMsgTimeoutInMinutes": INTEGER,
        "agentSurveyForMsgId": TEXT,
        "redistributeLoadToConnectedAgentGroups": BOOLEAN,
    },
    content="dateUpdated",
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
    content="dateUpdated",
    permission="Agent Groups, Read",
)
LOBS = collection(
    name="lobs",
    title="Lines of business",
    page="lobs-api-methods-get-all-lobs.html",
    path="le-users/lobs",
    version="4.0",
    columns={"id": TEXT, "deleted": BOOLEAN, "name": TEXT, "description": TEXT, "dateUpdated": TEXT},
    content="dateUpdated",
    permission="LOBs, Read",
)
PROFILES = collection(
    name="profiles",
    title="Profiles: roles and their permissions",
    page="profiles-api-methods-get-all-profiles.html",
    path="le-users/profiles",
    version="4.0",
    columns={
        "id": TEXT,
        "deleted": BOOLEAN,
        "name": TEXT,
        "description": TEXT,
        "roleTypeId": INTEGER,
        "roleTypeName": TEXT,
        "dateUpdated": TEXT,
        "numOfAssignedUsers": INTEGER,
        "permissionPackages": Array(
            Struct(
                {
                    "id": TEXT,
                    "isDisplayed": BOOLEAN,
                    "featureKeys": Array(TEXT),
                    "isEnabled": BOOLEAN,
                }
            )
        ),
        "permissions": Array(INTEGER),
        "isAssignedToLPA": BOOLEAN,
    },
    content="permissions",
    # No value is documented that stands for an unknown one.
    revision=RevisionHeaders("X-LP-Last-Modified", ("X-LP-Last-Modified",), unknown=None),
    permission="Profiles, Read",
)
AGENT_STATUS_REASONS = collection(
    name="agent_status_reasons",
    title="Reasons that agents can give for their status",
    page="agent-status-reason-api-methods-agent-status-list.html",
    path="le-agents/status-reasons",
    version=None,
    columns={"id": TEXT, "text": TEXT, "state": TEXT, "enabled": BOOLEAN, "deleted": BOOLEAN},
    # The page names `include_deleted` alone; clients have sent a version.
    ways=({}, {"v": "2.0"}),
    smallest={},
    permission="Agent Status Reason, Read",
)
