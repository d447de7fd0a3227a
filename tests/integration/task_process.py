"""A task's process, started as executors do: forked from one that has imported everything."""

from __future__ import annotations

import inspect
import multiprocessing
import os
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.process import BaseProcess
from typing import Any

import airflow.providers.amazon.aws.hooks.s3
import airflow.sdk.execution_time.supervisor  # noqa: F401

import airflow_provider_liveperson.client.credentials.app_jwt
import airflow_provider_liveperson.pull.pull  # noqa: F401
from airflow_provider_liveperson.transfers.liveperson_to_s3 import LivePersonToS3Operator

SHARE_BELOW = 300_000

# Airflow's hook of S3 looks at the call stack; the first look has Python search all modules, and the others do not.
inspect.stack()

# Forked from a process that has imported everything, as a worker has; each fork then starts within milliseconds.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


def start(environment: Mapping[str, str], **arguments: Any) -> BaseProcess:
    """Start a process that executes a :class:`LivePersonToS3Operator`.

    :param environment: additional environment variables, including its connections.
    :param arguments: the operator's arguments.
    """
    process = _forks.Process(target=_execute, args=(dict(environment), arguments))
    process.start()
    return process


def _execute(environment: dict[str, str], arguments: dict[str, Any]) -> None:
    os.environ.update(environment)
    _InSmallParts(task_id="pull", **arguments).execute({})


class _InSmallParts(LivePersonToS3Operator):
    """Makes more moments at which it can be killed: few slices share a part, and each part is checkpointed."""

    def destination(self, encoding: Any) -> Any:
        return replace(super().destination(encoding), share_below=SHARE_BELOW)
