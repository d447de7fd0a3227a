"""How triggers look at LivePerson: never in the triggerer's event loop, and never for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from airflow_provider_liveperson.client.client import LivePersonClient

T = TypeVar("T")

BUDGET = 60.0
"""Seconds that the requests of one look may take: the triggerer has few threads, and a trigger looks again anyway."""
_MAX_SLEEP = 60.0


async def in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function that blocks, in a thread.

    asgiref's way is the one by which a thread can read connections and Variables in the triggerer of Airflow 3.1, too.

    :param function: the function.
    :param arguments: its arguments.
    """
    from asgiref.sync import sync_to_async

    return await sync_to_async(function, thread_sensitive=False)(*arguments)


async def sleep_until(moment: datetime) -> None:
    """Sleep until an instant, by the clock: also where it is set, or the machine was suspended.

    :param moment: the instant, aware.
    """
    while (seconds := (moment - datetime.now(UTC)).total_seconds()) > 0:
        await asyncio.sleep(min(seconds, _MAX_SLEEP))


@contextmanager
def connected(liveperson_conn_id: str) -> Iterator[LivePersonClient]:
    """A client for one look: it repeats no request, and is closed afterward.

    :param liveperson_conn_id: the connection's id.
    :raises ConfigurationError: for a connection that cannot be used.
    """
    from airflow_provider_liveperson.client.retries import NO_RETRIES
    from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

    hook = LivePersonHook.for_connection(liveperson_conn_id)
    with closing(hook.new_client(schedule=NO_RETRIES, budget=BUDGET)) as client:
        yield client
