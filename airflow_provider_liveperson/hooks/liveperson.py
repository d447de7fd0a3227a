"""The hooks: an Airflow connection becomes a LivePerson client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow import __version__ as airflow_version
from airflow.sdk import BaseHook

from airflow_provider_liveperson.connections.form import (
    FORMS,
    extra_of,
    field_behaviour,
    form_widgets,
    locate,
    read_fields,
)
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.version_compat import AirflowNotFoundException

if TYPE_CHECKING:
    import requests
    from airflow.sdk import Connection

    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.credentials.credential import Credential
    from airflow_provider_liveperson.client.messages import Answer
    from airflow_provider_liveperson.client.retries import RetrySchedule
    from airflow_provider_liveperson.client.settings import ClientSettings
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.records.masking import Masking

CALLBACK = "/liveperson/callback"


class _Users:
    """Who uses a hook's client: ``stay`` for somebody who will close it, and borrowers who give it back."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.stay = False
        self.borrowers = 0

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return _Users, ()  # a copy of the hook has users of its own


class LivePersonHook(BaseHook):
    """Asks LivePerson with the credential of an Airflow connection, whatever its LivePerson type.

    What was begun at LivePerson, such as a login, ends with :meth:`close`, for which the hook is a context manager::

        with LivePersonHook.for_connection("liveperson_default") as hook:
            hook.request(...)
            for record in hook.records(...): ...

    Without it, :meth:`records` and its like end what they have begun themselves, once they are read to their end or
    dropped. They leave alone what is in use otherwise: after :meth:`get_conn`, :meth:`get_session` or :meth:`request`,
    and within the ``with``, only :meth:`close` ends it. The hook may be used again after that.

    :param liveperson_conn_id: the connection's id.
    """

    conn_name_attr = "liveperson_conn_id"
    default_conn_name = "liveperson_default"
    conn_type: ClassVar[str]
    hook_name = "LivePerson"

    def __init__(self, liveperson_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.liveperson_conn_id = liveperson_conn_id
        self._users = _Users()

    def __enter__(self) -> Self:
        self._users.stay = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out where the connection logs in, and close the connections to LivePerson; harmless if there are none."""
        with self._users.lock:
            client = self.__dict__.pop("_client", None)
            self._users.stay = False
        if client is not None:
            client.close()

    @classmethod
    def for_connection(cls, liveperson_conn_id: str = default_conn_name) -> LivePersonHook:
        """The hook for a connection, of the subclass that its type asks for.

        :param liveperson_conn_id: the connection's id.
        :raises ConfigurationError: when there is no such connection, or it is of no LivePerson type.
        """
        try:
            connection = cls.get_connection(liveperson_conn_id)
        except AirflowNotFoundException:
            # Not permanent: a secrets backend that does not answer looks the same.
            raise ConfigurationError(
                f"there is no connection {liveperson_conn_id!r} in Airflow; create it, of one of the types"
                f" {', '.join(_HOOKS)}, or correct liveperson_conn_id",
                field="liveperson_conn_id",
                permanent=False,
            ) from None
        return _hook_class(connection)(liveperson_conn_id=liveperson_conn_id)

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """A connection, as a task of the team that it belongs to gets it.

        :param conn_id: the connection's id.
        :raises AirflowNotFoundException: when Airflow knows no such connection.
        :raises ConfigurationError: when there is one that Airflow cannot give.
        """
        from airflow_provider_liveperson.hooks.metadata import team_connection, why_not_found

        try:
            return team_connection(conn_id) or super().get_connection(conn_id)
        except AirflowNotFoundException:
            if why := why_not_found(conn_id):
                raise why from None
            raise

    def get_conn(self) -> LivePersonClient:
        """The client, made once. It is safe to share between threads.

        :raises ConfigurationError: for a missing or malformed field; says where it is in the form.
        :raises UntrustedHostError: for a host that is not LivePerson's.
        """
        self._users.stay = True
        return self._open()

    def get_session(self) -> requests.Session:
        """A session for whatever this package does not cover.

        It signs every request, has timeouts, follows no redirect, and refuses hosts that are not LivePerson's.
        It does not repeat failed requests.
        """
        return self.get_conn().session

    def request(
        self,
        method: str,
        service: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, repeated as LivePerson's retry rules say.

        :param method: the HTTP method.
        :param service: the Domain API's name of the service, such as ``accountConfigReadOnly``.
        :param path: the path on its host; ``{account_id}`` stands for the connection's account.
        :param params: query parameters; never secrets.
        :param json: an object to send as JSON.
        :param headers: further headers.
        :returns: the answer: ``status``, ``headers``, ``body`` and ``json()``.
        :raises LivePersonError: see ``airflow_provider_liveperson.exceptions``.
        """
        return self.get_conn().request(method, service, path, params=params, json=json, headers=headers)

    def records(
        self,
        dataset: str,
        *,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        filters: Mapping[str, Any] | None = None,
        cursor: str | None = None,
        allow_out_of_range: bool = False,
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """The records of a dataset in a half-open window, without landing them.

        :param dataset: the dataset's name, such as ``audit_trail``.
        :param start: first instant inside: an aware datetime, or ISO 8601 text with an offset. Not needed for a
            dataset that shows the present only, such as ``users``.
        :param end: first instant outside, likewise.
        :param filters: the dataset's filters.
        :param cursor: one of the dataset's cursors.
        :param allow_out_of_range: take what there is of a window that cannot be complete.
        :param hash_fields: fields to replace by their salted hashes, as dotted paths; the salt is the connection's.
        :param drop_fields: fields to leave out, likewise.
        :param allow_undeclared_fields: take paths of fields that the dataset does not declare.
        :returns: dicts, in the dataset's order.
        :raises ConfigurationError: for a bad argument, before any request.
        :raises WindowOutOfRangeError: for a window that cannot be complete.
        :raises LivePersonError: for whatever goes wrong at LivePerson.
        """
        from airflow_provider_liveperson.arguments import read_flag
        from airflow_provider_liveperson.datasets.catalog import dataset_named
        from airflow_provider_liveperson.pull.pull import records
        from airflow_provider_liveperson.window import resolve_window

        declared, now = dataset_named(dataset), datetime.now(UTC)
        if declared.is_snapshot and start is None and end is None:
            start, end = now - timedelta(seconds=1), now
        query = declared.query(resolve_window(start=start, end=end), filters=filters, cursor=cursor)
        if not read_flag(allow_out_of_range, "allow_out_of_range"):
            declared.check_range(query.window, now)
        masking = self._masking(declared, hash_fields, drop_fields, allow_undeclared_fields)
        return self._read_with(lambda client: records(client, declared, query, masking=masking))

    def land(
        self,
        dataset: str,
        *,
        start: datetime | str,
        end: datetime | str,
        bucket: str | None = None,
        prefix: str = "liveperson",
        aws_conn_id: str | None = "aws_default",
        extra_args: Mapping[str, Any] | None = None,
        path: str | None = None,
        filters: Mapping[str, Any] | None = None,
        cursor: str | None = None,
        file_format: str = "jsonl",
        compression: str = "gzip",
        csv_formulas: str = "keep",
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        allow_undeclared_fields: bool = False,
        allow_out_of_range: bool = False,
        overlap: str = "refuse",
    ) -> dict[str, Any]:
        """Land a window in a store, as the operators do: for tasks of your own.

        Give ``bucket`` for S3 or ``path`` for any other store. All other arguments are those of
        :class:`~airflow_provider_liveperson.transfers.liveperson_to_s3.LivePersonToS3Operator`. A window that has just
        ended is waited for until LivePerson has all its records.

        :param dataset: the dataset's name.
        :param start: first instant inside the window: an aware datetime, or ISO 8601 text with an offset.
        :param end: first instant outside, likewise.
        :param bucket: the S3 bucket.
        :param prefix: the folder in the bucket.
        :param aws_conn_id: the AWS connection.
        :param extra_args: what every request to S3 shall say beyond that, as for Airflow's ``S3Hook``.
        :param path: a folder as Airflow's ``ObjectStoragePath`` takes it, such as ``gs://conn_id@bucket/raw``.
        :param filters: the dataset's filters.
        :param cursor: one of the dataset's cursors.
        :param file_format: ``jsonl``, ``csv`` or ``parquet``.
        :param compression: ``gzip``, ``zstd`` or ``none``.
        :param csv_formulas: ``keep`` or ``quote``; see the operators.
        :param hash_fields: fields to replace by their salted hashes; the salt is the connection's.
        :param drop_fields: fields to leave out.
        :param allow_undeclared_fields: take paths of fields that the dataset does not declare.
        :param allow_out_of_range: take what there is of a window that cannot be complete.
        :param overlap: ``refuse`` or ``allow`` a window that overlaps one that has landed there.
        :returns: the operators' summary: ``dataset, account_id, window_start, window_end, records, bytes, manifest,
            objects, manifests``.
        :raises ConfigurationError: for a bad argument, before any request.
        :raises WindowOutOfRangeError: for a window that cannot be complete.
        :raises StorageError: when the store refuses.
        :raises LivePersonError: for whatever goes wrong at LivePerson.
        """
        from airflow_provider_liveperson.arguments import read_moment
        from airflow_provider_liveperson.hooks.destinations import path_destination, s3_destination
        from airflow_provider_liveperson.land import LandRequest
        from airflow_provider_liveperson.landing.destination import Destination
        from airflow_provider_liveperson.landing.encoding import Encoding
        from airflow_provider_liveperson.window import resolve_window

        if (bucket is None) == (path is None):
            raise ConfigurationError(
                "give either bucket, for S3, or path, for any other store", field="bucket"
            )

        def destination(encoding: Encoding) -> Destination:
            if path is not None:
                return path_destination(encoding, path=path)
            return s3_destination(
                encoding, bucket=bucket, prefix=prefix, aws_conn_id=aws_conn_id, extra_args=extra_args
            )

        request = LandRequest.read(
            dataset,
            resolve_window(start=read_moment(start, "start"), end=read_moment(end, "end")),
            filters=filters,
            cursor=cursor,
            file_format=file_format,
            compression=compression,
            csv_formulas=csv_formulas,
            hash_fields=hash_fields,
            drop_fields=drop_fields,
            allow_undeclared_fields=allow_undeclared_fields,
            allow_out_of_range=allow_out_of_range,
            overlap=overlap,
        )
        with self._borrowed() as client:
            return asdict(request.land(client, destination))

    def conversations(
        self,
        conversation_ids: Iterable[str],
        *,
        content_to_retrieve: Sequence[str] | None = None,
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Messaging conversations by their ids, with all their engagement attributes.

        LivePerson page: `messaging-interactions-api-methods-get-conversation-by-conversation-id.html`.

        :param conversation_ids: any number of ids; they are asked for 100 at a time.
        :param content_to_retrieve: the sections to retrieve, by LivePerson's names; default all.
        :param hash_fields: as for :meth:`records`.
        :param drop_fields: likewise.
        :param allow_undeclared_fields: likewise.
        :returns: dicts; ids that LivePerson does not know are left out.
        :raises ConfigurationError: for an unknown section, before any request.
        :raises LivePersonError: for whatever goes wrong at LivePerson.
        """
        from airflow_provider_liveperson.datasets.messaging_interactions import (
            CONTENT,
            MESSAGING_INTERACTIONS,
            content,
            conversations_by_ids,
        )

        wanted = content(content_to_retrieve, CONTENT)
        masking = self._masking(MESSAGING_INTERACTIONS, hash_fields, drop_fields, allow_undeclared_fields)
        return self._read_with(
            lambda client: conversations_by_ids(client, conversation_ids, content=wanted), masking
        )

    def consumer_conversations(
        self,
        consumer_id: str,
        *,
        status: Sequence[str] = ("OPEN", "CLOSE"),
        content_to_retrieve: Sequence[str] | None = None,
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """The messaging conversations of one consumer.

        LivePerson page: `messaging-interactions-api-methods-get-conversations-by-consumer-id.html`.

        :param consumer_id: ``consumerParticipants[].participantId`` of any of the consumer's conversations.
        :param status: ``OPEN``, ``CLOSE`` or both.
        :param content_to_retrieve: the sections to retrieve, by LivePerson's names; default all that this method has.
        :param hash_fields: as for :meth:`records`.
        :param drop_fields: likewise.
        :param allow_undeclared_fields: likewise.
        :returns: dicts.
        :raises ConfigurationError: for an unknown section or status, before any request.
        :raises LivePersonError: for whatever goes wrong at LivePerson.
        """
        from airflow_provider_liveperson.datasets.messaging_interactions import (
            CONSUMER_CONTENT,
            FILTERS,
            MESSAGING_INTERACTIONS,
            content,
            conversations_by_consumer,
        )

        states = FILTERS["status"].read("status", list(status))
        wanted = content(content_to_retrieve, CONSUMER_CONTENT)
        return self._read_with(
            lambda client: conversations_by_consumer(client, consumer_id, status=states, content=wanted),
            self._masking(MESSAGING_INTERACTIONS, hash_fields, drop_fields, allow_undeclared_fields),
        )

    def keep_alive(self) -> datetime:
        """Renew the tokens of a web application's consent now.

        LivePerson ends a consent whose tokens are not renewed for about 30 minutes. Nothing is sent if another renews
        at the same time.

        :returns: until when the tokens now last, in UTC.
        :raises ConfigurationError: for a connection of another type, before any request.
        :raises AuthenticationError: when only a new consent helps.
        :raises LivePersonError: when LivePerson cannot be asked.
        """
        self._web_app_connection()
        credential: Any = self.get_conn().session.auth
        return datetime.fromtimestamp(credential.keep_alive().expires_at, UTC)

    def _web_app_connection(self) -> Connection:
        """The connection, if it is one whose user has to consent."""
        conn = self.get_connection(self.liveperson_conn_id)
        hook_class = _hook_class(conn)
        if not issubclass(hook_class, LivePersonWebAppHook):
            wanted, found = LivePersonWebAppHook.hook_name, hook_class.hook_name
            raise ConfigurationError(
                f"connection {self.liveperson_conn_id!r} is of the type {found!r}, which needs no consent, so there is"
                f" nothing to keep alive; give the ID of a connection of the type {wanted!r}",
                field="liveperson_conn_id",
            )
        return conn

    def test_connection(self) -> tuple[bool, str]:
        """Try the connection within ten seconds, without waiting for retries.

        :returns: whether it works, and a sentence that says so or names the field at fault.
        """
        from airflow_provider_liveperson.client.client import LivePersonClient
        from airflow_provider_liveperson.client.retries import NO_RETRIES
        from airflow_provider_liveperson.diagnostics.probe import BUDGET, probe_within
        from airflow_provider_liveperson.hooks.tested import check_tested

        conn_type = ""
        try:
            conn = self.get_connection(self.liveperson_conn_id)
            conn_type = str(conn.conn_type)
            settings, credential = self._read(conn)
            check_tested(conn, _host, settings.trusted_hosts)
            client = LivePersonClient(
                replace(settings, timeout=min(settings.timeout, BUDGET)),
                credential,
                schedule=NO_RETRIES,
                budget=BUDGET,
            )
            with closing(client):
                return True, probe_within(client)
        except LivePersonError as error:
            place = locate(conn_type, error.field) if error.field and conn_type in FORMS else ""
            told = place in str(error) or repr(self.liveperson_conn_id) in str(error)
            return False, str(error) if told else f"{place}: {error}"

    def _masking(
        self,
        dataset: Dataset,
        hash_fields: Sequence[str],
        drop_fields: Sequence[str],
        allow_undeclared_fields: bool,
    ) -> Masking | None:
        from airflow_provider_liveperson.arguments import read_flag, read_list
        from airflow_provider_liveperson.records.masking import masking_of

        return masking_of(
            dataset.name,
            dataset.columns,
            hash_fields=read_list(hash_fields, "hash_fields"),
            drop_fields=read_list(drop_fields, "drop_fields"),
            salt=self._open().settings.hash_secret,
            allow_undeclared_fields=read_flag(allow_undeclared_fields, "allow_undeclared_fields"),
        )

    def _read_with(
        self,
        read: Callable[[LivePersonClient], Generator[bytes, None, None]],
        masking: Masking | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read as long as somebody wants more; the connection is looked at now, LivePerson is asked with the first."""
        from airflow_provider_liveperson.records import raw

        def rows() -> Iterator[dict[str, Any]]:
            with self._borrowed() as client, closing(read(client)) as found:
                yield from map(raw.record, found if masking is None else map(masking.apply, found))

        self._open()
        return rows()

    def _open(self) -> LivePersonClient:
        with self._users.lock:
            return self._client

    @contextmanager
    def _borrowed(self) -> Iterator[LivePersonClient]:
        """The client, which the last to give it back closes, unless somebody uses it otherwise."""
        users = self._users
        with users.lock:
            client = self._client
            users.borrowers += 1
        try:
            yield client
        finally:
            with users.lock:
                users.borrowers -= 1
                over = None if users.borrowers or users.stay else self.__dict__.pop("_client", None)
            if over is not None:
                over.close()

    @cached_property
    def _client(self) -> LivePersonClient:
        return self.new_client()

    def new_client(
        self, *, schedule: RetrySchedule | None = None, budget: float | None = None
    ) -> LivePersonClient:
        """A client beside that of :meth:`get_conn`, for whoever cannot wait as long; its taker closes it.

        :param schedule: how failures are repeated.
        :param budget: seconds that all its requests together may take.
        :raises ConfigurationError: for a missing or malformed field; says where it is in the form.
        :raises UntrustedHostError: for a host that is not LivePerson's.
        """
        from airflow_provider_liveperson.client.client import LivePersonClient

        conn = self.get_connection(self.liveperson_conn_id)
        try:
            settings, credential = self._read(conn)
            if budget is not None:
                settings = replace(settings, timeout=min(settings.timeout, budget))
            return LivePersonClient(settings, credential, schedule=schedule, budget=budget)
        except LivePersonError as error:
            if error.field and conn.conn_type in FORMS and repr(self.liveperson_conn_id) not in str(error):
                place = locate(conn.conn_type, error.field)
                raise type(error)(
                    f"connection {self.liveperson_conn_id!r}, {place}: {error}",
                    field=error.field,
                    permanent=error.permanent,
                ) from error
            raise

    def _read(self, conn: Connection) -> tuple[ClientSettings, Credential]:
        from airflow_provider_liveperson.client.settings import ClientSettings

        hook_class = _hook_class(conn)
        values = self._values(conn)
        known = {field.name for field in fields(ClientSettings)}
        settings = ClientSettings(
            **{name: values[name] for name in known & values.keys() if values[name] is not None},
            trusted_hosts=_trusted_hosts(),
        )
        others = {name: values[name] for name in values.keys() - known}
        return settings, hook_class.credential_for(self.liveperson_conn_id, others)

    def _values(self, conn: Connection) -> dict[str, Any]:
        return read_fields(
            _hook_class(conn).conn_type,
            host=_host(conn),
            login=conn.login,
            password=conn.password,
            extra=extra_of(conn, conn_id=self.liveperson_conn_id),
            conn_id=self.liveperson_conn_id,
        )

    @classmethod
    def credential_for(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection of this type.

        :param conn_id: the connection's id, for a type that keeps something beside the connection.
        :param values: as for :meth:`make_credential`.
        """
        return cls.make_credential(values)

    @classmethod
    def make_credential(cls, values: dict[str, Any]) -> Credential:
        """The credential of this connection type.

        :param values: the fields of the form that are not a client's settings.
        """
        raise NotImplementedError(f"{cls.__name__} is for no particular connection type")


class _TypedHook(LivePersonHook):
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # Airflow 3.1 passes over form methods that a hook inherits; Airflow 3.2 warns of those that it does not.
        if airflow_version.startswith("3.1."):
            for name in ("get_connection_form_widgets", "get_ui_field_behaviour"):
                setattr(cls, name, _TypedHook.__dict__[name])

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The extra fields, for Airflow 3.1; later versions read the provider's metadata."""
        return form_widgets(cls.conn_type)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The standard fields, for Airflow 3.1; later versions read the provider's metadata."""
        return field_behaviour(cls.conn_type)


class LivePersonApiKeyHook(_TypedHook):
    """LivePerson by an API key: OAuth 1.0, whose end LivePerson has announced for 31 May 2026."""

    conn_type = "liveperson_api_key"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, values: dict[str, Any]) -> Credential:
        from airflow_provider_liveperson.client.credentials.api_key import ApiKeyCredential

        return ApiKeyCredential(**values)


class LivePersonAppJwtHook(_TypedHook):
    """LivePerson by an App-JWT: OAuth 2.0 client credentials."""

    conn_type = "liveperson_app_jwt"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, values: dict[str, Any]) -> Credential:
        from airflow_provider_liveperson.client.credentials.app_jwt import AppJwtCredential

        return AppJwtCredential(**values)


@dataclass(frozen=True, kw_only=True)
class ConsentSettings:
    """What asking for a consent takes, beside the client.

    :param client_id: the application.
    :param redirect_uri: where LivePerson sends the browser back to.
    :param pkce: whether to use PKCE.
    """

    client_id: str
    redirect_uri: str
    pkce: bool


class LivePersonWebAppHook(_TypedHook):
    """LivePerson by a web application: OAuth 2.0 with a user's consent, given on the LivePerson page in Airflow.

    :param liveperson_conn_id: the connection's id.
    """

    conn_type = "liveperson_web_app"
    hook_name = FORMS[conn_type].label

    @classmethod
    def credential_for(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        from airflow_provider_liveperson.client.credentials.web_app import WebAppCredential
        from airflow_provider_liveperson.hooks.consents import store_for

        return WebAppCredential(
            client_id=values["client_id"],
            client_secret=values["client_secret"],
            store=store_for(conn_id, values["client_secret"]),
            conn_id=conn_id,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Try the connection; see :meth:`LivePersonHook.test_connection`.

        Airflow tests a saved connection under an id that it makes up, for which nobody can have consented. So if this
        connection is the same as a saved one, in each of its fields, that one is tested.
        """
        try:
            saved = self._saved_id()
        except LivePersonError:
            saved = None  # the test itself will tell
        hook = self if saved is None else type(self)(liveperson_conn_id=saved)
        return super(LivePersonWebAppHook, hook).test_connection()

    def _saved_id(self) -> str | None:
        from airflow_provider_liveperson.hooks.consents import store_for
        from airflow_provider_liveperson.hooks.metadata import saved_connections

        conn = self.get_connection(self.liveperson_conn_id)
        saved = saved_connections(self.conn_type)
        if self.liveperson_conn_id in saved:
            return None
        values = self._values(conn)
        same = [conn_id for conn_id, other in saved.items() if self._is_same(other, values)]
        secret = values["client_secret"]
        return next(
            (conn_id for conn_id in same if store_for(conn_id, secret).load()), next(iter(same), None)
        )

    def _is_same(self, conn: Connection, values: dict[str, Any]) -> bool:
        try:
            return self._values(conn) == values
        except LivePersonError:
            return False

    def client_for_consent(self) -> LivePersonClient:
        """A client for whoever waits at a web page: it repeats nothing, and its credential is a WebAppCredential.

        :raises ConfigurationError: for a missing or malformed field.
        """
        from airflow_provider_liveperson.client.client import LivePersonClient
        from airflow_provider_liveperson.client.retries import NO_RETRIES

        settings, credential = self._read(self._web_app_connection())
        return LivePersonClient(
            replace(settings, timeout=min(settings.timeout, 20.0)), credential, schedule=NO_RETRIES
        )

    def consent_settings(self, base_url: str) -> ConsentSettings:
        """What the authorize URL needs to know of the connection.

        :param base_url: where this Airflow is reached, for a connection that names no redirect URI.
        :raises ConfigurationError: for a missing or malformed field.
        """
        values = self._values(self._web_app_connection())
        return ConsentSettings(
            client_id=values["client_id"],
            redirect_uri=values["redirect_uri"] or f"{base_url.rstrip('/')}{CALLBACK}",
            pkce=values["pkce"],
        )


class LivePersonLoginHook(_TypedHook):
    """LivePerson by its Login Service: a user's name and password, or a bot's name and key."""

    conn_type = "liveperson_login"
    hook_name = FORMS[conn_type].label

    @classmethod
    def make_credential(cls, values: dict[str, Any]) -> Credential:
        from airflow_provider_liveperson.client.credentials.login import LoginCredential

        return LoginCredential(**values)


_HOOKS: dict[str, type[LivePersonHook]] = {
    hook.conn_type: hook
    for hook in (LivePersonApiKeyHook, LivePersonAppJwtHook, LivePersonWebAppHook, LivePersonLoginHook)
}


def _hook_class(conn: Connection) -> type[LivePersonHook]:
    try:
        return _HOOKS[str(conn.conn_type).replace("-", "_")]
    except KeyError:
        raise ConfigurationError(
            f"connection {conn.conn_id!r} has the type {conn.conn_type!r}; it must be one of {', '.join(_HOOKS)}",
            field="conn_type",
        ) from None


def _trusted_hosts() -> tuple[str, ...]:
    """What the deployment trusts beside LivePerson's hosts, which no connection can say."""
    from airflow.configuration import conf

    from airflow_provider_liveperson.client.settings import split_hosts, trusted_hosts_of_environment

    configured = conf.get("liveperson", "trusted_hosts", fallback="") or ""
    return (*split_hosts(configured), *trusted_hosts_of_environment())


def _host(conn: Connection) -> str | None:
    """The host with the port and scheme that a connection given as a URI holds apart from it."""
    host: str | None = conn.host
    if not host or "://" in host:
        return host
    scheme = f"{conn.schema}://" if conn.schema in ("http", "https") else ""
    return f"{scheme}{host}:{conn.port}" if conn.port else f"{scheme}{host}"
