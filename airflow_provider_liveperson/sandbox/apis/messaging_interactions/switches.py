"""What LivePerson's pages leave open about Messaging Interactions."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class MessagingInteractionsSwitches(Switches):
    """Switches of Messaging Interactions."""

    conversations: int = switch(
        300, "messaging conversations in total, spread evenly over the days", minimum=0, fixed=True
    )
    messages_per_conversation: int = switch(
        20, "messages of a conversation on average", minimum=1, fixed=True
    )
    messaging_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1", "app_jwt_v2", "web_app", "bearer"}),
        "credential kinds that Messaging Interactions accepts",
    )
    messaging_source: Literal["strict", "lenient"] = switch(
        "strict", "as `source_rule`, for Messaging Interactions, which once took any `source`"
    )
    messaging_limit_over: Literal["clamp", "reject"] = switch(
        "clamp", "what a `limit` over 100 gets: silently 100, or a 400"
    )
    messaging_deep_limit: int | None = switch(
        10_000, "the largest sum of `offset` and `limit`; none for no limit", minimum=1
    )
    messaging_deep_error: Literal["500", "400"] = switch(
        "500", "what lies beyond: a 500 with the search engine's code 0007, or a 400"
    )
    messaging_count: Literal["all", "capped", "page", "half"] = switch(
        "all",
        "which conversations are counted: all that were found, no more than the limit above (`capped`), those"
        " of the page, or half of them",
    )
    messaging_empty: Literal["200", "204"] = switch("200", "status where nothing is found")
    messaging_default_sort: Literal["start:asc", "start:desc", "end:asc", "end:desc"] = switch(
        "start:desc", "order where `sort` is absent"
    )
    messaging_default_status: frozenset[Literal["OPEN", "CLOSE"]] = switch(
        frozenset({"OPEN", "CLOSE"}), "the conversations that are meant where `status` is absent"
    )
    messaging_unknown_filter: Literal["ignore", "reject"] = switch(
        "ignore", "what becomes of unknown filters and sections; `reject`: a 400"
    )
    messaging_end_filter: Literal["end_time", "conversation_end_time"] = switch(
        "end_time", "what `end` filters by: `endTime`, which a survey moves, or `conversationEndTime`"
    )
    messaging_full_dialog_filter: Literal["accepted", "ignored"] = switch(
        "accepted",
        "whether there is a filter `fullDialogEndTime`; if not, `messaging_unknown_filter` says what that means",
    )
    messaging_names: Literal["samples", "tables"] = switch(
        "samples",
        "names of fields where LivePerson's samples and tables differ, such as `csatRate` or `csat`",
    )
    messaging_partial_share: float = switch(
        0.01, "share of conversations, 0 to 1, of which searches return only a part", minimum=0
    )
    messaging_by_id: Literal["whole", "partial", "absent"] = switch(
        "whole", "what becomes of those where they are asked for by id"
    )
