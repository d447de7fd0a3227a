"""What LivePerson's pages leave open about Data Access."""

from __future__ import annotations

from typing import Literal

from airflow_provider_liveperson.sandbox.switches import CredentialName, Switches, switch


class DataAccessSwitches(Switches):
    """Switches of Data Access."""

    data_access_surveys: int = switch(
        300, "surveys in Data Access files in total, spread evenly over the days", minimum=0, fixed=True
    )
    data_access_agent_sessions: int = switch(
        60,
        "agents' sessions in Data Access files in total, spread evenly over the days",
        minimum=0,
        fixed=True,
    )
    data_access_web_sessions: int = switch(
        60, "web sessions in Data Access files in total, spread evenly over the days", minimum=0, fixed=True
    )
    data_access_engagements: int = switch(
        60, "engagements in Data Access files in total, spread evenly over the days", minimum=0, fixed=True
    )
    data_access_auth: frozenset[CredentialName] = switch(
        frozenset({"oauth1"}), "credential kinds that Data Access accepts"
    )
    data_access_no_files: Literal["404", "400"] = switch(
        "404", "the status of the answer `No Available Files`, for a range without files"
    )
    data_access_single: Literal["object", "list"] = switch(
        "object", "a single file in a list: as itself, or as a list of one"
    )
    data_access_names: Literal["gz", "bare", "bare_name"] = switch(
        "gz", "whether names and links end in `.gz`; with `bare_name`, links do and names do not"
    )
    data_access_files: Literal["gzip", "plain"] = switch("gzip", "whether files are compressed")
    data_access_layout: Literal["lines", "concatenated", "list"] = switch(
        "lines", "how the JSON objects of a file follow each other"
    )
    data_access_tags: Literal["real", "sample"] = switch(
        "real",
        "which values stand in an object that names their type, as Avro's JSON has it: all of them, or those of"
        " LivePerson's sample",
    )
    data_access_bodies: Literal["fields", "object", "list"] = switch(
        "fields",
        "how the bodies of web sessions hold what LivePerson shows no sample of (geography, session): as their own"
        " fields, in an object, or in a list of one",
    )
    data_access_zone: Literal["+00:00", "-04:00"] = switch(
        "+00:00", "the offset in which a list writes the scope of a file"
    )
    data_access_edges: Literal["outside", "inside"] = switch(
        "outside", "whether a list also has the files that end at `startTime` or begin at `endTime`"
    )
    data_access_range: Literal["scope", "made"] = switch(
        "scope",
        "which files `startTime` and `endTime` choose: those whose scope overlaps the range, or those made in it,"
        " some minutes after their scope has ended",
    )
