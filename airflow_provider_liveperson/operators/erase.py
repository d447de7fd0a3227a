"""The operator that erases persons from what has landed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow.sdk import BaseOperator, XComArg

from airflow_provider_liveperson.arguments import (
    begins_like_literal,
    is_nothing,
    literal,
    read_flag,
    read_list,
    read_moment,
    read_optional_text,
    read_text,
)
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.failures import fail, then_say_why
from airflow_provider_liveperson.hooks.liveperson import LivePersonHook

if TYPE_CHECKING:
    from airflow.sdk import Context
    from jinja2 import Environment

Ids: TypeAlias = Iterable[str] | str | XComArg | Callable[["Context"], Iterable[str]]
"""Ids, or where a run finds them."""

_NO_ID = frozenset(',;"[]{}')
_BETWEEN = re.compile(r"[,;\r\n]")


class LivePersonEraseOperator(BaseOperator):
    """Take persons out of what has landed of the connection's account, and keep them from landing again.

    The parts that hold their records are written again without these, then the manifest, which notes how many and when,
    and the parts that held them are removed. Whom a run has erased is kept as hashes with the connection's
    ``hash_secret`` beside the datasets, and operators that land there leave them out. A task that was killed is
    finished by its next try.

    Which records are whose: those whose field ``conversationId``, or ``info.engagementId`` of chats, holds one of the
    conversations; and those in which a field ``participantId``, ``consumerId`` or ``visitorId`` holds one of the
    participants, unless it is an agent's. The conversations of these consumers are erased from all other datasets, too.
    Hashed ids are found if they were hashed with the connection's ``hash_secret``.

    The ids are no templated fields, because Airflow shows those to everybody who sees the task. They are not logged,
    returned, or part of an error. Each of the two arguments takes the output of another task, a template such as
    ``{{ var.json.erase }}`` that is rendered when the task runs, a function of the context, or a list; but a list
    is there for all who see the DAG's code. Or name an object with one id a line.

    It returns (XCom) ``account_id``, ``records`` and ``windows``: how many records were taken out, and how many windows
    were searched; ``changed``: the manifests of those from which records were taken; and ``unsearched``: the manifests
    of those that could not be searched, with the reasons.

    :param uri: the landing: ``s3://bucket/prefix``, or the ``path`` of the operator that lands. (templated)
    :param conversation_ids: ids of conversations and chats.
    :param participant_ids: ids of consumers and visitors.
    :param conversation_ids_uri: an object that holds ids of conversations, one a line: ``s3://bucket/key``, or a path
        as the landing's. (templated)
    :param participant_ids_uri: the same for ids of consumers. (templated)
    :param datasets: erase from these datasets only. Default: all that hold such ids. (templated)
    :param start: erase from windows that end after that instant only: an aware datetime, or ISO 8601 text with an
        offset. (templated)
    :param end: erase from windows that begin before that instant only, likewise. Default: conversations never land
        again; consumers may come back, so windows that begin after the erasure have them. (templated)
    :param allow_unsearched: succeed although windows could not be searched: such as files as they came, and windows
        that landed without ids; or although nothing of the account has landed there.
    :param aws_conn_id: the AWS connection, for S3. (templated)
    :param extra_args: further arguments of all requests to S3, as for the operator that lands. (templated)
    :param liveperson_conn_id: the LivePerson connection, of any LivePerson type, with a ``hash_secret``. (templated)
    :raises AirflowFailException: for a permanent error: an invalid argument; windows that could not be searched, after
        everything else was erased. Its cause is the package's error.
    :raises LivePersonError: for any other error; the next try goes on.
    """

    template_fields: Sequence[str] = (
        "uri",
        "conversation_ids_uri",
        "participant_ids_uri",
        "datasets",
        "start",
        "end",
        "aws_conn_id",
        "extra_args",
        "liveperson_conn_id",
    )
    template_fields_renderers = {"extra_args": "json"}
    ui_color = "#f0d8d8"

    def __init__(
        self,
        *,
        uri: str,
        conversation_ids: Ids | None = None,
        participant_ids: Ids | None = None,
        conversation_ids_uri: str | None = None,
        participant_ids_uri: str | None = None,
        datasets: Sequence[str] | None = None,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        allow_unsearched: bool = False,
        aws_conn_id: str | None = "aws_default",
        extra_args: dict[str, Any] | None = None,
        liveperson_conn_id: str = LivePersonHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.on_failure_callback = then_say_why(self.on_failure_callback)
        self.on_retry_callback = then_say_why(self.on_retry_callback)
        self.uri = uri
        self.conversation_ids = conversation_ids
        self.participant_ids = participant_ids
        self.conversation_ids_uri = conversation_ids_uri
        self.participant_ids_uri = participant_ids_uri
        self.datasets = datasets
        self.start = start
        self.end = end
        self.allow_unsearched = allow_unsearched
        self.aws_conn_id = aws_conn_id
        self.extra_args = extra_args
        self.liveperson_conn_id = liveperson_conn_id
        # Airflow does this for templated fields only.
        XComArg.apply_upstream_relationship(self, [conversation_ids, participant_ids])

    def render_template_fields(self, context: Context, jinja_env: Environment | None = None) -> None:
        """Render the templates, and have Airflow mask the secret ones.

        :param context: the task's context.
        :param jinja_env: the environment to render in.
        """
        super().render_template_fields(context, jinja_env)
        from airflow_provider_liveperson.hooks.destinations import read_extra_args

        with contextlib.suppress(ConfigurationError):  # which the task will report
            read_extra_args(self.extra_args)

    def execute(self, context: Context) -> dict[str, Any]:
        """Erase.

        :param context: the task's context.
        :returns: what was erased; never who.
        :raises AirflowFailException: for a permanent error; its cause is the package's error.
        :raises LivePersonError: for any other error.
        """
        try:
            return self._execute(context)
        except LivePersonError as error:
            fail(error)

    def _execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_liveperson.erasure.erase import EraseRequest
        from airflow_provider_liveperson.hooks.destinations import store_at

        allow_unsearched = read_flag(self.allow_unsearched, "allow_unsearched")
        self._check_that_ids_are_given()
        with LivePersonHook.for_connection(read_text(self.liveperson_conn_id, "liveperson_conn_id")) as hook:
            request = EraseRequest.read(
                conversation_ids=self._ids(context, "conversation_ids"),
                participant_ids=self._ids(context, "participant_ids"),
                secret=hook.privacy().salt,
                datasets=None if is_nothing(self.datasets) else read_list(self.datasets, "datasets"),
                start=read_moment(self.start, "start"),
                end=read_moment(self.end, "end"),
            )
            account_id = hook.get_conn().account_id
        store, prefix = store_at(self.uri, aws_conn_id=self.aws_conn_id, extra_args=self.extra_args)
        if not allow_unsearched:
            request.refuse_empty(store, prefix, account_id)
        erased = request.erase(store, prefix, account_id)
        if not allow_unsearched:
            erased.refuse_unsearched()
        return asdict(erased)

    def _check_that_ids_are_given(self) -> None:
        """Refuse a task that would erase nobody and succeed, because no argument says where ids are."""
        uris = (self.conversation_ids_uri, self.participant_ids_uri)
        if self.conversation_ids is None and self.participant_ids is None and all(map(is_nothing, uris)):
            raise ConfigurationError(
                "nothing says whom to erase: give conversation_ids, participant_ids, conversation_ids_uri or"
                " participant_ids_uri, and look whether the template of one has rendered to nothing. If nobody is to be"
                " erased, an empty list says so",
                field="participant_ids",
            )

    def _ids(self, context: Context, name: str) -> list[object]:
        """The ids of both arguments: given, and in an object. Neither is kept, and no error quotes one."""
        argument = getattr(self, name)
        given = self.render_template(argument, context)
        if callable(given):
            given = given(context)
        if argument is not None and is_nothing(given) and str(given).strip():
            raise ConfigurationError(
                f"{name} is None when the task runs, so it is not known whom to erase. If it is another task's output,"
                " that task has returned nothing or has not run: in a mapped task, partial() does not wait for it,"
                " so connect the two by >>. If nobody is to be erased, an empty list says so",
                field=name,
            )
        if isinstance(argument, str) and _is_of_numbers(given):
            raise ConfigurationError(
                f"{name} is a template that Airflow has read as numbers (render_template_as_native_obj), without a + or"
                " zeros before them; have it render to a list of texts, or give a function of the context",
                field=name,
            )
        uri = read_optional_text(getattr(self, f"{name}_uri"), f"{name}_uri")
        return [*_listed(given, name), *(self._read(uri, f"{name}_uri") if uri is not None else [])]

    def _read(self, uri: str, name: str) -> list[str]:
        from airflow_provider_liveperson.hooks.destinations import store_at

        folder, _, key = uri.rpartition("/")
        if not folder or not key or folder.endswith((":", "/")):
            raise ConfigurationError(f"{name} must be the address of an object, not {uri!r}", field=name)
        store, prefix = store_at(folder, aws_conn_id=self.aws_conn_id, extra_args=self.extra_args)
        data = store.read(f"{prefix}/{key}" if prefix else key)
        if data is None:
            raise ConfigurationError(f"{name}: there is no object {uri}", field=name)
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise ConfigurationError(
                f"{name}: {uri} is not UTF-8 text with one id a line", field=name
            ) from None
        for number, line in enumerate(lines, 1):
            if not _NO_ID.isdisjoint(line):
                raise ConfigurationError(
                    f"{name}: line {number} of {uri} is no id: write one a line, without quotes, commas, semicolons and"
                    " brackets, and no title above them",
                    field=name,
                )
        return [line.strip() for line in lines if line.strip()]


def _listed(given: object, name: str) -> list[object]:
    """Ids as a list: also of the text that a template makes of one."""
    if is_nothing(given):
        return []
    found = given
    if isinstance(given, str) and begins_like_literal(given):
        found = literal(given)
        if found == given:
            raise ConfigurationError(
                f"{name} is a text that begins like a list and cannot be read as one; put quotes around each id",
                field=name,
            )
    if isinstance(found, str):
        return [text.strip() for text in _BETWEEN.split(found) if text.strip()]
    if isinstance(found, int) and not isinstance(found, bool):
        return [found]
    if isinstance(found, Iterable) and not isinstance(found, bytes | dict):
        return list(found)
    raise ConfigurationError(f"{name} must be a list of ids, and is a {type(given).__name__}", field=name)


def _is_of_numbers(given: object) -> bool:
    """Whether it is a number, or a tuple with one: what Airflow makes of a text of numbers."""
    return any(isinstance(one, int | float) for one in (given if isinstance(given, tuple) else (given,)))
