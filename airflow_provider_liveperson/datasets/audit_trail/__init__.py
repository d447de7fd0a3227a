"""The audit trail: every change of the account's configuration, by GraphQL and as a CSV export."""

from airflow_provider_liveperson.datasets.audit_trail.export import AUDIT_TRAIL_EXPORT
from airflow_provider_liveperson.datasets.audit_trail.graphql import AUDIT_TRAIL

DATASETS = (AUDIT_TRAIL, AUDIT_TRAIL_EXPORT)
