"""One day, its twenty-four hours, and pulls that must fail, all in one run."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from airflow.sdk import DAG, Asset, task

from airflow_provider_liveperson.sensors.data_ready import LivePersonDataReadySensor
from airflow_provider_liveperson.transfers.liveperson_to_s3 import (
    AuditTrailToS3Operator,
    LivePersonToS3Operator,
)
from airflow_provider_liveperson.window import windows

try:
    from airflow.sdk import CronDataIntervalTimetable
except ImportError:
    from airflow.timetables.interval import CronDataIntervalTimetable

try:
    from airflow.providers.openlineage.utils.selective_enable import enable_lineage
except ImportError:  # not installed

    def enable_lineage(task):
        return task


BUCKET = os.environ.get("TEST_BUCKET", "unset")
DAY = datetime.fromisoformat(os.environ.get("TEST_DAY", "2025-01-01")).replace(tzinfo=UTC)
HOURS = [DAY + timedelta(hours=hour) for hour in range(25)]
ASSET = Asset(f"s3://{BUCKET}/day/audit_trail")
REFRESHED = Asset(f"s3://{BUCKET}/refreshed/audit_trail")


class EndingSoon(LivePersonDataReadySensor):
    """Its window ends a moment after its first look."""

    def poke(self, context):
        end = context["ti"].xcom_pull(task_ids=self.task_id, key="end")
        if end is None:
            end = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
            context["ti"].xcom_push(key="end", value=end)
        self.end = end
        return super().poke(context)


with DAG(
    "windows",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"liveperson_conn_id": "liveperson_app_jwt"},
):
    day = LivePersonToS3Operator(
        task_id="day",
        dataset="audit_trail",
        bucket=BUCKET,
        prefix="day",
        outlets=[ASSET],
    )

    @task(inlets=[ASSET])
    def downstream(summary: dict, *, inlet_events=None) -> dict:
        event = inlet_events[ASSET][-1]
        return {"summary": summary, "extra": dict(event.extra)}

    downstream(day.output)
    enable_lineage(day)

    AuditTrailToS3Operator.partial(task_id="hours", bucket=BUCKET, prefix="hours").expand_kwargs(
        [{"start": start.isoformat(), "end": end.isoformat()} for start, end in pairwise(HOURS)]
    )
    refreshed = AuditTrailToS3Operator.partial(
        task_id="refreshed", bucket=BUCKET, prefix="refreshed", outlets=[REFRESHED], asset_partitions=True
    ).expand_kwargs(windows(refresh=2))
    again = AuditTrailToS3Operator(
        task_id="again", bucket=BUCKET, prefix="refreshed", windows_back=1, outlets=[REFRESHED]
    )

    @task(inlets=[REFRESHED])
    def changes(*, inlet_events=None) -> list[bool]:
        return [dict(event.extra)["changed"] for event in inlet_events[REFRESHED]]

    refreshed >> again >> changes()
    AuditTrailToS3Operator(
        task_id="templated",
        bucket="{{ params.bucket }}",
        prefix="templated/{{ data_interval_start.year }}",
        start="{{ data_interval_start | ts }}",
        end="{{ data_interval_start.add(hours=6) | ts }}",
        params={"bucket": BUCKET},
    )
    AuditTrailToS3Operator(task_id="missing_bucket", bucket="there-is-no-such-bucket")
    AuditTrailToS3Operator(
        task_id="wrong_api_key", bucket=BUCKET, prefix="wrong-secret", liveperson_conn_id="wrong_api_key"
    )
    wrong_app_jwt = AuditTrailToS3Operator(
        task_id="wrong_app_jwt", bucket=BUCKET, prefix="wrong-secret", liveperson_conn_id="wrong_app_jwt"
    )
    enable_lineage(wrong_app_jwt)
    AuditTrailToS3Operator(task_id="wrong_aws", bucket=BUCKET, prefix="wrong-aws", aws_conn_id="wrong_aws")

    EndingSoon(
        task_id="ready", dataset="audit_trail", start="{{ data_interval_start | ts }}", deferrable=True
    )
    LivePersonDataReadySensor(task_id="gone", dataset="messaging_queue_health", mode="reschedule")
