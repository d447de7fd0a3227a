"""Key Messaging Metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.contract.facts.facts import Facts, Switches

EVENING = datetime(2026, 1, 28, 23, 30, tzinfo=UTC)
SMALL: Switches = {"kmm_limit_max": 4, "kmm_limit_over": "clamp"}
SHARED: dict[str, Switches] = {
    "clamped": {"kmm_limit_max": 7, "kmm_limit_over": "clamp"},
    "the whole last minute": {"kmm_to": "whole_minute"},
    "strict about parameters": {"kmm_source": "strict", "kmm_sort_default": False},
}
# A row is about a whole window, so that an hour's rows are not those of a day. Longer windows are in
# test_key_messaging_metrics.py.
HOUR = timedelta(hours=1)


def counted(dataset: str, url: str, **readings: Switches) -> Facts:
    """The facts of a dataset of whole windows."""
    return Facts(
        url=url,
        change=lambda sandbox: sandbox.change(dataset, EVENING),
        many_requests=SMALL,
        readings={**SHARED, "older metrics only": {"kmm_known": "older"}, **readings},
        never_rests=lambda sandbox: sandbox.faults.add(kind="count_drift", rows=1, match=url, times=1000),
        reach=HOUR,
    )


FACTS = {
    "key_messaging_metrics": counted(
        "key_messaging_metrics",
        "/manager_workspace/api/account/70000001/metrics",
        wrapped={"kmm_all": "wrapped"},
    ),
    "agent_view": counted(
        "agent_view",
        "/agent_view?",
        renamed={"kmm_close_rate": "closedRate", "kmm_reason": "agentCurrentStatusReason"},
        texts={"kmm_group_ids": "strings"},
    ),
    "key_messaging_metrics_history": Facts(
        url="/historical",
        change=lambda sandbox: sandbox.change("key_messaging_metrics_history", EVENING),
        readings={
            "the end as it was given": {"kmm_last_step": "exact"},
            "a step before the first": {"kmm_first_step": True},
            "the whole last minute": {"kmm_to": "whole_minute"},
            "source wanted": {"kmm_source": "strict"},
        },
        reach=timedelta(hours=21),
    ),
}
SIZES: dict[str, int] = {}
