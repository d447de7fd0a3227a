"""The invented company that every API refers to: its users, skills and groups, and the days that hold data.

The same seed gives the same company, and a user does not depend on how many users there are. Ids are numbers
here; how an answer writes them is a matter of the API. Everything references what exists: users their groups and
skills, skills their groups.
"""

from __future__ import annotations

import random
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from airflow_provider_liveperson.sandbox.switches import Switches, each_time, switch

Entity = dict[str, Any]
"""A user, skill or group with all its fields, as LivePerson's account configuration names them."""

ACCOUNT_ID_PATTERN = re.compile(r"[a-zA-Z0-9_]{1,20}")

FIRST_REVISION = 171
"""The revision of every part of the account's configuration before anything changes."""

_FIRST_DAY = datetime(2024, 1, 8, 9)
_SPAN_SECONDS = 500 * 86_400

SYSTEM, HUMAN, BOT = 0, 1, 2

_GIVEN = (
    "Sam", "Zoë", "José", "Łukasz", "Siobhán", "Ana", "太郎", "נועה", "Pat", "Kim", "Ingrid", "Amélie",
    "Ömer", "Nguyễn", "Chidi", "Priya", "Björn", "Dvořák", "Мария", "Li",
)  # fmt: skip
_FAMILY = (
    "Lee", "Müller", "Núñez", "Żak", "O'Brien", "García 🚀", "山田", "לוי", 'O\'Neil, "Ace"', "Park", "Østergård",
    "Lefèvre", "Yılmaz", "Thị Hoa", "Okafor", "Raman", "Åkesson", "Novák", "Иванова", "Wei",
)  # fmt: skip

_GROUPS: tuple[tuple[int, str, int | None], ...] = (
    (3, "Main Group", None),
    (550110, "Support", 3),
    (550111, "Support / Tier 2", 550110),
    (550112, "Équipe Québec", 550110),
    (550120, "Sales", 3),
    (550121, "Sales, EMEA", 550120),
    (550122, "営業", 550120),
    (550130, "Bots", None),
    (550140, "Old call center", 3),
)
_GONE_GROUP = 550140

_SKILLS = (
    "Billing", "Vertrieb & Beratung", "Sales, EMEA", "テクニカルサポート", "Returns", 'Tier "2"', "Français",
    "Fraud\nand risk", "Onboarding", "VIP", "Bot escalation", "Old campaign", "تأمين", "Night shift",
)  # fmt: skip
_GONE_SKILLS = frozenset({11, 13})

PERMISSION_GROUPS = ("Agent", "Agent Manager", "Administrator", "Campaign Manager")
LOBS = (3301, 3302)
PROFILES = (201, 202, 203)


def _today() -> date:
    return datetime.now(UTC).date()


def _check_account_id(account_id: str) -> None:
    if not ACCOUNT_ID_PATTERN.fullmatch(account_id):
        raise ValueError(f"must match {ACCOUNT_ID_PATTERN.pattern}, not {account_id!r}")


class WorldSettings(Switches):
    """Which company it is, and when."""

    seed: int = switch(1, "number from which credentials and data are derived", fixed=True)
    account_id: str = switch(
        "70000001",
        "LivePerson account that exists; every other one is unknown",
        fixed=True,
        check=_check_account_id,
    )
    agents: int = switch(60, "users of the account: people, bots, and deleted ones", minimum=1, fixed=True)
    days: int = switch(30, "days (UTC) that hold data", minimum=1, fixed=True)
    until: date = switch(
        each_time(_today), "UTC day (YYYY-MM-DD) at whose start the data ends; default: today", fixed=True
    )


