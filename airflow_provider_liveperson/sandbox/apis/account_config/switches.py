"""What LivePerson's pages leave open about the account configuration."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import EVERY_CREDENTIAL, CredentialName, Switches, switch


class AccountConfigSwitches(Switches):
    """Switches of the account configuration."""

    config_auth: frozenset[CredentialName] = switch(
        EVERY_CREDENTIAL, "credential kinds that the account configuration accepts"
    )
    config_version_required: bool = switch(False, "whether a request without `v` is a 400")
    config_default_fields: Literal["trap", "all"] = switch(
        "trap", "fields of an answer to a request that names none: a few (`trap`), or all"
    )
    config_unknown_field: Literal["absent", "null"] = switch(
        "absent", "how a selected field that does not exist is answered"
    )
    config_select: Literal["aliases", "names", "strict_names", "nothing"] = switch(
        "aliases",
        "what `select` takes: names and aliases such as `$all`; names alone, with `$all` as a field that does not exist"
        " (`names`) or as a 400 (`strict_names`), but for categories, whose page documents it; or nothing, it is a 400",
    )
    config_nested_select: Literal["last_of_field", "last_of_all", "all"] = switch(
        "last_of_field",
        "which nested selections count: the last one of the same field, the last one of the whole selection, or all",
    )
    config_revision_header: Literal["ac-revision", "etag", "both", "absent"] = switch(
        "ac-revision", "header that holds the revision"
    )
    config_etag_quoted: bool = switch(False, "whether the revision in `ETag` has quotation marks")
    config_if_match: Literal["304", "version", "http"] = switch(
        "304",
        "what `If-Match` means: a 304 for an equal revision, a version to give (it is ignored), or what it means in"
        " HTTP, a 412 for another revision",
    )
    config_ids: Literal["mixed", "strings", "numbers"] = switch(
        "mixed", "how ids are written; `mixed`: those of users as text, all others as numbers"
    )
    config_repeated: int = switch(0, "how many entities come a second time, after the others", minimum=0)
    config_last_modified: Literal["date", "number", "absent"] = switch(
        "date",
        "how profiles write their revision in `X-LP-Last-Modified`; `absent`: they have the headers of all others",
    )
    config_undocumented: Literal["ignore", "reject"] = switch(
        "ignore",
        "what common parameters get at a collection whose page does not name them, such as `v` at status reasons:"
        " nothing, or a 400",
    )
    config_hotkey: Literal["hotkey", "hot-key"] = switch(
        "hotkey", "how predefined content spells the field of its shortcut"
    )
    config_unified_attributes: Literal["once", "twice"] = switch(
        "once", "how often unified automatic messages have the member `attributes`, as in LivePerson's sample"
    )
