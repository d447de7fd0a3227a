"""Account configuration."""

from __future__ import annotations

from tests.contract.facts.facts import Facts, Switches

NO_ALIAS: dict[str, Switches] = {
    "`$all` is no field": {"config_select": "names"},
    "`$all` is a 400": {"config_select": "strict_names"},
}
NO_SELECTION: Switches = {"config_select": "nothing"}


def _collection(name: str, path: str, **readings: Switches) -> Facts:
    return Facts(
        url=f"/configuration/{path}",
        change=lambda sandbox: sandbox.change(name),
        # LivePerson's Functions, which know OAuth 2.0 alone, may read most collections.
        further_kinds=("app_jwt_v1",) if name == "users" else ("app_jwt_v2", "app_jwt_v1"),
        nothing=[],
        readings=readings,
    )


FACTS = {
    "agent_groups": _collection("agent_groups", "le-users/agentGroups"),
    "agent_status_reasons": _collection(
        "agent_status_reasons",
        "le-agents/status-reasons",
        **{
            "nothing but `include_deleted`": {"config_undocumented": "reject"},
            "a version all the same": {"config_version_required": True},
        },
    ),
    "agent_surveys": _collection(
        "agent_surveys",
        "ac-common/agent_surveys",
        **NO_ALIAS,
        **{
            "no version": {"config_undocumented": "reject"},
            "a version, and no selection": {"config_version_required": True, **NO_SELECTION},
        },
    ),
    "automatic_messages": _collection("automatic_messages", "engagement-window/auto-messages"),
    "campaigns": _collection("campaigns", "le-campaigns/campaigns", **NO_ALIAS),
    "default_predefined_content": _collection(
        "default_predefined_content",
        "defaults/engagement-window/canned-responses",
        **{"another spelling": {"config_hotkey": "hot-key"}},
    ),
    "lobs": _collection(
        "lobs",
        "le-users/lobs",
        **{
            "all fields unasked": {"config_default_fields": "all", **NO_SELECTION},
            "ids as text": {"config_ids": "strings"},
        },
    ),
    "predefined_categories": _collection("predefined_categories", "le-categories/categories"),
    "predefined_content": _collection(
        "predefined_content",
        "engagement-window/canned-responses",
        **NO_ALIAS,
        **{
            "no selection": NO_SELECTION,
            "another spelling": {"config_hotkey": "hot-key"},
            "only one nested selection": {"config_select": "names", "config_nested_select": "last_of_all"},
        },
    ),
    "profiles": _collection(
        "profiles",
        "le-users/profiles",
        **NO_ALIAS,
        **{
            "a number in X-LP-Last-Modified": {"config_last_modified": "number"},
            "If-Match like all others": {"config_last_modified": "absent"},
        },
    ),
    "skills": _collection("skills", "le-users/skills", **NO_ALIAS),
    "special_occasions": _collection("special_occasions", "ac-common/specialoccasion"),
    "unified_automatic_messages": _collection(
        "unified_automatic_messages",
        "engagement-window/unified-auto-messages",
        **NO_ALIAS,
        **{"a member twice": {"config_unified_attributes": "twice"}, "repeated": {"config_repeated": 3}},
    ),
    "users": _collection("users", "le-users/users"),
    "working_hours": _collection("working_hours", "ac-common/workinghours"),
}
SIZES = {"agents": 40}
