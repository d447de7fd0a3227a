"""Switches of how the sandbox is reached, and of what every data API has in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from airflow_provider_liveperson.sandbox.http.odd_text import OddText
from airflow_provider_liveperson.sandbox.switches import Switches, switch

_HOST_PATTERN = re.compile(r"[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*|\[[0-9a-fA-F:.]+\]")


def _check_hosts(names: frozenset[str]) -> None:
    for name in names:
        if name != "*" and not _HOST_PATTERN.fullmatch(name.removeprefix("*.")):
            raise ValueError(f"must be names of hosts, without scheme, port and path, not {name!r}")


class HttpSettings(Switches):
    """Hosts, the clock, and what every data API has in common."""

    latency_ms: int = switch(
        0,
        "wait before every data answer (all but Domain API and Sentinel), in milliseconds",
        minimum=0,
        option=True,
    )
    clock_offset_seconds: float = switch(
        0.0,
        "how far the sandbox's clock is ahead of the real one; it sets the Date header, the OAuth 1.0 timestamp"
        " check, the times inside tokens and the end of tokens and sessions",
    )
    data_clock_offset_seconds: float = switch(
        0.0,
        "how far the present of the data, from which LivePerson counts back hours or days, is ahead of the sandbox's"
        " clock, or of the end of the data where `until` is an earlier day; the clock itself stays",
    )
    retry_after: float | Literal["http-date"] | None = switch(
        None, "`Retry-After` of a 429: none for no header, seconds, or `http-date`", minimum=0
    )
    odd_text: OddText = switch(
        "none",
        "what texts of people end in: nothing odd, half of a surrogate pair as an escape (`half_pairs`), or a byte"
        " that is not UTF-8 (`not_utf8`)",
    )
    offset_ignored: bool = switch(False, "whether every page is the first one, whatever `offset` says")
    source_rule: Literal["strict", "lenient"] = switch(
        "strict", "whether a data request without a valid `source` is a 400 or passes"
    )

    allowed_hosts: frozenset[str] = switch(
        frozenset(),
        "host names that requests may name beside this machine's and LivePerson's own, without port;"
        " `*.example.com` for every name below it, `*` for any name",
        check=_check_hosts,
    )
    service_hosts: Mapping[str, str] = switch(
        {}, "service name to host, instead of the sandbox's own host and port"
    )
    domain_single_shape: Literal["flat", "list"] = switch(
        "flat", "the Domain API's answer for one service: an object, or a list of one"
    )
    domain_unknown_service: Literal[404, 400, "empty"] = switch(
        404, "the Domain API's answer for an unknown service: a status, or a 200 with an empty list"
    )
    domain_unknown_account: Literal[401, 400, "empty"] = switch(
        401, "the Domain API's answer for an unknown account, likewise"
    )
    domain_version_required: bool = switch(True, "whether a Domain API request without `version` is a 400")
