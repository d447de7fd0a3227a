"""Data Access."""

from __future__ import annotations

from datetime import timedelta

from tests.contract.facts.facts import NOON, Facts, Switches

READINGS: dict[str, Switches] = {
    "no files, 400": {"data_access_no_files": "400"},
    "a single file in a list": {"data_access_single": "list"},
    "names without .gz": {"data_access_names": "bare"},
    "names with .gz, files without": {"data_access_files": "plain"},
    "objects without line breaks": {"data_access_layout": "concatenated"},
    "a list of objects": {"data_access_layout": "list"},
    "tags as in the sample": {"data_access_tags": "sample", "data_access_layout": "concatenated"},
    "scopes in another zone": {"data_access_zone": "-04:00"},
    "files that only touch the range": {"data_access_edges": "inside"},
    "files made in the range": {"data_access_range": "made"},
}
WEB_SESSION_READINGS: dict[str, Switches] = {
    "bodies with an object": {"data_access_bodies": "object"},
    "bodies with a list": {"data_access_bodies": "list"},
    "files without compression": {"data_access_files": "plain"},
    "tags as in the sample": {"data_access_tags": "sample", "data_access_bodies": "object"},
}
ENGAGEMENT_READINGS: dict[str, Switches] = {
    "tags as in the sample": {"data_access_tags": "sample", "data_access_layout": "concatenated"},
}
AGENT_READINGS: dict[str, Switches] = {"links with .gz, names without": {"data_access_names": "bare_name"}}


def _facts(name: str, readings: dict[str, Switches]) -> Facts:
    return Facts(
        url="/data_access_le/",
        change=lambda sandbox: sandbox.insert(name, 3, NOON),
        reach=timedelta(days=30) - timedelta(hours=2),  # as it is landed two hours after its end
        small_pages={},  # many small files, whatever the switches
        readings=readings,
    )


FACTS = {
    name: _facts(name, readings)
    for name, readings in {
        "data_access_agent_activity": AGENT_READINGS,
        "data_access_web_session": WEB_SESSION_READINGS,
        "data_access_engagement": ENGAGEMENT_READINGS,
        "data_access_survey": READINGS,
    }.items()
}
SIZES = {
    "data_access_agent_sessions": 36,
    "data_access_web_sessions": 36,
    "data_access_engagements": 36,
    "data_access_surveys": 240,
}
