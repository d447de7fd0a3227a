"""What LivePerson's pages leave open about Messaging Operations."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class MessagingOperationsSwitches(Switches):
    """Switches of Messaging Operations."""

    operations_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"}),
        "credential kinds that Messaging Operations accepts",
    )
    operations_versions: Literal["bound", "any"] = switch(
        "bound",
        "whether the version goes with the credential: `v=1` with API keys only, `v=2` with OAuth 2.0 only; or either"
        " with any",
    )
    operations_envelope: Literal["bare", "meta_body"] = switch(
        "bare", "whether answers come bare, or in `meta` and `body`"
    )
    operations_totals: Literal["metricsTotal", "metricsTotals"] = switch(
        "metricsTotal", "name of the totals of queue health: as in its samples, or as in its tables"
    )
    operations_wrapper: Literal["none", "all", "some"] = switch(
        "some",
        "which intervals of queue health have their numbers in `metricsData`; LivePerson's sample shows both",
    )
    operations_named_by: Literal["start", "end"] = switch(
        "start", "which end of an interval of queue health its `timestamp` is"
    )
    operations_rounded: bool = switch(
        False,
        "whether that is on the clock grid of 5 minutes; if not, it depends on the moment of the request",
    )
    operations_timestamp: Literal["milliseconds", "text"] = switch(
        "milliseconds", "how it is written: epoch milliseconds, or text without a zone, which is UTC"
    )
    operations_order: Literal["newest", "oldest"] = switch(
        "newest", "which intervals of queue health come first"
    )
    operations_one_more: bool = switch(
        False, "whether one interval more than asked for comes back, the one that is under way"
    )
    operations_logged_in: bool = switch(
        True, "whether an agent is logged in now and then; if not, queue health has no numbers at all"
    )
