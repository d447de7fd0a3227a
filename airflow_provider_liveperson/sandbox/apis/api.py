"""What an API of LivePerson is to the sandbox, so that everything else need not know any by name.

To add an API, write a module (or a folder, where one file is not enough) with the name of the module in
``datasets/``, and add a line to :mod:`.registry`. The module holds:

1. its switches, one for each point on which LivePerson's pages are silent, unclear or contradict each other, and
   for the size of its data. Their names begin with the API's prefix; ``<prefix>_auth`` is obligatory::

       class VisitsSwitches(Switches):
           visits_auth: frozenset[CredentialName] = switch(
               EVERY_CREDENTIAL, "credential kinds that Visits accepts"
           )
           visits_ids: Literal["numbers", "strings"] = switch("numbers", "how ids are written")

2. its data, invented from the company in :mod:`~airflow_provider_liveperson.sandbox.world` and ``world.source(label)``,
   so that the same seed gives the same records, whatever else the sandbox holds;

3. a subclass of :class:`Api`::

       class VisitsApi(Api[VisitsSwitches]):
           name, title, prefix = "visits", "Visits", "visits"
           switches_type = VisitsSwitches
           services = ("visitsDomain",)
           datasets = ("visit_now",)

           def endpoints(self) -> list[Endpoint]:
               path = "/visits/api/account/{account}/now"
               return [Endpoint(path, self.now, reads="visits")]

           def now(self, call: Call) -> Answer: ...

           def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]: ...

   A handler is a plain function from a :class:`Call`, which was admitted already (account, credential, permission),
   to an :class:`Answer`; it raises :class:`~airflow_provider_liveperson.sandbox.http.refusal.Refusal` for an answer
   with an error status. :mod:`.shapes` has the handlers that repeat. Latency, faults, odd text, the request log,
   ``Date`` and the Domain API's list of services need nothing from the API.

No other file of the sandbox changes: settings, command line, control and Domain API iterate over
:data:`~airflow_provider_liveperson.sandbox.apis.registry.APIS`, and ``python -m devtools.sandbox_reference`` writes the
tables of ``docs/sandbox.md``. A new dataset of a known API is one name more in ``datasets``, its endpoint, and its
``truth``.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, Protocol, Self, TypeVar, cast

from airflow_provider_liveperson.sandbox.encoding import to_json
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches
from airflow_provider_liveperson.sandbox.world import World, midnight_ms

if TYPE_CHECKING:
    from airflow_provider_liveperson.sandbox.http.faults import Fault
    from airflow_provider_liveperson.sandbox.settings import SandboxSettings

SwitchesT = TypeVar("SwitchesT", bound=Switches)

_DAY_SECONDS = 86_400
_SOURCE = re.compile(r"[a-zA-Z0-9_]{1,20}", re.ASCII)


class Insertion(NamedTuple):
    """Records that a fault adds while a client reads.

    :param rows: how many.
    :param when: dated now (``newest``), or like a record that was already read (``late``).
    """

    rows: int
    when: Literal["newest", "late"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a data API, admitted.

    :param method: HTTP method.
    :param path: decoded path.
    :param places: what stood in the path's places, such as ``account``.
    :param query: query parameters in their order, repeated ones too.
    :param headers: names in lower case.
    :param body: the raw body.
    :param fault: what goes wrong with it, for kinds that the API itself has to act on.
    """

    method: str
    path: str
    places: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    fault: Fault | None = None
    parameters: Mapping[str, str] = field(init=False)
    """Query parameters by name; the last one counts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", dict(self.query))

    @property
    def insertion(self) -> Insertion | None:
        """Records that are to appear before this request is answered."""
        if self.fault is None or self.fault.kind != "insert_rows":
            return None
        return Insertion(self.fault.rows, self.fault.when)

    def every(self, name: str) -> list[str]:
        """Return every value of a parameter that may be repeated.

        :param name: the parameter.
        """
        return [value for key, value in self.query if key == name]

    def document(self) -> dict[str, Any]:
        """Read the body as a JSON object.

        :raises Refusal: a 400 if it is not one.
        """
        try:
            document = json.loads(self.body)
        except ValueError:
            raise Refusal(400, {"message": "The body is not JSON"}) from None
        if not isinstance(document, dict):
            raise Refusal(400, {"message": "The body must be a JSON object"})
        return document

    def source_error(self, rule: Literal["strict", "lenient"]) -> str | None:
        """Say what is wrong with ``source``, by which callers of the data APIs name themselves.

        :param rule: whether anything can be wrong at all.
        :return: a sentence for the answer; None if the request may pass.
        """
        if rule == "lenient":
            return None
        source = self.parameters.get("source")
        if source is None:
            return "source: the parameter is required"
        if not _SOURCE.fullmatch(source):
            return f"source: must match ^{_SOURCE.pattern}$"
        return None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back.

    :param body: bytes, or parts of them that are made while they are sent.
    :param status: HTTP status.
    :param media_type: value of Content-Type; None for none.
    :param headers: further headers.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Make an answer of JSON.

    :param payload: what to send.
    :param status: HTTP status.
    :param headers: further headers.
    """
    return Answer(
        body=to_json(payload), status=status, media_type="application/json", headers=dict(headers or {})
    )


@dataclass(frozen=True)
class Endpoint:
    """One path of an API.

    :param path: with places such as ``{account}``; the account's is obligatory.
    :param answer: the handler.
    :param method: HTTP method.
    :param reads: what the permission is for, for the refusal's text.
    :param auth: the switch with the credential kinds that it accepts, where they are not those of its API.
    """

    path: str
    answer: Callable[[Call], Answer]
    method: str = "GET"
    reads: str = "this data"
    auth: str = ""


