"""The check of a connection, or of two: start it, and show its progress and result."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi.responses import RedirectResponse, Response

from airflow_provider_liveperson.hooks.liveperson import LivePersonHook
from airflow_provider_liveperson.plugins import check_results, check_runs, signatures
from airflow_provider_liveperson.plugins.access import FAILURES, editable_connections
from airflow_provider_liveperson.plugins.addresses import base_path
from airflow_provider_liveperson.plugins.answers import back, page_with_forms
from airflow_provider_liveperson.plugins.callers import CallerDep, PairDep, pair_of

REFRESH_SECONDS = 2
"""How often the page asks for the progress."""


def check(caller: CallerDep, pair: PairDep) -> Response:
    """``POST /liveperson/check``: start a check in the background, unless this browser's last one still runs."""
    conn_id, against = pair
    owner = signatures.owner(caller.id, caller.browser)
    try:
        hooks = [LivePersonHook.for_connection(name) for name in pair if name]
        check_runs.start(owner, pair, hooks)
    except FAILURES as error:
        return back(caller, f"{conn_id}: {error}", bad=True)
    query = {"connection": conn_id} | ({"against": against} if against else {})
    return RedirectResponse(f"{base_path(caller.request)}check?{urlencode(query)}", status_code=303)


def checked(caller: CallerDep, connection: str = "", against: str = "") -> Response:
    """``GET /liveperson/check``: the progress or the result of this browser's last check, kept for a while."""
    if not connection:
        return RedirectResponse(base_path(caller.request), status_code=303)
    pair = pair_of(caller, connection, against)
    others = [conn.conn_id for conn in editable_connections(caller.user) if conn.conn_id != connection]
    run = check_results.kept(signatures.owner(caller.id, caller.browser), pair) if caller.browser else None
    return page_with_forms(
        caller,
        "check.html",
        run=run,
        conn_id=connection,
        against=against,
        others=others,
        max_records=check_runs.MAX_RECORDS,
        minutes=f"{check_runs.COMPARISON_SECONDS / 60:.0f}",
        kept_for=f"{check_results.RESULT_LASTS / 60:.0f}",
        refresh_seconds=REFRESH_SECONDS if run is not None and run.state == "running" else None,
        form_targets="'self'",
    )
