"""Who may read a dataset, as far as LivePerson's pages say."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_liveperson.credential_kind import CredentialKind

NOT_DOCUMENTED = "not documented"


@dataclass(frozen=True, kw_only=True)
class Access:
    """What LivePerson's pages ask of a credential.

    :param kinds: the credential kinds that they name.
    :param seen: further kinds, with which clients are known to read it.
    :param permission: the API key's permission.
    :param scope: the OAuth 2.0 scope.
    """

    kinds: tuple[CredentialKind, ...]
    permission: str = NOT_DOCUMENTED
    scope: str = NOT_DOCUMENTED
    seen: tuple[CredentialKind, ...] = ()

    @property
    def known(self) -> tuple[CredentialKind, ...]:
        """The kinds with which it can be read, as far as anybody knows."""
        return (*self.kinds, *self.seen)

    @property
    def titles(self) -> list[str]:
        """What users call the credential kinds."""
        return [*(kind.title for kind in self.kinds), *(f"{kind.title} (undocumented)" for kind in self.seen)]
