"""The hook of all connection types. Long because of its public methods' many arguments, which are documented here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.sdk import BaseHook

from airflow_provider_liveperson.connections.fields import FORMS
from airflow_provider_liveperson.connections.reading import locate
from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.exceptions import ConfigurationError, LivePersonError
from airflow_provider_liveperson.hooks.building import (
    build_client,
    form_of,
    hook_class_of,
    host_of,
    read_connection,
    trusted_hosts,
)
from airflow_provider_liveperson.hooks.shared_client import SharedClient
from airflow_provider_liveperson.version_compat import AirflowNotFoundException

if TYPE_CHECKING:
    import requests
    from airflow.sdk import Connection

    from airflow_provider_liveperson.client.client import LivePersonClient
    from airflow_provider_liveperson.client.credentials.credential import Credential
    from airflow_provider_liveperson.client.messages import Answer
    from airflow_provider_liveperson.client.retries import RetrySchedule
    from airflow_provider_liveperson.datasets.model.dataset import Dataset
    from airflow_provider_liveperson.records.masking import Masking
    from airflow_provider_liveperson.records.policy import ConnectionPolicy


class LivePersonHook(BaseHook):
    """Sends requests to LivePerson with the credential of an Airflow connection, of any LivePerson type.

    What was begun at LivePerson, such as a login, ends with :meth:`close`; so use the hook as a context manager::

        with LivePersonHook.for_connection("liveperson_default") as hook:
            hook.request(...)
            for record in hook.records(...): ...

    Without it, :meth:`records` and similar methods end what they have begun themselves, once their records have been
    read to the end or dropped. After :meth:`get_conn`, :meth:`get_session` or :meth:`request`, and within the ``with``,
    only :meth:`close` ends it. The hook may be used again after that.

    :param liveperson_conn_id: the connection's id.
    """

    conn_name_attr = "liveperson_conn_id"
    default_conn_name = "liveperson_default"
    conn_type: ClassVar[str]
    hook_name = "LivePerson"

    def __init__(self, liveperson_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.liveperson_conn_id = liveperson_conn_id
        self._shared = SharedClient()

    def __enter__(self) -> Self:
        self._shared.is_kept = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out where the connection logs in, and close the network connections, if there are any."""
        self._shared.close()

    @classmethod
    def for_connection(cls, liveperson_conn_id: str = default_conn_name) -> LivePersonHook:
        """The hook for a connection, of the subclass for its type.

        :param liveperson_conn_id: the connection's id.
        :raises ConfigurationError: when there is no such connection, or it is not of a LivePerson type.
        """
        try:
            connection = cls.get_connection(liveperson_conn_id)
        except AirflowNotFoundException:
            # Not permanent: a secrets backend that is down looks the same.
            raise ConfigurationError(
                f"there is no connection {liveperson_conn_id!r} in Airflow; create it, of one of the types"
                f" {', '.join(FORMS)}, or correct liveperson_conn_id",
                field="liveperson_conn_id",
                permanent=False,
            ) from None
        return hook_class_of(connection)(liveperson_conn_id=liveperson_conn_id)

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        """A connection, as the tasks of its team get it.

        :param conn_id: the connection's id.
        :raises AirflowNotFoundException: when there is no such connection.
        :raises ConfigurationError: when there is one that Airflow cannot read.
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
        self._shared.is_kept = True
        return self._open()

    def get_session(self) -> requests.Session:
        """A session for what this package does not cover.

        It signs every request, has timeouts, follows no redirects, and refuses hosts that are not LivePerson's.
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
        """Send one request, retrying as LivePerson recommends.

        :param method: the HTTP method.
        :param service: the service's name in the Domain API, such as ``accountConfigReadOnly``.
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
        keep_fields: Sequence[str] | None = None,
        unknown_fields: str | None = None,
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """The records of a dataset in a half-open window, without landing them.

        :param dataset: the dataset's name, such as ``audit_trail``.
        :param start: first instant inside: an aware datetime, or ISO 8601 text with an offset. Not needed for a
            dataset that shows the present only, such as ``users``.
        :param end: first instant outside, likewise.
        :param filters: the dataset's filters.
        :param cursor: one of the dataset's cursors.
        :param allow_out_of_range: accept a window that cannot be complete.
        :param hash_fields: fields to replace by their salted hashes, as dotted paths; the salt is the connection's.
        :param drop_fields: fields to leave out, likewise.
        :param keep_fields: the only fields to return, likewise; default: all. The connection's extras of these names
            apply in any case; see the operators.
        :param unknown_fields: ``drop`` or ``keep`` fields that the dataset does not declare, and count them.
        :param allow_undeclared_fields: accept paths of fields that the dataset does not declare.
        :returns: dicts, in the dataset's order.
        :raises ConfigurationError: for a bad argument, before any request.
        :raises WindowOutOfRangeError: for a window that cannot be complete.
        :raises LivePersonError: for whatever fails at LivePerson.
        """
        from airflow_provider_liveperson.arguments import read_flag
        from airflow_provider_liveperson.datasets.catalog import dataset_named
        from airflow_provider_liveperson.pull.pull import records
        from airflow_provider_liveperson.window import resolve_window

        declared, now = dataset_named(dataset), datetime.now(UTC)
        if declared.is_snapshot and start is None and end is None:
            start, end = now - timedelta(seconds=1), now
        query = declared.query(resolve_window(start=start, end=end), filters=filters, cursor=cursor)
        out_of_range = read_flag(allow_out_of_range, "allow_out_of_range")
        if not out_of_range:
            declared.check_range(query.window, now)
        masking = self._masking(
            declared, hash_fields, drop_fields, keep_fields, unknown_fields, allow_undeclared_fields
        )
        return self._read_with(
            lambda client: records(
                client, declared, query, masking=masking, now=now if out_of_range else None
            )
        )

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
        keep_fields: Sequence[str] | None = None,
        unknown_fields: str | None = None,
        allow_undeclared_fields: bool = False,
        allow_out_of_range: bool = False,
        overlap: str = "refuse",
        raw: bool = False,
    ) -> dict[str, Any]:
        """Land a window in a store, as the operators do: for your own tasks.

        Give ``bucket`` for S3 or ``path`` for any other store. All other arguments are those of
        :class:`~airflow_provider_liveperson.transfers.liveperson_to_s3.LivePersonToS3Operator`. If a window
        has just ended, this waits until LivePerson has all its records.

        :param dataset: the dataset's name.
        :param start: first instant inside the window: an aware datetime, or ISO 8601 text with an offset.
        :param end: first instant outside, likewise.
        :param bucket: the S3 bucket.
        :param prefix: the folder in the bucket.
        :param aws_conn_id: the AWS connection.
        :param extra_args: further arguments of every request to S3, as for Airflow's ``S3Hook``.
        :param path: a folder as Airflow's ``ObjectStoragePath`` takes it, such as ``gs://conn_id@bucket/raw``.
        :param filters: the dataset's filters.
        :param cursor: one of the dataset's cursors.
        :param file_format: ``jsonl``, ``csv`` or ``parquet``.
        :param compression: ``gzip``, ``zstd`` or ``none``.
        :param csv_formulas: ``keep`` or ``quote``; see the operators.
        :param hash_fields: fields to replace by their salted hashes; the salt is the connection's.
        :param drop_fields: fields to leave out.
        :param keep_fields: the only fields to land; default: all. The connection's extras of these names apply in any
            case; see the operators.
        :param unknown_fields: ``drop`` or ``keep`` fields that the dataset does not declare, and count them.
        :param allow_undeclared_fields: accept paths of fields that the dataset does not declare.
        :param allow_out_of_range: accept a window that cannot be complete.
        :param overlap: ``refuse`` or ``allow`` a window that overlaps one that has landed there.
        :param raw: land files as they came, of a dataset that comes in files.
        :returns: the operators' summary: ``dataset, account_id, window_start, window_end, records, bytes, manifest,
            objects, manifests``.
        :raises ConfigurationError: for a bad argument, before any request.
        :raises WindowOutOfRangeError: for a window that cannot be complete.
        :raises StorageError: when the store rejects a request.
        :raises LivePersonError: for whatever fails at LivePerson.
        """
        from airflow_provider_liveperson.arguments import read_moment
        from airflow_provider_liveperson.hooks import telemetry
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
            keep_fields=keep_fields,
            unknown_fields=unknown_fields,
            allow_undeclared_fields=allow_undeclared_fields,
            allow_out_of_range=allow_out_of_range,
            overlap=overlap,
            raw=raw,
        )
        with self._shared.borrowed(self.new_client) as client:
            return asdict(telemetry.land(request, client, destination, privacy=self.privacy()))

    def conversations(
        self,
        conversation_ids: Iterable[str],
        *,
        content_to_retrieve: Sequence[str] | None = None,
        hash_fields: Sequence[str] = (),
        drop_fields: Sequence[str] = (),
        keep_fields: Sequence[str] | None = None,
        unknown_fields: str | None = None,
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Messaging conversations by their ids, with all their engagement attributes.

        LivePerson page: `messaging-interactions-api-methods-get-conversation-by-conversation-id.html`.

        :param conversation_ids: any number of ids; they are requested 100 at a time.
        :param content_to_retrieve: the sections to retrieve, by LivePerson's names; default all.
        :param hash_fields: as for :meth:`records`.
        :param drop_fields: likewise.
        :param keep_fields: likewise.
        :param unknown_fields: likewise.
        :param allow_undeclared_fields: likewise.
        :returns: dicts; ids that LivePerson does not know are left out.
        :raises ConfigurationError: for an unknown section, and for a single id instead of a list, before any request.
        :raises LivePersonError: for whatever fails at LivePerson.
        """
        from airflow_provider_liveperson.datasets.messaging_interactions.dataset import MESSAGING_INTERACTIONS
        from airflow_provider_liveperson.datasets.messaging_interactions.lookups import conversations_by_ids
        from airflow_provider_liveperson.datasets.messaging_interactions.requests import CONTENT, content

        if isinstance(conversation_ids, str | bytes):
            raise ConfigurationError(
                "conversation_ids must be a list of ids, not a text, which would be read as a list of letters",
                field="conversation_ids",
            )
        wanted = content(content_to_retrieve, CONTENT)
        masking = self._masking(
            MESSAGING_INTERACTIONS,
            hash_fields,
            drop_fields,
            keep_fields,
            unknown_fields,
            allow_undeclared_fields,
        )
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
        keep_fields: Sequence[str] | None = None,
        unknown_fields: str | None = None,
        allow_undeclared_fields: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """The messaging conversations of one consumer.

        LivePerson page: `messaging-interactions-api-methods-get-conversations-by-consumer-id.html`.

        :param consumer_id: ``consumerParticipants[].participantId`` of any of the consumer's conversations.
        :param status: ``OPEN``, ``CLOSE`` or both.
        :param content_to_retrieve: the sections to retrieve, by LivePerson's names; default all that this method has.
        :param hash_fields: as for :meth:`records`.
        :param drop_fields: likewise.
        :param keep_fields: likewise.
        :param unknown_fields: likewise.
        :param allow_undeclared_fields: likewise.
        :returns: dicts.
        :raises ConfigurationError: for an unknown section or status, before any request.
        :raises LivePersonError: for whatever fails at LivePerson.
        """
        from airflow_provider_liveperson.datasets.messaging_interactions.dataset import MESSAGING_INTERACTIONS
        from airflow_provider_liveperson.datasets.messaging_interactions.filters import FILTERS
        from airflow_provider_liveperson.datasets.messaging_interactions.lookups import (
            conversations_by_consumer,
        )
        from airflow_provider_liveperson.datasets.messaging_interactions.requests import (
            CONSUMER_CONTENT,
            content,
        )

        states = FILTERS["status"].read("status", status if isinstance(status, str) else list(status))
        wanted = content(content_to_retrieve, CONSUMER_CONTENT)
        return self._read_with(
            lambda client: conversations_by_consumer(client, consumer_id, status=states, content=wanted),
            self._masking(
                MESSAGING_INTERACTIONS,
                hash_fields,
                drop_fields,
                keep_fields,
                unknown_fields,
                allow_undeclared_fields,
            ),
        )

    def keep_alive(self) -> datetime:
        """Renew the tokens of a web application's consent now.

        LivePerson ends a consent whose tokens are not renewed for about 30 minutes. Nothing is sent if another process
        renews them at the same time.

        :returns: until when the tokens now last, in UTC.
        :raises ConfigurationError: for a connection of another type, before any request.
        :raises AuthenticationError: when only a new consent helps.
        :raises LivePersonError: when LivePerson cannot be reached.
        """
        self._web_app_connection()
        credential: Any = self.get_conn().credential
        return datetime.fromtimestamp(credential.keep_alive().expires_at, UTC)

    def _web_app_connection(self) -> Connection:
        """The connection, if it is one whose user has to consent."""
        conn = self.get_connection(self.liveperson_conn_id)
        form, wanted = form_of(conn), FORMS[CredentialKind.WEB_APP.conn_type]
        if form is not wanted:
            raise ConfigurationError(
                f"connection {self.liveperson_conn_id!r} is of the type {form.label!r}, which needs no consent, so"
                f" there is nothing to keep alive; give the ID of a connection of the type {wanted.label!r}",
                field="liveperson_conn_id",
            )
        return conn

    def test_connection(self) -> tuple[bool, str]:
        """Test the connection within ten seconds, without retries.

        :returns: whether it works, and a sentence that says so or names the wrong field.
        """
        from airflow_provider_liveperson.client.retries import NO_RETRIES
        from airflow_provider_liveperson.diagnostics.probe import BUDGET, probe_within
        from airflow_provider_liveperson.hooks.privacy import privacy_of
        from airflow_provider_liveperson.hooks.tested import check_tested, without_made_up_id

        conn_type = ""
        try:
            conn = self.get_connection(self.liveperson_conn_id)
            conn_type = str(conn.conn_type)
            privacy_of(read_connection(conn, self.liveperson_conn_id), self.liveperson_conn_id)
            check_tested(conn, host_of, trusted_hosts())
            with closing(
                build_client(conn, self.liveperson_conn_id, schedule=NO_RETRIES, budget=BUDGET)
            ) as client:
                return True, probe_within(client)
        except LivePersonError as error:
            place = locate(conn_type, error.field) if error.field and conn_type in FORMS else ""
            is_named = place in str(error) or repr(self.liveperson_conn_id) in str(error)
            message = str(error) if is_named else f"{place}: {error}"
            return False, without_made_up_id(message, self.liveperson_conn_id)

    def _masking(
        self,
        dataset: Dataset,
        hash_fields: Sequence[str],
        drop_fields: Sequence[str],
        keep_fields: Sequence[str] | None,
        unknown_fields: str | None,
        allow_undeclared_fields: bool,
    ) -> Masking | None:
        from airflow_provider_liveperson.arguments import read_flag, read_limits, read_masked
        from airflow_provider_liveperson.records.masking import masking_of
        from airflow_provider_liveperson.records.policy import Policy

        privacy = self.privacy()
        return masking_of(
            dataset.name,
            dataset.columns,
            Policy(
                hash_fields=read_masked(hash_fields, "hash_fields"),
                drop_fields=read_masked(drop_fields, "drop_fields"),
                **read_limits(keep_fields, unknown_fields),
            ),
            privacy.of(dataset.name, dataset.columns),
            salt=privacy.salt,
            allow_undeclared_fields=read_flag(allow_undeclared_fields, "allow_undeclared_fields"),
        )

    def _read_with(
        self,
        read: Callable[[LivePersonClient], Generator[bytes, None, None]],
        masking: Masking | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read records as they are iterated; the connection is read now, the first request is sent with the first."""
        from airflow_provider_liveperson.records import raw

        def rows() -> Iterator[dict[str, Any]]:
            with self._shared.borrowed(self.new_client) as client, closing(read(client)) as found:
                yield from map(raw.record, found if masking is None else map(masking.apply, found))

        self._open()
        return rows()

    def _open(self) -> LivePersonClient:
        return self._shared.get(self.new_client)

    def privacy(self) -> ConnectionPolicy:
        """What the connection's extras have hashed, dropped and kept, and its salt.

        :raises ConfigurationError: for a connection that cannot be used; its field is the extra.
        """
        from airflow_provider_liveperson.hooks.privacy import privacy_of

        conn_id = self.liveperson_conn_id
        return privacy_of(read_connection(self.get_connection(conn_id), conn_id), conn_id)

    def new_client(
        self, *, schedule: RetrySchedule | None = None, budget: float | None = None
    ) -> LivePersonClient:
        """A client of its own, beside that of :meth:`get_conn`; its caller closes it.

        :param schedule: how failed requests are repeated.
        :param budget: seconds that all its requests together may take.
        :raises ConfigurationError: for a missing or malformed field; says where it is in the form.
        :raises UntrustedHostError: for a host that is not LivePerson's.
        """
        conn = self.get_connection(self.liveperson_conn_id)
        try:
            return build_client(conn, self.liveperson_conn_id, schedule=schedule, budget=budget)
        except LivePersonError as error:
            if error.field and conn.conn_type in FORMS and repr(self.liveperson_conn_id) not in str(error):
                place = locate(conn.conn_type, error.field)
                raise type(error)(
                    f"connection {self.liveperson_conn_id!r}, {place}: {error}",
                    field=error.field,
                    permanent=error.permanent,
                ) from error
            raise

    @classmethod
    def make_credential(cls, conn_id: str, values: dict[str, Any]) -> Credential:
        """The credential of a connection of this hook's type.

        :param conn_id: the connection's id, for types that store something beside the connection.
        :param values: the fields of the form that are not settings of the client.
        """
        raise NotImplementedError(f"{cls.__name__} is abstract; use a subclass or for_connection()")
