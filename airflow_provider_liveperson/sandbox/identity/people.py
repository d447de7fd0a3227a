"""The account's users who may log in somewhere."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_liveperson.sandbox.settings import SandboxSettings
from airflow_provider_liveperson.sandbox.world import user_id

_BOT_PLACE = 3
_SSO_PLACE = 1001


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A user of the account.

    :param kind: ``user`` with a password, ``bot`` with keys, or ``sso_user`` of an identity provider.
    :param name: login name.
    :param password: what opens the login page; None if nothing does.
    :param id: LivePerson's user id.
    :param is_admin: whether they are an administrator.
    """

    kind: Literal["user", "bot", "sso_user"]
    name: str
    password: str | None = field(repr=False)
    id: str
    is_admin: bool


def people(settings: SandboxSettings) -> dict[str, Person]:
    """Return the users who may log in, by kind.

    :param settings: names and passwords.
    """
    users = (
        Person(
            kind="user",
            name=settings.user_name,
            password=settings.user_password,
            id=str(user_id(0)),
            is_admin=True,
        ),
        Person(
            kind="bot", name=settings.bot_name, password=None, id=str(user_id(_BOT_PLACE)), is_admin=False
        ),
        Person(
            kind="sso_user",
            name=settings.sso_user_name,
            password=settings.user_password,
            id=str(user_id(_SSO_PLACE)),
            is_admin=False,
        ),
    )
    return {person.kind: person for person in users}


def find_person(settings: SandboxSettings, name: str) -> Person | None:
    """Find a user by their login name.

    :param settings: names and passwords.
    :param name: the login name.
    """
    return next((person for person in people(settings).values() if same(person.name, name)), None)


def same(given: str, expected: str) -> bool:
    """Compare two texts in a time that does not depend on where they differ.

    :param given: what was sent.
    :param expected: what is right.
    """
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