class World:
    """The company of one sandbox.

    :param settings: its seed, size and days.
    """

    def __init__(self, settings: WorldSettings) -> None:
        self.seed = settings.seed
        self.account_id = settings.account_id
        self._settings = settings

    @cached_property
    def users(self) -> list[Entity]:
        """Everybody: mostly people, some bots, one system user, some of them deleted."""
        return invent_users(self.seed, self._settings.agents)

    @cached_property
    def people(self) -> list[Entity]:
        """The users who are people; the deleted ones worked once, so they are among them."""
        return [user for user in self.users if user["userTypeId"] == HUMAN]

    @cached_property
    def skills(self) -> list[Entity]:
        """The skills, some of them deleted."""
        return invent_skills(self.seed)

    @cached_property
    def agent_groups(self) -> list[Entity]:
        """The agent groups, which form trees; one of them is deleted."""
        return invent_agent_groups(self.seed)

    @property
    def days(self) -> list[date]:
        """The days (UTC) that hold data, oldest first."""
        last, count = self._settings.until, self._settings.days
        return [last - timedelta(days=count - index) for index in range(count)]

    def spread(self, total: int) -> Iterator[tuple[date, int]]:
        """Spread records evenly over the days.

        :param total: how many records there are.
        :return: each day with its number of records, oldest first; the first days have one more than the others
            if it does not divide evenly.
        """
        evenly, left_over = divmod(total, self._settings.days)
        for index, day in enumerate(self.days):
            yield day, evenly + (index < left_over)

    def source(self, label: str) -> random.Random:
        """Return a source of chance of its own for something that is invented.

        :param label: says what for, such as ``audit/2026-01-31``; the same label always gives the same numbers.
        """
        return random.Random(f"{self.seed}/{label}")  # noqa: S311

    def number(self, label: str, maximum: int) -> int:
        """Return a number from 0 to a limit, quickly, for metrics of which there are many.

        :param label: says what for, such as ``queue/440100/1769817600000``; the same label, the same number.
        :param maximum: the largest.
        """
        return zlib.crc32(f"{self.seed}/{label}".encode()) % (maximum + 1)


def milliseconds(moment: datetime) -> int:
    """Return a moment as UTC epoch milliseconds, rounded up, so that a boundary keeps rows on the right side.

    :param moment: aware.
    :raises ValueError: if it has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A window's start and end, and the time of a row, must be aware datetimes")
    return -((datetime(1970, 1, 1, tzinfo=UTC) - moment) // timedelta(milliseconds=1))


def midnight_ms(day: date) -> int:
    """Return the start of a day (UTC) as epoch milliseconds.

    :param day: the day.
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def skill_id(index: int) -> int:
    """Return the id of a skill by its place in the collection.

    :param index: place, from zero.
    """
    return 440100 + 7 * index


def user_id(index: int) -> int:
    """Return the id of a user by their place in the collection.

    :param index: place, from zero.
    """
    return 70010001 + 13 * index


def invent_users(seed: int, count: int) -> list[Entity]:
    """Invent users: mostly people, some bots, one system user, some of them deleted.

    :param seed: the sandbox's seed.
    :param count: how many, at least one; the first is a person who was not deleted.
    """
    return [_invent_user(seed, index) for index in range(count)]


def _invent_user(seed: int, index: int) -> Entity:
    source = random.Random(f"{seed}/user/{index}")  # noqa: S311
    kind = BOT if index % 10 == 3 else SYSTEM if index == 9 else HUMAN
    deleted = index % 8 == 5
    manages = kind == HUMAN and index % 7 == 1
    given, family = source.choice(_GIVEN), source.choice(_FAMILY)
    updated = _moment(source)
    if kind == BOT:
        login, nickname, group = f"bot-{index}", f"Bot {index}", 550130
    elif kind == SYSTEM:
        login, nickname, group = "system", "System", 3
    else:
        login, nickname = f"agent{index}@acme.test", f"{given} {family}"
        group = source.choice([number for number, _, _ in _GROUPS if number not in (550130, _GONE_GROUP)])
    skills = sorted(source.sample(range(len(_SKILLS)), source.randrange(0, 5)))
    roles = ["0", "1"] if manages else ["0"]
    return {
        "id": user_id(index),
        "pid": str(uuid.UUID(int=source.getrandbits(128), version=4)),
        "deleted": deleted,
        "loginName": login,
        # LivePerson blanks it for privacy.
        "fullName": "",
        "nickname": nickname,
        "email": f"{login.partition('@')[0]}@mail.acme.test",
        "isEnabled": not deleted and source.random() > 0.1,
        "disabledManually": False,
        "isApiUser": kind == BOT,
        "userTypeId": kind,
        "employeeId": "" if source.random() < 0.15 else f"E-{1000 + index}",
        "maxChats": source.choice((-1, 0, 1, 3)),
        "maxAsyncChats": source.choice((-1, 5, 10, 25)),
        "skillIds": [skill_id(number) for number in skills],
        "profileIds": [PROFILES[int(number)] for number in roles],
        "lobIds": list(LOBS[: source.randrange(0, 3)]),
        "memberOf": {"agentGroupId": group, "assignmentDate": _text(_moment(source))},
        "managerOf": [{"agentGroupId": group, "assignmentDate": _text(_moment(source))}] if manages else [],
        "permissionGroups": [PERMISSION_GROUPS[int(number)] for number in roles],
        "dateUpdated": _text(updated),
        "lastPwdChangeDate": _text(updated - timedelta(days=source.randrange(1, 90))),
        "description": source.choice(("", "Early shift", "Línea uno\nLínea dos", 'says "hi"', "null")),
        "mobileNumber": "",
        "pictureUrl": None if source.random() < 0.5 else f"https://pictures.acme.test/{index}.png",
    }


