"""How the datasets of the account configuration are declared: a path, a version, and the ways to ask for all fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from airflow_provider_liveperson.credential_kind import CredentialKind
from airflow_provider_liveperson.datasets.model.access import NOT_DOCUMENTED, Access
from airflow_provider_liveperson.datasets.model.dataset import Dataset
from airflow_provider_liveperson.datasets.model.filters import Filter
from airflow_provider_liveperson.datasets.model.limits import Limits
from airflow_provider_liveperson.datasets.model.request import RequestTemplate
from airflow_provider_liveperson.datasets.readers.collection import IF_MATCH, Collection, RevisionHeaders
from airflow_provider_liveperson.records.columns import Column

SERVICE = "accountConfigReadOnly"


def every_field(names: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    """The ways to ask for all fields: by LivePerson's alias, by their names, by the older parameter, or not at all.

    :param names: the fields, as ``select`` takes them.
    """
    return {"select": "$all"}, {"select": ",".join(names)}, {"field_set": "all"}, {}


def collection(
    *,
    name: str,
    title: str,
    page: str,
    path: str,
    version: str | None,
    columns: Mapping[str, Column],
    content: str = "",
    ways: tuple[Mapping[str, str], ...] | None = None,
    arguments: Mapping[str, str] | None = None,
    primary_key: tuple[str, ...] = ("id",),
    smallest: Mapping[str, str] | None = None,
    revision: RevisionHeaders = IF_MATCH,
    permission: str = NOT_DOCUMENTED,
    kinds: tuple[CredentialKind, ...] = (CredentialKind.API_KEY, CredentialKind.LOGIN),
    seen: tuple[CredentialKind, ...] = (),
    scope: str = NOT_DOCUMENTED,
    filters: Mapping[str, Filter] | None = None,
) -> Dataset:
    """Declare a collection.

    :param name: the dataset's name.
    :param title: what people call it.
    :param page: LivePerson's page.
    :param path: the path below ``/api/account/{account_id}/configuration/``.
    :param version: the newest ``v``; None where the page names none.
    :param columns: every documented field.
    :param content: a field that does not come unless all are asked for.
    :param ways: the ways to ask for all fields; by default those of :func:`every_field`.
    :param arguments: further arguments.
    :param primary_key: the fields that tell two entities apart.
    :param smallest: the arguments of the smallest answer; by default, the primary key is selected.
    :param revision: the headers of the revision.
    :param permission: the API key's permission that it needs.
    :param kinds: the credential kinds that LivePerson's page names.
    :param seen: further kinds, with which clients are known to read it.
    :param scope: the OAuth 2.0 scope that it needs.
    :param filters: what LivePerson can be asked to leave out.
    """
    return Dataset(
        name=name,
        title=title,
        page=page,
        request=RequestTemplate(
            service=SERVICE,
            path=f"/api/account/{{account_id}}/configuration/{path}",
            params={} if version is None else {"v": version},
        ),
        access=Access(kinds=kinds, seen=seen, permission=permission, scope=scope),
        reader=Collection(
            arguments={"include_deleted": "true", **(arguments or {})},
            ways=every_field(columns) if ways is None else ways,
            content=content,
            smallest={"select": primary_key[0]} if smallest is None else smallest,
            revision=revision,
        ),
        primary_key=primary_key,
        limits=Limits(has_history=False),
        columns=columns,
        filters={} if filters is None else filters,
    )
