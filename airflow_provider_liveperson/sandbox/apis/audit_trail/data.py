"""Invented configuration changes, the same for the same seed and day.

A day's first *n* rows never depend on how many rows the day has, so sandboxes of different sizes agree on
what they share. The shapes follow LivePerson's samples; names of object kinds and of the delete action that
the documentation does not give are invented.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import NamedTuple

DAY_SECONDS = 86_400


class AuditRecord(NamedTuple):
    """One change of an account's configuration, with what only the CSV export shows, or no answer."""

    moment: int
    """UTC epoch seconds."""
    component: str
    """Internal name of the object's kind, as ``componentTypes`` takes it."""
    automatic: bool
    object_id: str
    employee_id: str
    profiles: str
    object_type: str
    object_name: str
    action_type: str
    element: str
    old_value: str
    new_value: str
    originator: str
    originator_login_name: str
    originator_user_id: str
    originator_user_agent: str
    originator_auth_type: str
    originator_is_lpa: bool


class _Originator(NamedTuple):
    name: str
    login: str
    user_id: str
    employee_id: str
    profiles: str
    user_agent: str
    auth_type: str
    is_lpa: bool = False


class _Kind(NamedTuple):
    label: str
    component: str
    names: tuple[str, ...]
    elements: tuple[str, ...]


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"

_STAFF = (
    _Originator("Sam Lee", "sam@acme.test", "1017", "E-17", "[Administrator, Agent]", _FIREFOX, "PASSWORD"),
    _Originator("Zoë Müller", "zoë@acme.test", "1018", "E-18", "[Administrator]", _CHROME, "SSO"),
    _Originator("山田 太郎", "yamada@acme.test", "1019", "E-19", "[Campaign Manager]", _CHROME, "SSO"),
    _Originator(
        'Pat "Ace" O\'Neil, Jr.', "pat@acme.test", "1020", "E-20", "[Agent Manager]", _FIREFOX, "PASSWORD"
    ),
    _Originator("Łukasz Żak", "lukasz@acme.test", "1021", "", "[]", _CHROME, "SSO"),
    _Originator(
        "Ana 🚀 García", "ana@acme.test", "1022", "E-22", "[Administrator, Agent Manager]", "", "PASSWORD"
    ),
    _Originator("נועה לוי", "noa@acme.test", "1023", "E-23", "[Agent]", _FIREFOX, "SSO"),
    _Originator("provisioning", "svc-users", "1024", "SVC-1", "[API]", "python-requests/2.32.5", "API_KEY"),
)
_LPA = (
    _Originator("LP Support", "lpa-support", "9001", "", "[LPA]", _CHROME, "SSO", True),
    _Originator("LP Engineer", "lpa-engineer", "9002", "", "[LPA]", "", "SSO", True),
)
_SYSTEM = _Originator("System", "system", "0", "", "[]", "", "")

_KINDS = (
    _Kind(
        "Users",
        "ACUserObject",
        ("pat@acme.test", "kim@acme.test", "José Núñez", "bot-1", "O'Brien, Siobhán"),
        ("Nickname", "Login name", "Enabled", "Max chats", "Skills", "N/A", "Password"),
    ),
    _Kind(
        "Skills",
        "ACSkillObject",
        ("Billing", "Vertrieb & Beratung", "Sales, EMEA", "テクニカルサポート"),
        ("Name", "Description", "Max wait time", "Default transfer list", "N/A"),
    ),
    _Kind(
        "Profiles",
        "ACProfileObject",
        ("Agent", "Administrator", 'Supervisor "night"'),
        ("Permissions", "Description", "Name", "N/A"),
    ),
    _Kind(
        "Agent Groups",
        "ACAgentGroupObject",
        ("Main group", "Tier 2", "Équipe Québec"),
        ("Name", "Members", "N/A"),
    ),
    _Kind("LOBs", "ACLobObject", ("Retail", "Banking"), ("Name", "Description", "N/A")),
    _Kind(
        "Campaigns",
        "ACCampaignObject",
        ("Spring 🌱 sale", "Cart, abandoned", "Always on"),
        ("Status", "Goal", "Target audience", "Weight", "N/A"),
    ),
    _Kind(
        "Campaign schedule", "ACCampaignScheduleObject", ("Weekdays", "24/7"), ("Start", "End", "Time zone")
    ),
    _Kind(
        "Predefined Content",
        "ACPredefinedContentObject",
        ("Greeting", "Refund policy", "Fermeture"),
        ("Text", "Title", "Enabled", "Hotkey"),
    ),
    _Kind("Content Categories", "ACContentCategoryObject", ("Greetings", "Returns"), ("Name", "N/A")),
    _Kind("Post Conversation Survey", "ACPostSurveyObject", ("CSAT", "NPS"), ("Question", "Enabled")),
    _Kind("Agent Conversation Survey", "ACAgentSurveyObject", ("Wrap-up",), ("Question", "Mandatory")),
    _Kind(
        "Shift Scheduler", "ACWorkingHoursObject", ("Early shift", "Late shift"), ("Working hours", "Enabled")
    ),
    _Kind("Special Occasions", "ACSpecialOccasionObject", ("New Year's Day",), ("Date", "Enabled", "N/A")),
    _Kind("mTLS Account Mapping", "ACMtlsMappingObject", ("gateway-1",), ("Certificate", "Enabled")),
    _Kind("mTLS Certification", "ACMtlsCertificateObject", ("client-cert-2026",), ("Expiry", "N/A")),
)

