"""What LivePerson's pages leave open about Key Messaging Metrics."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class KeyMessagingMetricsSwitches(Switches):
    """Switches of Key Messaging Metrics."""

    kmm_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"}),
        "credential kinds that Key Messaging Metrics accepts",
    )
    kmm_source: Literal["strict", "lenient"] = switch(
        "lenient", "as `source_rule`, for Key Messaging Metrics, whose pages do not name `source`"
    )
    kmm_limit_max: int = switch(50, "the largest `limit` of skills, groups and agents", minimum=1)
    kmm_limit_over: Literal["reject", "clamp"] = switch(
        "reject", "what a larger `limit` gets: a 400, or silently the largest"
    )
    kmm_deep_limit: int = switch(1000, "the most that `offset` and `limit` may be together", minimum=1)
    kmm_sort_default: bool = switch(
        True,
        "whether `sort` may name the default, `key:asc` or `agentId:asc`, which is not among the values that LivePerson"
        " lists; if not, it gets a 400",
    )
    kmm_kept_days: int = switch(14, "for how many days metrics are kept; 1 on older pages", minimum=1)
    kmm_known: Literal["newest", "older"] = switch(
        "newest",
        "which metrics can be asked for: those of the newest pages, or of older ones; others get a 400",
    )
    kmm_close_rate: Literal["closeRate", "closedRate"] = switch(
        "closeRate", "the name in answers of the metric that requests call `closed_rate` now"
    )
    kmm_reason: Literal["agentCurrentStatusReason", "agentCurrentStatusReasonId"] = switch(
        "agentCurrentStatusReasonId", "the name of the status's reason: as in the table, or as in the sample"
    )
    kmm_group_ids: Literal["numbers", "strings"] = switch("numbers", "how an agent's group is written")
    kmm_all: Literal["bare", "wrapped"] = switch(
        "bare", "whether the account's metrics stand in `all` itself, or in `metrics` inside it"
    )
    kmm_to: Literal["rounded", "whole_minute"] = switch(
        "rounded",
        "what `to` at a full minute means: up to that instant, or to the end of the minute that begins then",
    )
    kmm_subgroups: bool = switch(
        False, "whether `agentGroupIds` finds the agents of the groups below as well, of agents"
    )
    kmm_last_step: Literal["rounded", "exact"] = switch(
        "rounded", "what the last step of `historical` is named by: the full minute, or `to` as it was given"
    )
    kmm_first_step: bool = switch(
        False,
        "whether `historical` begins with the step that ends where the frame begins; LivePerson's sample has 13 steps,"
        " each a twelfth of the frame",
    )