class Sandbox(Protocol):
    """What an API needs of the sandbox around it."""

    @property
    def settings(self) -> SandboxSettings:
        """The settings as they are now."""

    @property
    def world(self) -> World:
        """The company whose data it is."""

    def now(self) -> float:
        """Return the sandbox's time in epoch seconds."""


class Api(Generic[SwitchesT]):
    """One API of LivePerson, with the data that it answers from.

    :param sandbox: the sandbox around it.
    """

    name: ClassVar[str]
    """The name of its module, and of that in ``datasets/``."""
    title: ClassVar[str]
    """LivePerson's name for it."""
    prefix: ClassVar[str]
    """What the names of its switches begin with."""
    switches_type: ClassVar[type[Switches]]
    """Its switches."""
    services: ClassVar[tuple[str, ...]] = ()
    """Names of the Domain API's services whose hosts serve it; case-sensitive."""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Names of hosts that serve it and that the Domain API does not list, as connections name them in
    ``service_hosts``: each region has one of its own."""
    datasets: ClassVar[tuple[str, ...]] = ()
    """Names of the datasets that are read from it."""
    faults: ClassVar[Mapping[str, str]] = {}
    """Kinds of faults that only it acts on, and what happens: ``call.fault`` has such a one."""
    alias: ClassVar[str | None] = None
    """Name of the attribute of ``SandboxServer`` that gives :attr:`data`; None for none. For APIs that had one
    before there was ``SandboxServer.api``."""
    data: Any = None
    """Where its records are kept, for what tests do with them beyond the methods below."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.__is_ready, self.__making = False, threading.RLock()

    @property
    def is_ready(self) -> bool:
        """Whether its data have been made."""
        return self.__is_ready

    def ready(self) -> Self:
        """Make its first data, if it has none yet, and return it. For those who reach the API from outside."""
        with self.__making:
            if not self.__is_ready:
                self.reset()
                self.__is_ready = True
        return self

    def forget(self) -> None:
        """Return to its first data, which are made again when it is next asked for."""
        with self.__making:
            self.__is_ready = False

    @property
    def switches(self) -> SwitchesT:
        """Its switches as they are now."""
        return cast("SwitchesT", self.sandbox.settings.of(self.switches_type))

    @property
    def world(self) -> World:
        """The company whose data it is."""
        return self.sandbox.world

    @property
    def present(self) -> float:
        """The present of the data, in epoch seconds: what can still be had is counted from it.

        It is the sandbox's clock, or the end of the data where that was set to an earlier day.
        """
        settings, now = self.sandbox.settings, self.sandbox.now()
        end = midnight_ms(settings.until) / 1000
        is_past = now - end >= _DAY_SECONDS
        return (end if is_past else now) + settings.data_clock_offset_seconds

    def accepted(self, endpoint: Endpoint) -> frozenset[CredentialName]:
        """Return the credential kinds that a path accepts.

        :param endpoint: one of :meth:`endpoints`.
        """
        accepted: frozenset[CredentialName] = getattr(
            self.sandbox.settings, endpoint.auth or f"{self.prefix}_auth"
        )
        return accepted

    @classmethod
    def listed_services(cls, switches: Any) -> Iterable[str]:
        """Return the services that the Domain API lists for it.

        :param switches: the settings as they are now, which hold its switches.
        """
        return cls.services

    def endpoints(self) -> list[Endpoint]:
        """Return every path that it serves. Called once, when the server is built."""
        raise NotImplementedError

    def truth(self, dataset: str, start: datetime, end: datetime) -> list[Any]:
        """Return what a complete read of a dataset must give for a half-open window.

        :param dataset: one of :attr:`datasets`.
        :param start: first instant inside, aware.
        :param end: first instant outside, aware.
        """
        raise NotImplementedError

    def insert(self, dataset: str, count: int, when: datetime | None = None) -> list[Any]:
        """Add records.

        :param dataset: one of :attr:`datasets`.
        :param count: how many.
        :param when: their moment, aware; the sandbox's present when omitted.
        :return: their keys, or the records.
        :raises ValueError: if records cannot be added to this dataset.
        """
        raise ValueError(f"Records cannot be added to {dataset}")

    def change(self, dataset: str, when: datetime | None = None) -> Any:
        """Change a record that exists.

        :param dataset: one of :attr:`datasets`.
        :param when: the moment of the change, aware; the sandbox's present when omitted.
        :return: the record as it is now, or its key.
        :raises ValueError: if records of this dataset do not change.
        """
        raise ValueError(f"Records of {dataset} do not change")

    def reset(self) -> None:
        """Make its first data, or return to it. Called before the first use only: most APIs are not asked."""

    def configured(self, names: frozenset[str]) -> None:
        """Notice that switches have new values.

        Not called before the API is used for the first time: :meth:`reset` then sees the new values.

        :param names: their names.
        """

    def sizes(self) -> dict[str, int]:
        """Return how much data there is, by the name of the switch that sets it."""
        return {}

    def summary(self) -> str:
        """Say how much data there is, such as ``300 conversations``; empty to say nothing."""
        return ""

    def controls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Any]]:
        """Return further controls: the last part of ``POST /_sandbox/{name}`` to what takes the JSON object.

        A ValueError becomes a 400, a KeyError a 404; the result is answered as JSON.
        """
        return {}
