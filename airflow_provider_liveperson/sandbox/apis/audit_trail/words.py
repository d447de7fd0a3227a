"""What the audit trail's GraphQL has in common with its reader: refusals, and arguments that are words."""

from __future__ import annotations

from typing import Any


class QueryRefused(Exception):
    """A document that cannot be answered.

    :param errors: GraphQL errors as they are answered.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


def words_of(value: Any, argument: str) -> list[str]:
    """Read an argument that is a word or a list of words.

    :param value: what graphql-core made of it.
    :param argument: its name, for the error message.
    :raises ValueError: if it is something else.
    """
    items = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"{argument} must be a string or a list of strings")
    return items
