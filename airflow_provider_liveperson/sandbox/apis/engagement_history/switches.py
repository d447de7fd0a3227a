"""What LivePerson's pages leave open about Engagement History."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class EngagementHistorySwitches(Switches):
    """Switches of Engagement History."""

    engagement_chats: int = switch(300, "chats in total, spread evenly over the days", minimum=0, fixed=True)
    engagement_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"}),
        "credential kinds that Engagement History accepts",
    )
    engagement_source: Literal["strict", "lenient"] = switch(
        "lenient", "as `source_rule`, for Engagement History, whose page calls `source` optional"
    )
    engagement_limit_max: int = switch(100, "the largest `limit` of chats", minimum=1)
    engagement_limit_over: Literal["clamp", "reject"] = switch(
        "clamp", "what a larger `limit` gets: silently the largest, or a 400"
    )
    engagement_end: Literal["inclusive", "exclusive"] = switch(
        "inclusive", "whether a chat that started at the very end of the range, rounded outward, is in it"
    )
    engagement_id_range: Literal["applies", "ignored"] = switch(
        "applies",
        "whether the range of start times counts beside `engagementId` or `visitor`; LivePerson's page says both",
    )
    engagement_search_area: Literal["required", "optional"] = switch(
        "required",
        "whether `keyword` needs a `keyword_search_area`, as the table says, or searches everywhere",
    )
    engagement_unknown_filter: Literal["reject", "ignore"] = switch(
        "reject", "what becomes of unknown filters; `reject`: a 400"
    )
    engagement_empty: Literal["200", "204"] = switch("200", "status where no chat is found")
    engagement_partial_share: float = switch(
        0.01, "share of chats, 0 to 1, of which searches return only a part of the transcript", minimum=0
    )
    engagement_by_id: Literal["whole", "partial", "absent"] = switch(
        "whole", "what becomes of those where they are asked for by id"
    )
    engagement_enriched_minutes: int = switch(
        120,
        "how long after its end a chat has all of its data; until then `chatDataEnriched` is false, and it has neither"
        " campaign nor visitor nor attributes",
        minimum=0,
    )
    engagement_lob: Literal["number", "text"] = switch(
        "number", "how `campaign.lobId` is written where there is none: -1, or as text"
    )
    engagement_attributes: Literal["sample", "nested", "table"] = switch(
        "sample",
        "how engagement attributes come: as in LivePerson's sample, where some repeat their name inside; or all do"
        " (`nested`); or none, and they have the names of LivePerson's table, such as `viewedProduct` (`table`)",
    )
    engagement_times: Literal["blank", "T"] = switch(
        "blank", "what is between the date and the time of texts: a blank as in the samples, or a T"
    )
