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
        frozenset({"oauth1", "app_jwt_v2", "web_app"}),
        "credential kinds that Agent Activity accepts",
    )
    activity_to: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether a status change at the very moment `to` is in the answer"
    )
    activity_longest_days: int = switch(31, "the longest range in days between `from` and `to`", minimum=1)
    activity_kept_days: int = switch(
        184,
        "how many days back status changes can be asked for: 6 months; 13 months on older pages",
        minimum=1,
    )
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
    interval_metrics: int = switch(
        600,
        "interval metrics by quarter of an hour, skill and agent in total, spread evenly over the days",
        minimum=0,
        fixed=True,
    )
    interval_metrics_size_max: int = switch(500, "the largest `pageSize` of interval metrics", minimum=1)
    interval_metrics_over_size: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `pageSize` gets: a 400, or silently the largest"
    )
    interval_metrics_empty_pages: bool = switch(
        True, "whether a page without an interval, but with a key, comes before every page with some"
    )
    interval_metrics_next: Literal["both", "key", "link", "link_object"] = switch(
        "both",
        "how an answer names the next page: by its key (`nextPageKey`), by a link (`refs.next`), which may be an object"
        " with `rel` and `href` (`link_object`), or by key and link",
    )
    interval_metrics_known: Literal["all", "documented"] = switch(
        "all", "which metrics it knows: also those that only clients show, or the five of LivePerson's page"
    )
    interval_metrics_settle_minutes: int = switch(
        30, "for how long after its end an interval is `In Progress`, in minutes", minimum=0
    )
    interval_metrics_status: Literal["202", "200"] = switch(
        "202", "the HTTP status of an answer in which an interval is in progress"
    )
    interval_metrics_timeframe: Literal["from_to", "start_time", "milliseconds"] = switch(
        "from_to",
        "the fields of an interval's `timeframe`: `from`, `to`, `fromL` and `toL`; `startTime`, `endTime`, `startTimeL`"
        " and `endTimeL`; or `fromL` and `toL` only",
    )
    interval_metrics_reach_days: int = switch(
        7, "how many days back interval metrics can be asked for", minimum=1
    )
