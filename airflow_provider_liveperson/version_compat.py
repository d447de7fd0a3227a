"""What stands in different places in the Airflow versions that this package supports."""

from __future__ import annotations

try:
    from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException
except ImportError:  # Airflow 3.1
    from airflow.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

__all__ = ["AirflowFailException", "AirflowNotFoundException", "AirflowSkipException"]
