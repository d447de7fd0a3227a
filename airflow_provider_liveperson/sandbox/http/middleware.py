"""What every request passes first: the guard against tricked browsers, the log, latency, faults and the clock."""

from __future__ import annotations

import json
import re
import time
from email.utils import formatdate
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_provider_liveperson.sandbox.http.control import PREFIX
from airflow_provider_liveperson.sandbox.http.faults import Fault
from airflow_provider_liveperson.sandbox.http.guard import check_control, check_host, check_source
from airflow_provider_liveperson.sandbox.http.json_response import JsonResponse
from airflow_provider_liveperson.sandbox.http.odd_text import spoil
from airflow_provider_liveperson.sandbox.http.redaction import hide_in_body, hide_in_headers, hide_in_target
from airflow_provider_liveperson.sandbox.http.refusal import Refusal
from airflow_provider_liveperson.sandbox.http.request_log import RecordedRequest
from airflow_provider_liveperson.sandbox.state import SandboxState

# Newer uvicorns break off an answer that has a body where HTTP allows none.
_WITHOUT_BODY = (204, 304)
_NOT_DATA = re.compile(r"/service/|^/sentinel/|/(login|refresh|logout)$")


class ConnectionControl(Protocol):
    """What closes a server's connections."""

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the server runs.

        :param seconds: how long.
        """

    def hang_up(self, client: tuple[str, int]) -> None:
        """Close a connection once what was written to it is sent.

        :param client: the other end's address.
        """


class Middleware:
    """An ASGI application around the sandbox's endpoints.

    :param inner: the endpoints.
    :param state: what the sandbox remembers.
    :param connections: closes connections and waits, for the server.
    """

    def __init__(self, inner: ASGIApp, state: SandboxState, connections: ConnectionControl) -> None:
        self._inner = inner
        self._state = state
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        send = self._with_date(send)
        is_control = scope["path"].startswith(PREFIX)
        try:
            self._check(scope, is_control)
        except Refusal as refusal:
            await JsonResponse(refusal.payload, status_code=refusal.status)(scope, receive, send)
            return
        if is_control:
            await self._inner(scope, receive, send)
            return
        body = await _read(receive)
        recorded = self._record(scope, body)
        receive, send = _replayed(body, receive), _observed(recorded, send)
        fault = self._state.faults.take(_target(scope))
        if not _NOT_DATA.search(scope["path"]):
            await self._wait(self._state.settings.latency_ms / 1000)
        if fault is None:
            await self._answer(scope, receive, send)
            return
        recorded.fault = fault.kind
        await self._wait(fault.seconds)
        await self._fail(fault, scope, receive, send)

    def _check(self, scope: Scope, is_control: bool) -> None:
        """Refuse what a browser has been tricked into; see :mod:`~airflow_provider_liveperson.sandbox.http.guard`."""
        headers, allowed = Headers(scope=scope), self._state.settings.allowed_hosts
        check_host(headers, allowed)
        if is_control:
            check_control(scope["method"], headers)
        else:
            check_source(scope["method"], headers, allowed)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._connections.pause(seconds)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        state = self._state
        answer = self._instead(fault)
        if answer is not None:
            await answer(scope, receive, send)
        elif fault.kind == "drop":
            await self._hang_up(scope, receive)
        elif fault.kind == "lost":
            await self._captured(scope, receive)
            await self._hang_up(scope, receive)
        elif fault.kind in ("cut", "cut_json"):
            start, body = await self._captured(scope, receive)
            if not body:
                await self._hang_up(scope, receive)
                return
            half = body[: len(body) // 2]
            headers = MutableHeaders(raw=start["headers"])
            headers["content-length"] = str(len(half if fault.kind == "cut_json" else body))
            await send(start)
            await send({"type": "http.response.body", "body": half, "more_body": fault.kind == "cut"})
            if fault.kind == "cut":
                await self._hang_up(scope, receive)
        elif fault.kind == "replace":
            start, body = await self._captured(scope, receive)
            find, put = (text.encode("utf-8", "surrogateescape") for text in (fault.find, fault.put))
            body = re.sub(find, put, body, flags=re.DOTALL)
            headers = MutableHeaders(raw=start["headers"])
            if "content-length" in headers:
                headers["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})
        else:
            if fault.kind == "expire_tokens":
                state.expire_tokens()
            elif fault.kind == "revoke_tokens":
                state.revoke_tokens()
            elif fault.kind == "revoke_grants":
                state.grants.revoke_all()
            scope["sandbox.fault"] = fault
            await self._answer(scope, receive, send)

    def _instead(self, fault: Fault) -> Response | None:
        """Make the answer that takes the right one's place, for the kinds that have one."""
        if fault.kind == "not_json":
            return HTMLResponse("<!doctype html><title>Maintenance</title><p>We will be back soon.</p>")
        if fault.kind == "redirect":
            return RedirectResponse(fault.location, status_code=302)
        if fault.kind != "status":
            return None
        retry_after = fault.retry_after
        if retry_after is None and fault.status == 429:
            retry_after = self._state.settings.retry_after
        body = {"message": f"A fault of the sandbox: {fault.status}"} if fault.body is None else fault.body
        if fault.status in _WITHOUT_BODY:
            body = ""
        return Response(
            body if isinstance(body, (str, bytes)) else json.dumps(body),
            status_code=fault.status,
            headers=self._state.retry_after(retry_after),
            media_type="text/plain" if isinstance(body, (str, bytes)) else "application/json",
        )

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the endpoints answer, with odd texts where they are wanted."""
        kind = self._state.settings.odd_text
        if kind == "none" or _NOT_DATA.search(scope["path"]):
            await self._inner(scope, receive, send)
            return
        start, body = await self._captured(scope, receive)
        headers = MutableHeaders(raw=start["headers"])
        if headers.get("content-type", "").startswith("application/json"):
            body = spoil(body, kind)
            headers["content-length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _captured(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Let the endpoints answer without sending it."""
        starts: list[Message] = []
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                starts.append({**message, "headers": list(message["headers"])})
            else:
                parts.append(message.get("body", b""))

        await self._inner(scope, receive, keep)
        return starts[0], b"".join(parts)

    async def _hang_up(self, scope: Scope, receive: Receive) -> None:
        self._connections.hang_up(scope["client"])
        # Returning before the connection is gone would make the server send an answer of its own.
        while (await receive())["type"] != "http.disconnect":
            continue

    def _record(self, scope: Scope, body: bytes) -> RecordedRequest:
        headers = Headers(scope=scope)
        recorded = RecordedRequest(
            method=scope["method"],
            path=scope["path"],
            url=f"{scope['scheme']}://{headers.get('host', '')}{hide_in_target(_target(scope))}",
            headers=hide_in_headers(
                [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
            ),
            body=hide_in_body(scope["path"], body),
            body_bytes=len(body),
            started=time.time(),
        )
        self._state.requests.append(recorded)
        return recorded

    def _with_date(self, send: Send) -> Send:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._state.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        return dated


def _target(scope: Scope) -> str:
    path = scope["raw_path"].decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


async def _read(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a body that was read already once more, then what follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _observed(recorded: RecordedRequest, send: Send) -> Send:
    async def observe(message: Message) -> None:
        # Before the client can see the answer, so that a client that has it finds it in the log.
        if message["type"] == "http.response.start":
            recorded.status = message["status"]
            recorded.seconds = time.time() - recorded.started
        await send(message)

    return observe
