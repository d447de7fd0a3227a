"""What LivePerson's pages leave open about Agent Activity."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class AgentActivitySwitches(Switches):
    """Switches of Agent Activity."""

    status_changes: int = switch(
        600, "agent status changes in total, spread evenly over the days", minimum=0, fixed=True
    )
    activity_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"}),
        "credential kinds that Agent Activity accepts",
    )
    activity_to: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether a status change at the very moment `to` is in the answer"
    )
    activity_longest_days: int = switch(31, "the longest range in days between `from` and `to`", minimum=1)
    activity_limit_max: int = switch(5000, "the largest `limit` of status changes", minimum=1)
    activity_over_limit: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    activity_order: Literal["newest", "oldest"] = switch("newest", "which status changes come first")
    activity_links: Literal["documented", "next_on_full_page", "always_next", "absent"] = switch(
        "documented",
        "page links: as documented, with a `next` also on a last page that is full (`next_on_full_page`) or on every"
        " page, even after the last one (`always_next`), or none",
    )
    activity_ids: Literal["numbers", "strings"] = switch(
        "numbers", "how ids of agents, groups and sessions are written"
    )
    activity_no_reason: Literal["sample", "table"] = switch(
        "sample",
        "a status change without a reason has 0 and an empty text, as LivePerson's sample, or -1 and null, as its"
        " table",
    )
