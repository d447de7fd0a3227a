"""Fields with personal data, as far as LivePerson documents them: for ``drop_fields`` and ``hash_fields``.

>>> from airflow_provider_liveperson.personal_data import PERSONAL_FIELDS
>>> LivePersonToS3Operator(  # doctest: +SKIP
...     dataset="users", drop_fields=PERSONAL_FIELDS["users"], ...
... )

The datasets' columns say which fields these are. What LivePerson does not document cannot be listed: a section or
field that it adds later, or that an account's own engagement attributes contain, is landed until it is listed. Ids are
not among them, because records are counted and joined by them; those of conversations are in ``CONVERSATION_IDS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_provider_liveperson.records.columns import personal_paths


class _PersonalFields(Mapping[str, tuple[str, ...]]):
    """Reads a dataset's columns when it is asked for, so that the import of this module costs a Dag nothing."""

    def __getitem__(self, name: str) -> tuple[str, ...]:
        from airflow_provider_liveperson.datasets.catalog import DATASETS

        return personal_paths(DATASETS[name].columns)

    def __iter__(self) -> Iterator[str]:
        from airflow_provider_liveperson.datasets.catalog import DATASETS

        return iter(DATASETS)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def __getattr__(name: str) -> tuple[str, ...]:
    if name == "CONVERSATION_CONTENT":
        return PERSONAL_FIELDS["messaging_interactions"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


PERSONAL_FIELDS: Mapping[str, tuple[str, ...]] = _PersonalFields()
"""Name of a dataset to its fields with personal data, as dotted paths: names, addresses, free texts; no ids."""

_PARTICIPANTS = ("agentParticipants", "agentParticipantsLeave", "agentParticipantsActive")
_SURVEYS = ("latestAgentSurvey", "previouslySubmittedAgentSurveys")

CONVERSATION_CONTENT: tuple[str, ...]
"""Of ``messaging_interactions``: names, addresses and whereabouts of consumers, names of agents, and all free text."""

CONVERSATION_IDS: tuple[str, ...] = (
    "consumerParticipants.participantId",
    "messageRecords.participantId",
    "messageStatuses.participantId",
    "info.sessionId",
    "info.interactionContextId",
    "info.latestAgentId",
    *(f"{participants}.agentId" for participants in _PARTICIPANTS),
    "transfers.sourceAgentId",
    "transfers.assignedAgentId",
    "interactions.assignedAgentId",
    *(f"{survey}.{role}AgentId" for survey in _SURVEYS for role in ("assigned", "performedBy")),
    "coBrowseSessions.coBrowseSessionsList.agentId",
)
"""Of ``messaging_interactions``: ids of consumers, visits and agents. Hashed, they can still be counted and joined."""
