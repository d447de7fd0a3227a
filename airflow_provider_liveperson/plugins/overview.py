"""The list of connections: ``GET /liveperson/``."""

from __future__ import annotations

from fastapi import HTTPException
from fastapi.responses import Response

from airflow_provider_liveperson.plugins import check_results
from airflow_provider_liveperson.plugins.access import liveperson_connections, may_edit, may_read_assets
from airflow_provider_liveperson.plugins.answers import (
    forget_message,
    form_targets,
    message_for,
    page_with_forms,
)
from airflow_provider_liveperson.plugins.callers import CallerDep
from airflow_provider_liveperson.plugins.rows import row_of


def overview(caller: CallerDep) -> Response:
    """The LivePerson connections that the user may edit.

    :raises HTTPException: 403 for a user who may not edit any.
    """
    everything = liveperson_connections()
    connections = [conn for conn in everything if may_edit(caller.user, conn.conn_id)]
    if not connections and not may_edit(caller.user):
        raise HTTPException(
            403, "You are not allowed to edit Airflow's connections, which this page is about."
        )
    check_results.sweep(everything)
    last = check_results.last_checks(connections)
    answer = page_with_forms(
        caller,
        "page.html",
        rows=[row_of(conn, last.get(conn.conn_id)) for conn in connections],
        message=message_for(caller),
        may_read_assets=may_read_assets(caller.user),
        form_targets=form_targets(conn.host for conn in connections),
    )
    forget_message(caller, answer)
    return answer