_SWITCHES = frozenset({"Enabled", "Mandatory"})
_NUMBERS = frozenset({"Max chats", "Max wait time", "Weight"})
_LONG_TEXTS = frozenset({"Text", "Permissions", "Question", "Description", "Members"})
_TEXTS = (
    "",
    "Patricia",
    "Welcome, {name}!",
    'He said "no, thanks"',
    "Line one\nLine two",
    "Línea uno\r\nLínea dos\r\n",
    "tab\tseparated",
    "=SUM(A1:A9)",
    "back\\slash",
    "Grüße aus Köln",
    "ありがとうございます",
    "👍🏽 done",
    "null",
    "N/A",
    "  spaces kept  ",
    "42",
)
_PARAGRAPH = (
    'Dear customer,\n\nyour request "{number}" was received; we answer within 24 hours.\n— Équipe ACME\n'
)

_PLACES = {0: 0, 1: DAY_SECONDS - 1, 4: 5 * 3600, 5: 4 * 3600 - 1}
"""Rows of every day that sit on an edge: the ends of the day in UTC, and its ends in New York."""

_TIE_GROUP = range(10, 22)


def records_of_day(seed: int, day: date, count: int, label: str = "") -> list[AuditRecord]:
    """Invent one calendar day (UTC) of changes, oldest first.

    :param seed: the sandbox's seed.
    :param day: the day.
    :param count: how many records the day has.
    :param label: distinguishes records of the same day that are added later.
    """
    source = random.Random(f"{seed}/{day.isoformat()}{label}")  # noqa: S311
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    crowded_second = source.randrange(DAY_SECONDS) if source.random() < 0.2 else None
    records: list[AuditRecord] = []
    for index in range(count):
        chance = source.random()
        if index == 3 or (index > 5 and chance < 0.01):
            records.append(records[-1])
            continue
        if index in _PLACES:
            second = _PLACES[index]
        elif crowded_second is not None and index in _TIE_GROUP:
            second = crowded_second
        elif index and chance < 0.12:
            second = records[-1].moment - midnight
        else:
            second = int(source.random() * DAY_SECONDS)
        records.append(_invent(source, midnight + second))
    records.sort(key=lambda record: record.moment)
    return records


def _invent(source: random.Random, moment: int) -> AuditRecord:
    kind = source.choice(_KINDS)
    number = int(source.random() * len(kind.names))
    action = ("Edit", "Edit", "Edit", "Add new", "Delete")[int(source.random() * 5)]
    chance = source.random()
    automatic = chance < 0.08
    staff = (_SYSTEM,) if automatic else _LPA if chance < 0.16 else _STAFF
    who = source.choice(staff)
    element, old, new = "N/A", "", ""
    if action == "Edit":
        element = source.choice(kind.elements)
        old, new = _values(source, element)
    return AuditRecord(
        moment=moment,
        component=kind.component,
        automatic=automatic,
        object_id=str(4000 + number * 17 + len(kind.label)),
        employee_id=who.employee_id,
        profiles=who.profiles,
        object_type=kind.label,
        object_name=kind.names[number],
        action_type=action,
        element=element,
        old_value=old,
        new_value=new,
        originator=who.name,
        originator_login_name=who.login,
        originator_user_id=who.user_id,
        originator_user_agent=who.user_agent,
        originator_auth_type=who.auth_type,
        originator_is_lpa=who.is_lpa,
    )


def _values(source: random.Random, element: str) -> tuple[str, str]:
    if element == "N/A":
        return "", ""
    if element in _SWITCHES:
        return ("false", "true") if source.random() < 0.5 else ("true", "false")
    number = int(source.random() * 10_000)
    if element in _NUMBERS:
        return str(number), str(number + 1)
    if element in _LONG_TEXTS and number % 10 == 0:
        return source.choice(_TEXTS), _PARAGRAPH.format(number=number) * (1 + number % 12)
    return source.choice(_TEXTS), f"{source.choice(_TEXTS)} {number}"