def invent_skills(seed: int) -> list[Entity]:
    """Invent skills, some of them deleted.

    :param seed: the sandbox's seed.
    """
    return [_invent_skill(seed, index) for index in range(len(_SKILLS))]


def _invent_skill(seed: int, index: int) -> Entity:
    source = random.Random(f"{seed}/skill/{index}")  # noqa: S311
    groups = source.sample([number for number, _, _ in _GROUPS], source.randrange(0, 4))
    others = [skill_id(number) for number in range(len(_SKILLS)) if number != index]
    can_transfer = source.random() < 0.6
    return {
        "id": skill_id(index),
        "name": _SKILLS[index],
        "deleted": index in _GONE_SKILLS,
        "description": source.choice(("", f"Skill {index}", "Grüße, “kurz”", "two\r\nlines")),
        "skillOrder": index + 1,
        "maxWaitTime": source.choice((60, 120, 900)),
        "skillRoutingConfiguration": [
            {"priority": place, "splitPercentage": 100 // len(groups), "agentGroupId": number}
            for place, number in enumerate(groups, 1)
        ],
        "lobIds": list(LOBS[: source.randrange(0, 3)]),
        "canTransfer": can_transfer,
        "skillTransferList": sorted(source.sample(others, 3)) if can_transfer else [],
        "workingHoursId": source.choice((None, 61, 62)),
        "specialOccasionId": source.choice((None, 71)),
        "slaDefaultResponseTime": source.choice((None, 30, 60)),
        "slaFirstTimeResponseTime": source.choice((None, 20)),
        "slaUrgentResponseTime": source.choice((None, 10)),
        "autoCloseInSeconds": source.choice((-1, 86_400, 604_800)),
        "fallbackSkill": source.choice([None, None, others[0]]),
        "dateUpdated": _text(_moment(source)),
        **_more_of_a_skill(random.Random(f"{seed}/skill/{index}/more")),  # noqa: S311
    }


def _more_of_a_skill(source: random.Random) -> Entity:
    """The fields that were added later, from a source of chance of their own; ids of surveys are text."""
    return {
        "defaultPostChatSurveyId": source.choice((None, "1201")),
        "defaultOfflineSurveyId": source.choice((None, "1202")),
        "defaultAgentSurveyId": source.choice((None, "1203")),
        "wrapUpTime": source.choice((0, 60, 300)),
        "postConversationSurveyAppInstallAssociationId": source.choice(
            (None, "5f0c2c1e-2f0b-4c57-9a6e-6f0f5a6b7c8d")
        ),
        "transferToAgentMaxWaitInSeconds": source.choice((None, 86_400)),
        "fallbackWhenAllAgentsAreAway": source.random() < 0.2,
        "agentSurveyForMsgTimeoutInMinutes": source.choice((None, 15, 30)),
        "agentSurveyForMsgId": source.choice((None, 4100, 4101)),
        "redistributeLoadToConnectedAgentGroups": source.random() < 0.5,
    }


def invent_agent_groups(seed: int) -> list[Entity]:
    """Invent agent groups, which form trees, one of them deleted.

    :param seed: the sandbox's seed.
    """
    source = random.Random(f"{seed}/agent groups")  # noqa: S311
    return [
        {
            "id": number,
            "name": name,
            "deleted": number == _GONE_GROUP,
            "isEnabled": number != _GONE_GROUP,
            "parentGroupId": parent,
            "description": source.choice(("", f"Group {name}", "“Tier”, all")),
            "dateUpdated": _text(_moment(source)),
        }
        for number, name, parent in _GROUPS
    ]


def _moment(source: random.Random) -> datetime:
    return _FIRST_DAY + timedelta(seconds=int(source.random() * _SPAN_SECONDS))


def _text(moment: datetime) -> str:
    return moment.isoformat(" ")
