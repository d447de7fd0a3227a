"""What can be asked for, and what comes: requests name metrics in one way, answers in another."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_liveperson.records.columns import (
    INTEGER,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Column,
    Personal,
    Struct,
)

INTERVAL: Mapping[str, Column] = {"_interval_start": TIMESTAMP, "_interval_end": TIMESTAMP}

METRICS_BY_TIME = (
    "avg_wait_time",
    "avg_wait_time_first_response",
    "total_wait_time_first_response",
    "avg_time_to_response",
    "avg_time_to_first_response_first_assignment",
    "total_time_to_first_response_all_assignments",
    "closed_conversations",
    "closed_by_agent",
    "closed_by_consumer",
    "auto_closed",
    "concluded_conversations",
    "csat",
    "avg_conversations_duration",
    "agent_responses_outside_sl",
    "total_num_of_agent_responses",
    "agent_responses_outside_sl_rate",
)
METRICS_NOW = (
    "assigned_conversations",
    "unassigned_conversations",
    "active_conversations",
    "agent_load",
    "human_agent_load",
    "human_online_load",
    "human_away_load",
    "online_agents",
    "back_soon_agents",
    "away_agents",
    "available_slots",
    "open_conversations",
    "overdue_conversations_in_queue",
    "overdue_conversations_assigned",
    "overdue_conversations_total",
    "queue_wait_time_50th_percentile",
    "queue_wait_time_90th_percentile",
)
AGENT_BY_TIME = (
    "closed_conversations",
    "avg_wait_time",
    "avg_wait_time_first_response",
    "total_wait_time_first_response",
    "avg_time_to_response",
    "avg_time_to_first_response_first_assignment",
    "avg_time_to_first_response_all_assignments",
    "total_time_to_first_response_all_assignments",
    "transfer_rate",
    "closed_rate",
    "fcr_without_skip",
    "concluded_conversations",
    "transfers",
    "back_to_queue",
    "agent_status_duration",
    "agent_status_with_reason_duration",
    "agent_login_duration",
    "agent_online_duration",
    "closed_by_agent",
    "closed_by_consumer",
    "auto_closed",
    "intent_matched_rate",
    "fcr",
    "nps",
    "csat",
    "avg_conversations_duration",
)
AGENT_NOW = (
    "active_conversations",
    "assigned_conversations",
    "agent_load",
    "agent_current_status",
    "agent_current_status_start_time",
    "agent_current_status_reason",
    "agent_current_status_reason_start_time",
    "pending_agent_response",
    "pending_agent_response_rate",
    "available_slots",
    "max_slots",
)
HISTORY_BY_TIME = ("transfers", "concluded_conversations", "closed_conversations")

RENAMED = {"closed_rate": "close_rate"}
"""The names that LivePerson's older pages have for some of them."""
NEWER = frozenset(
    {
        "total_wait_time_first_response",
        "total_time_to_first_response_all_assignments",
        "agent_responses_outside_sl",
        "total_num_of_agent_responses",
        "agent_responses_outside_sl_rate",
        "fcr_without_skip",
    }
)
"""Those that only LivePerson's newest pages have."""

# Times are in milliseconds.
METRICS: Mapping[str, Column] = {
    "assignedConversations": INTEGER,
    "unassignedConversations": INTEGER,
    "activeConversations": INTEGER,
    "openConversations": INTEGER,
    "overdueConversationsInQueue": INTEGER,
    "overdueConversationsAssigned": INTEGER,
    "overdueConversationsTotal": INTEGER,
    "queueWaitTime50thPercentile": INTEGER,
    "queueWaitTime90thPercentile": INTEGER,
    "agentLoad": NUMBER,
    "humanAgentLoad": NUMBER,
    "humanOnlineLoad": NUMBER,
    "humanAwayLoad": NUMBER,
    "onlineAgents": INTEGER,
    "backSoonAgents": INTEGER,
    "awayAgents": INTEGER,
    "availableSlots": INTEGER,
    "closedConversations": INTEGER,
    "closedByAgent": INTEGER,
    "closedByConsumer": INTEGER,
    "autoClosed": INTEGER,
    "concludedConversations": INTEGER,
    "csat": NUMBER,
    "avgConversationsDuration": INTEGER,
    "avgWaitTime": NUMBER,
    "avgWaitTimeFirstResponse": NUMBER,
    "totalWaitTimeFirstResponse": NUMBER,
    "avgTimeToResponse": NUMBER,
    "avgTimeToFirstResponseFirstAssignment": NUMBER,
    "totalTimeToFirstResponseAllAssignments": NUMBER,
    "agentResponsesOutsideSl": INTEGER,
    "totalNumOfAgentResponses": INTEGER,
    "agentResponsesOutsideSlRate": NUMBER,
}

_DURATIONS = Array(Struct({"agentStatus": TEXT, "agentStatusDuration": INTEGER, "agentStatusReasonId": TEXT}))

AGENT: Mapping[str, Column] = {
    "agentId": TEXT,
    "agentGroupId": TEXT,
    "agentCurrentStatus": TEXT,
    "agentCurrentStatusStartTime": TIMESTAMP,
    # LivePerson's table has the first name, its sample the second.
    "agentCurrentStatusReason": TEXT,
    "agentCurrentStatusReasonId": TEXT,
    "agentCurrentStatusReasonStartTime": TIMESTAMP,
    "activeConversations": INTEGER,
    "assignedConversations": INTEGER,
    "pendingAgentResponse": INTEGER,
    "pendingAgentResponseRate": NUMBER,
    "agentLoad": NUMBER,
    "maxSlots": INTEGER,
    "availableSlots": INTEGER,
    "closedConversations": INTEGER,
    "closedByAgent": INTEGER,
    "closedByConsumer": INTEGER,
    "autoClosed": INTEGER,
    "concludedConversations": INTEGER,
    "transfers": INTEGER,
    "backToQueue": INTEGER,
    "transferRate": NUMBER,
    # The metric was renamed in requests; in answers, only the first name was seen.
    "closeRate": NUMBER,
    "closedRate": NUMBER,
    "intentMatchedRate": NUMBER,
    "csat": NUMBER,
    "fcr": NUMBER,
    "fcrWithoutSkip": NUMBER,
    "nps": NUMBER,
    "avgWaitTime": NUMBER,
    "avgWaitTimeFirstResponse": NUMBER,
    "totalWaitTimeFirstResponse": NUMBER,
    "avgTimeToResponse": NUMBER,
    "avgTimeToFirstResponseFirstAssignment": NUMBER,
    "avgTimeToFirstResponseAllAssignments": NUMBER,
    "totalTimeToFirstResponseAllAssignments": NUMBER,
    "avgConversationsDuration": INTEGER,
    "loginDuration": INTEGER,
    "onlineDuration": INTEGER,
    "agentStatusDurationList": _DURATIONS,
    "agentStatusWithReasonDurationList": _DURATIONS,
    "agentChannelType": TEXT,
    "agentMetadata": Struct(
        {
            "agentName": Personal(TEXT),
            "agentNickname": Personal(TEXT),
            "agentLoginName": Personal(TEXT),
            "agentGroupName": TEXT,
            "agentPictureUrl": Personal(TEXT),
            "configuredMaxSlots": INTEGER,
            "agentSkills": Array(Struct({"skillId": TEXT, "skillName": TEXT})),
        }
    ),
}
