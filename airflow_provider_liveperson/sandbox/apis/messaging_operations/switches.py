"""What LivePerson's pages leave open about Messaging Operations."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class MessagingOperationsSwitches(Switches):
    """Switches of Messaging Operations. ``documented`` stands for what the page of each method shows."""

    operations_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app"}),
        "credential kinds that Messaging Operations accepts",
    )
    operations_versions: Literal["bound", "any"] = switch(
        "bound",
        "whether the version goes with the credential where there are two: `v=1` with API keys only, `v=2` with OAuth"
        " 2.0 only; or either with any",
    )
    operations_timeframe: Literal["v1", "any"] = switch(
        "v1",
        "which versions take a `timeframe`: `v=1` only, or `v=2` as well; a Singer tap that works sends it with `v=2`",
    )
    operations_v1_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}),
        "credential kinds that methods without a `v=2` accept; the pages name API keys only",
    )
    operations_envelope: Literal["bare", "meta_body"] = switch(
        "bare", "whether answers come bare, or in `meta` and `body`"
    )
    operations_totals: Literal["documented", "metricsTotal", "metricsTotals"] = switch(
        "documented",
        "name of the totals; the samples of resolved conversations and of CSAT have `metricsTotals`, the others"
        " `metricsTotal`, and all tables `metricsTotals`",
    )
    operations_wrapper: Literal["documented", "none", "all", "some"] = switch(
        "documented",
        "which intervals have their numbers in `metricsData`; LivePerson's samples show some for queue health, none for"
        " skill segments, and all for the others",
    )
    operations_named_by: Literal["documented", "start", "end"] = switch(
        "documented",
        "which end of an interval its `timestamp` is; documented is the end for resolved conversations, else the start",
    )
    operations_rounded: bool = switch(
        False,
        "whether that is on the clock grid of 5 minutes, as it is for resolved conversations in any case; if not, it"
        " depends on the moment of the request",
    )
    operations_timestamp: Literal["milliseconds", "text"] = switch(
        "milliseconds", "how it is written: epoch milliseconds, or text without a zone, which is UTC"
    )
    operations_order: Literal["documented", "newest", "oldest"] = switch(
        "documented",
        "which intervals come first; LivePerson's sample of agent segments has the oldest, the others the newest",
    )
    operations_one_more: bool = switch(
        False, "whether one interval more than asked for comes back, the one that is under way"
    )
    operations_logged_in: bool = switch(
        True, "whether an agent is logged in now and then; if not, queue health has no numbers at all"
    )
    operations_skills_section: Literal["skillsMetricsPerAgent", "skillsMetrics"] = switch(
        "skillsMetricsPerAgent",
        "name of the skills of resolved conversations and of CSAT: as in the samples, or as in the tables",
    )
    operations_agents_section: bool = switch(
        True, "whether agents across all skills stand beside the skills when both are asked for"
    )
    operations_csat_score: Literal["fraction", "percent"] = switch(
        "fraction", "unit of `csat_score`; LivePerson's page says percentage, a client found a fraction"
    )
    operations_ewt_names: Literal["table", "sample", "older"] = switch(
        "table",
        "names in estimated wait times: `estimatedWaitTime` in `estimatedWaitTimeResponse`, as in the table; `ewt` in"
        " it, as in the sample; or `ewt` in `ewtResponses`, as on older pages",
    )
    operations_ewt_skills_max: int = switch(
        300, "how many skills an answer with estimated wait times holds; the others are left out", minimum=1
    )
