"""LivePerson's APIs that the sandbox plays, a line each."""

from __future__ import annotations

from typing import Any

from airflow_provider_liveperson.sandbox.apis.account_config.api import AccountConfigApi
from airflow_provider_liveperson.sandbox.apis.actual_handle_time import ActualHandleTimeApi
from airflow_provider_liveperson.sandbox.apis.agent_activity.api import AgentActivityApi
from airflow_provider_liveperson.sandbox.apis.agent_metrics import AgentMetricsApi
from airflow_provider_liveperson.sandbox.apis.api import Api
from airflow_provider_liveperson.sandbox.apis.audit_trail.api import AuditTrailApi
from airflow_provider_liveperson.sandbox.apis.data_access.api import DataAccessApi
from airflow_provider_liveperson.sandbox.apis.data_usage_audit import DataUsageAuditApi
from airflow_provider_liveperson.sandbox.apis.engagement_history.api import EngagementHistoryApi
from airflow_provider_liveperson.sandbox.apis.key_messaging_metrics.api import KeyMessagingMetricsApi
from airflow_provider_liveperson.sandbox.apis.messaging_interactions.api import MessagingInteractionsApi
from airflow_provider_liveperson.sandbox.apis.messaging_operations.api import MessagingOperationsApi
from airflow_provider_liveperson.sandbox.apis.net_handle_time import NetHandleTimeApi
from airflow_provider_liveperson.sandbox.apis.operational_realtime.api import OperationalRealtimeApi
from airflow_provider_liveperson.sandbox.apis.outbound_configuration import OutboundConfigurationApi
from airflow_provider_liveperson.sandbox.apis.outbound_reporting import OutboundReportingApi
from airflow_provider_liveperson.sandbox.apis.personal_data_deletion import PersonalDataDeletionApi
from airflow_provider_liveperson.sandbox.apis.shift_status import ShiftStatusApi

APIS: tuple[type[Api[Any]], ...] = (
    AuditTrailApi,
    AgentActivityApi,
    ActualHandleTimeApi,
    NetHandleTimeApi,
    AgentMetricsApi,
    DataAccessApi,
    AccountConfigApi,
    EngagementHistoryApi,
    KeyMessagingMetricsApi,
    MessagingInteractionsApi,
    MessagingOperationsApi,
    OperationalRealtimeApi,
    OutboundReportingApi,
    OutboundConfigurationApi,
    ShiftStatusApi,
    DataUsageAuditApi,
    PersonalDataDeletionApi,
)
