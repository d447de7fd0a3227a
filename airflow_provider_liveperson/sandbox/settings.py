"""Everything about a sandbox that can be chosen: its data, its credentials and its switches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_liveperson.sandbox.apis.registry import APIS
from airflow_provider_liveperson.sandbox.http.settings import HttpSettings
from airflow_provider_liveperson.sandbox.identity.settings import IdentitySettings
from airflow_provider_liveperson.sandbox.switches import Switches, declarations, marked
from airflow_provider_liveperson.sandbox.world import WorldSettings

SwitchesT = TypeVar("SwitchesT", bound=Switches)

GROUPS: tuple[type[Switches], ...] = (
    WorldSettings,
    IdentitySettings,
    HttpSettings,
    *(api.switches_type for api in APIS),
)
"""Where switches are declared, each group by the part of the sandbox that reads it."""

if TYPE_CHECKING:

    class _Everything(IdentitySettings, HttpSettings):
        def __getattr__(self, name: str) -> Any:
            """Stand for the switches of the APIs, which only they know."""

else:
    _Everything = type("_Everything", (*GROUPS[3:], HttpSettings, IdentitySettings), {})


class SandboxSettings(_Everything):
    """The choices that make one sandbox: all switches of its parts, by their names.

    The same seed always gives the same credentials and, day by day, the same data. Values may be given as
    text (``"404"``, ``"true"``, ``"oauth1,app_jwt_v2"``); they are brought to the declared type. The names and their
    meanings are listed in the documentation, and by ``describe()``.

    :raises ValueError: for an unknown name or a value that is not valid; the message names the switch.
    """

    def __init__(self, **chosen: Any) -> None:
        _refuse_unknown(chosen)
        super().__init__(**chosen)

    def of(self, group: type[SwitchesT]) -> SwitchesT:
        """Return the same settings as those of one group, for type checkers.

        :param group: one of :data:`GROUPS`.
        """
        assert isinstance(self, group)
        return self

    def changed(self, **switches: Any) -> SandboxSettings:
        """Return a copy with some switches changed.

        :param switches: names and new values.
        :raises ValueError: for an unknown name, a value that is not valid, or a switch that shapes the data.
        """
        _refuse_unknown(switches)
        for name in switches:
            if name in FIXED_FIELDS:
                raise ValueError(f"{name} shapes the data and cannot change while the sandbox runs")
        return self.with_values(**switches)

    def public(self) -> dict[str, Any]:
        """Return all settings but the secrets, as values that JSON can hold."""
        shown: dict[str, Any] = {}
        for name, value in self._values().items():
            if name not in SECRET_FIELDS:
                shown[name] = (
                    sorted(value)
                    if isinstance(value, frozenset)
                    else value.isoformat()
                    if isinstance(value, date)
                    else value
                )
        return shown

    def _values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in declarations(SandboxSettings)}


def _refuse_unknown(names: Iterable[str]) -> None:
    for name in names:
        if name not in declarations(SandboxSettings):
            raise ValueError(f"The sandbox has no setting named {name!r}")


SECRET_FIELDS = marked(SandboxSettings, "secret")
"""Switches that no control answer, log or repr shows."""

FIXED_FIELDS = marked(SandboxSettings, "fixed")
"""Switches that shape the data; they cannot change while a sandbox runs."""

OPTION_FIELDS = marked(SandboxSettings, "option")
"""Switches that are options of the command line by themselves."""


def describe() -> dict[str, str]:
    """Return what every switch means, by name, in the order in which they are declared."""
    described: dict[str, str] = {}
    for group in GROUPS:
        for name, about in declarations(group).items():
            described.setdefault(name, about.description)
    return described


def refuse_two_of_a_name(groups: Iterable[type[Switches]]) -> None:
    """Refuse two groups that declare the same switch: one would silently hide the other.

    :param groups: the groups.
    :raises TypeError: if two of them do.
    """
    owners: dict[str, type[Switches]] = {}
    for group in groups:
        for name in group.__annotations__:
            if name in owners:
                raise TypeError(f"{group.__name__} and {owners[name].__name__} both declare {name}")
            owners[name] = group


refuse_two_of_a_name(GROUPS)
