"""What LivePerson's pages leave open about Operational Realtime."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class OperationalRealtimeSwitches(Switches):
    """Switches of Operational Realtime."""

    chat_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that Operational Realtime accepts"
    )
    chat_version: Literal["required", "optional"] = switch(
        "required", "whether `v` must be there; a Singer tap that works sends none"
    )
    chat_envelope: Literal["bare", "meta_body"] = switch(
        "bare",
        "whether answers come bare, as in LivePerson's samples, or in `meta` and `body`, as clients read them",
    )
    chat_wrapper: Literal["metricsData", "none"] = switch(
        "metricsData", "whether the numbers of an interval are in `metricsData`, or beside its `timestamp`"
    )
    chat_one_more: bool = switch(
        True, "whether one interval more than asked for comes back, the one that is under way"
    )
    chat_rounded: bool = switch(
        True,
        "whether the `timestamp` of an interval, its end, is on the clock grid of 5 minutes; if not, it depends on the"
        " moment of the request",
    )
    chat_order: Literal["sample", "newest", "oldest"] = switch(
        "sample",
        "which intervals come first; in the samples, queue health begins with the oldest, the others with the newest",
    )
    chat_by_skill: Literal["skillsMetricsPerAgent", "skillsMetrics"] = switch(
        "skillsMetricsPerAgent",
        "name of what engagement activity has by skill: as in its samples, or as in its tables",
    )
    chat_agents_beside: bool = switch(
        True,
        "whether engagement activity by skill and agent has the agents' own totals, `agentsMetrics`, beside it, as in"
        " LivePerson's sample",
    )
    chat_current_size: Literal["currentQueueState", "currentQueueSize"] = switch(
        "currentQueueState",
        "name of a skill's present queue in queue health without intervals: as in its table, or as in its totals",
    )
