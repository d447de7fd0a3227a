"""What a search for chats asks for."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from airflow_provider_liveperson.sandbox.apis.engagement_history.content import Record
from airflow_provider_liveperson.sandbox.apis.engagement_history.data import Chat
from airflow_provider_liveperson.sandbox.apis.engagement_history.switches import EngagementHistorySwitches
from airflow_provider_liveperson.sandbox.apis.shapes import Parameters
from airflow_provider_liveperson.sandbox.apis.shapes.parameters import message_only
from airflow_provider_liveperson.sandbox.encoding import to_json

GRID_MS = 600_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ATTRIBUTES = (
    *("purchase", "viewedProduct", "cartStatus", "serviceActivity", "visitorError", "lead", "customerInfo"),
    *("marketingCampaignInfo", "personalInfo"),
)
AREAS = (
    *("chatLine", "surveyAnswer", "surveyQuestion", "visitorInfo", "mcs"),
    *(f"ea.{name}" for name in _ATTRIBUTES),
)
_NAMES = {"viewedProduct": "viewProduct", "visitorError": "formFillingError"}
"""Attributes that have another name in records."""

_FIELDS: dict[str, Callable[[Chat], Any]] = {
    "start": lambda chat: chat.start,
    "end": lambda chat: chat.end,
    "duration": lambda chat: chat.duration,
    "visitor": lambda chat: chat.visitor,
    "engagementId": lambda chat: chat.number,
    "interactive": lambda chat: chat.is_interactive,
    "agentId": lambda chat: chat.agent,
    "skillId": lambda chat: chat.skill,
}
"""What chats can be sorted by."""

_FILTERS = frozenset(
    {
        *("start", "interactive", "ended", "skillIds", "agentIds", "agentGroupIds", "channel", "duration"),
        *(
            "coBrowseDuration",
            "keyword",
            "keyword_search_area",
            "visitor",
            "engagementId",
            "alertedMcsValues",
        ),
        *("chatMCS", "mcs", "hasCoBrowse", "hasInteractiveCoBrowse", "lineContentTypes"),
    }
)


class Search(NamedTuple):
    """Which chats are wanted.

    :param start: where the range of start times begins, epoch milliseconds.
    :param end: its end, exclusive.
    :param of_chat: conditions on a chat.
    :param of_record: conditions on a chat's record, which are slower.
    """

    start: int
    end: int
    of_chat: list[Callable[[Chat], bool]]
    of_record: list[Callable[[Record], bool]]


def read_sort(parameters: Parameters, given: str) -> list[tuple[Callable[[Chat], Any], bool]]:
    """Read ``sort``: names with their directions, separated by commas.

    :param parameters: where it is noted if it is wrong.
    :param given: its value.
    :return: what to sort by, and whether the largest come first.
    """
    order = []
    for part in given.split(","):
        name, _, direction = part.strip().partition(":")
        # LivePerson's page once writes `des`.
        if name not in _FIELDS or direction not in ("", "asc", "desc", "des"):
            parameters.wrong("sort", f"must be of {', '.join(_FIELDS)}, with :asc or :desc")
            return [(_FIELDS["start"], False)]
        order.append((_FIELDS[name], direction.startswith("des")))
    return order


def read_search(body: Mapping[str, Any], switches: EngagementHistorySwitches, present_ms: int) -> Search:
    """Read the body of a search.

    :param body: the JSON object.
    :param switches: how it is meant.
    :param present_ms: the data's present, epoch milliseconds.
    :raises Refusal: a 400 for what is wrong.
    """
    parameters = Parameters(body, message_only)
    parameters.unknown(_FILTERS, switches.engagement_unknown_filter)
    has_no_range = switches.engagement_id_range == "ignored" and bool({"engagementId", "visitor"} & set(body))
    start, end = (0, present_ms) if has_no_range else _start(parameters, body, switches)
    for name in ("interactive", "ended"):
        if name in parameters and body[name] is not True:
            parameters.wrong(name, "only true is supported")
    of_chat: list[Callable[[Chat], bool]] = []
    of_record: list[Callable[[Record], bool]] = []
    if "interactive" in parameters:
        of_chat.append(lambda chat: chat.is_interactive)
    _add_choices(parameters, of_record)
    _add_ranges(parameters, body, of_chat)
    alerts = parameters.words("alertedMcsValues", ("-1", "0", "1"))
    if alerts is not None:
        of_chat.append(lambda chat: str(chat.alert) in alerts)
    channel = parameters.choice("channel", ("-1", "1", "2"), "")
    if channel:
        of_chat.append(lambda chat: str(chat.channel) == channel)
    for name in ("hasCoBrowse", "hasInteractiveCoBrowse"):
        if name in parameters:
            wanted = parameters.flag(name, True)
            of_chat.append(lambda chat, wanted=wanted: bool(chat.co_browse) is wanted)  # type: ignore[misc]
    score = parameters.choice("mcs", ("-1", "0", "1"), "")
    if score:
        of_chat.append(lambda chat: str(chat.alert) == score)
    if parameters.words("lineContentTypes", ("RICH_CONTENT",)) is not None:
        of_record.append(
            lambda record: any(line["textType"] == "rich-content" for line in record["transcript"]["lines"])
        )
    _add_keyword(parameters, body, switches, of_record)
    parameters.check()
    return Search(start, end, of_chat, of_record)


def _start(
    parameters: Parameters, body: Mapping[str, Any], switches: EngagementHistorySwitches
) -> tuple[int, int]:
    """Read the range of start times, rounded outward; the end is exclusive."""
    given = body.get("start")
    if not isinstance(given, dict):
        parameters.wrong("start", "from and to are required")
        return 0, 0
    bounds = Parameters(given, message_only)
    bounds.require("from", "to")
    start, end = bounds.milliseconds("from"), bounds.milliseconds("to")
    for cause in bounds.causes:
        parameters.causes.append(f"start.{cause}")
    if start is None or end is None:
        return 0, 0
    if end < start:
        parameters.wrong("start", "from must not be after to")
    elif _EPOCH + timedelta(milliseconds=end) > _a_month_later(_EPOCH + timedelta(milliseconds=start)):
        parameters.wrong("start", "the range must be at most one month")
    last = -(-end // GRID_MS) * GRID_MS
    return start // GRID_MS * GRID_MS, last + (switches.engagement_end == "inclusive")


def _add_choices(parameters: Parameters, of_record: list[Callable[[Record], bool]]) -> None:
    for name, field in {
        "skillIds": "skillId",
        "agentIds": "agentId",
        "agentGroupIds": "agentGroupId",
        "visitor": "visitorId",
        "engagementId": "engagementId",
    }.items():
        wanted = parameters.words(name)
        if wanted is not None:
            of_record.append(lambda record, field=field, wanted=wanted: str(record["info"][field]) in wanted)  # type: ignore[misc]


def _add_ranges(
    parameters: Parameters, body: Mapping[str, Any], of_chat: list[Callable[[Chat], bool]]
) -> None:
    values: dict[str, tuple[Callable[[Chat], int], bool]] = {
        "duration": (lambda chat: chat.duration, True),
        "coBrowseDuration": (lambda chat: chat.co_browse, True),
        "chatMCS": (lambda chat: chat.score, False),
    }
    for name, (value, needs_both) in values.items():
        if name not in parameters:
            continue
        given = body[name]
        bounds = [given.get(side) for side in ("from", "to")] if isinstance(given, dict) else [None, None]
        numbers = [
            bound for bound in bounds if isinstance(bound, int | float) and not isinstance(bound, bool)
        ]
        if len(numbers) < (2 if needs_both else 1) or len(numbers) < sum(
            bound is not None for bound in bounds
        ):
            parameters.wrong(name, "from and to must be numbers" + (", both of them" if needs_both else ""))
            continue
        low, high = (
            (bounds[0] if bounds[0] is not None else -1),
            (bounds[1] if bounds[1] is not None else 1e12),
        )
        of_chat.append(lambda chat, value=value, low=low, high=high: low <= value(chat) <= high)  # type: ignore[misc]


def _add_keyword(
    parameters: Parameters,
    body: Mapping[str, Any],
    switches: EngagementHistorySwitches,
    of_record: list[Callable[[Record], bool]],
) -> None:
    area = body.get("keyword_search_area")
    areas: frozenset[str] | None = frozenset(AREAS)
    if area is not None:
        types = Parameters(area if isinstance(area, dict) else {}, message_only)
        types.require("types")
        areas = types.words("types", AREAS)
        parameters.causes += [f"keyword_search_area.{cause}" for cause in types.causes]
    keyword = body.get("keyword")
    if keyword is None:
        if "mcs" in parameters and "mcs" not in (areas or ()):
            parameters.wrong("keyword_search_area", "must have mcs")
        elif "mcs" in parameters and area is None and switches.engagement_search_area == "required":
            parameters.wrong("keyword_search_area", "is required with mcs")
        return
    if not isinstance(keyword, str) or not keyword:
        parameters.wrong("keyword", "must be a text")
    elif area is None and switches.engagement_search_area == "required":
        parameters.wrong("keyword_search_area", "is required with keyword")
    else:
        found_in, word = areas or frozenset(), keyword.strip('"').lower()
        of_record.append(lambda record: any(word in _searched(record, name) for name in found_in))


def _searched(record: Record, area: str) -> str:
    """Return what a keyword is looked for in, as one text in lower case."""
    surveys = [answer for answers in record["surveys"].values() for answer in answers]
    found: Any = []
    if area == "chatLine":
        found = [line.get("text", "") for line in record["transcript"]["lines"]]
    elif area == "surveyAnswer":
        found = [answer["values"] for answer in surveys]
    elif area == "surveyQuestion":
        found = [answer["displayName"] for answer in surveys]
    elif area == "visitorInfo":
        found = record.get("visitorInfo", {})
    elif area.startswith("ea."):
        name = area.removeprefix("ea.")
        events = record.get("sdes", {}).get("events", [])
        found = [event.get(_NAMES.get(name, name), "") for event in events]
    return to_json(found).decode().lower()


def _a_month_later(moment: datetime) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
