"""The GraphQL face of the audit trail: one root field, read and validated by graphql-core.

A query runs in two schemas. The first describes the rows and is what a document is validated against. The
second declares the same root field as an opaque value, so that a page of rows is made in one step rather
than by thousands of field resolutions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

try:
    import graphql
except ImportError as error:
    raise ImportError(
        "The sandbox's audit trail needs graphql-core: pip install 'airflow-provider-liveperson[sandbox]'"
    ) from error

from airflow_provider_liveperson.sandbox.apis.audit_trail.log import FIELDS
from airflow_provider_liveperson.sandbox.apis.audit_trail.words import QueryRefused

Resolver = Callable[[dict[str, Any], dict[str, str]], list[dict[str, Any]]]
"""Takes the arguments and the selection (name in the answer to field); gives the rows."""


def run(
    source: str,
    *,
    variables: dict[str, Any] | None,
    operation: str | None,
    with_action_type: bool,
    resolver: Resolver,
) -> dict[str, Any]:
    """Answer a GraphQL document.

    :param source: the document.
    :param variables: values of its variables.
    :param operation: the operation to run, if it has several.
    :param with_action_type: whether rows have the field ``actionType``.
    :param resolver: makes the rows; it may raise ValueError for arguments that are not valid.
    :return: the ``data`` of the answer.
    :raises QueryRefused: if the document cannot be read, does not match the schema, or cannot be executed.
    """
    _, executed = _schemas(with_action_type)
    try:
        document = graphql.parse(source)
    except graphql.GraphQLError as error:
        raise QueryRefused(_formatted([error])) from None
    # The pages of one reading differ in these numbers alone, which is no reason to validate each anew.
    if not _is_valid(_PAGE_NUMBER.sub(r"\1:0", source), with_action_type):
        errors = _validate(document, with_action_type)
        if errors:
            raise QueryRefused(_formatted(errors))
    result = graphql.execute_sync(
        executed, document, context_value=resolver, variable_values=variables, operation_name=operation
    )
    if result.errors:
        raise QueryRefused(_formatted(result.errors))
    return result.data or {}


_PAGE_NUMBER = re.compile(r"\b(first|offset)\s*:\s*\d{1,9}\b")


@lru_cache(maxsize=64)
def _is_valid(source: str, with_action_type: bool) -> bool:
    try:
        return not _validate(graphql.parse(source), with_action_type)
    except graphql.GraphQLError:
        return False


def _validate(document: graphql.DocumentNode, with_action_type: bool) -> list[graphql.GraphQLError]:
    described, _ = _schemas(with_action_type)
    rules = [*graphql.specified_rules, graphql.NoSchemaIntrospectionCustomRule]
    return graphql.validate(described, document, rules)


def _formatted(errors: Iterable[graphql.GraphQLError]) -> list[dict[str, Any]]:
    return [dict(error.formatted) for error in errors]


@cache
def _schemas(with_action_type: bool) -> tuple[graphql.GraphQLSchema, graphql.GraphQLSchema]:
    text = graphql.GraphQLString
    fields = [name for name in FIELDS if with_action_type or name != "actionType"]
    row = graphql.GraphQLObjectType(
        "AuditData",
        {
            name: graphql.GraphQLField(graphql.GraphQLBoolean if name == "originatorIsLpa" else text)
            for name in fields
        },
    )
    # Strings, enum words, and lists of either: the documentation shows none of them.
    words = graphql.GraphQLScalarType("Words")
    arguments = {
        "fromDate": graphql.GraphQLArgument(text),
        "toDate": graphql.GraphQLArgument(text),
        "first": graphql.GraphQLArgument(graphql.GraphQLInt),
        "offset": graphql.GraphQLArgument(graphql.GraphQLInt),
        "orderBy": graphql.GraphQLArgument(words),
        "orderDirection": graphql.GraphQLArgument(words),
        "users": graphql.GraphQLArgument(words),
        "componentTypes": graphql.GraphQLArgument(words),
        "language": graphql.GraphQLArgument(text),
        "timezone": graphql.GraphQLArgument(text),
        "lpa": graphql.GraphQLArgument(graphql.GraphQLBoolean),
        "automaticUpdates": graphql.GraphQLArgument(graphql.GraphQLBoolean),
    }
    described = graphql.GraphQLField(graphql.GraphQLList(row), args=arguments)
    executed = graphql.GraphQLField(graphql.GraphQLScalarType("Rows"), args=arguments, resolve=_resolve)
    return _schema(described), _schema(executed)


def _schema(root_field: graphql.GraphQLField) -> graphql.GraphQLSchema:
    return graphql.GraphQLSchema(graphql.GraphQLObjectType("Query", {"auditData": root_field}))


def _resolve(
    _root: Any, info: graphql.GraphQLResolveInfo[Resolver], **arguments: Any
) -> list[dict[str, Any]]:
    selection: dict[str, str] = {}
    for node in info.field_nodes:
        if node.selection_set:
            _collect(node.selection_set, info, selection)
    resolver: Resolver = info.context
    return resolver(arguments, selection)


def _collect(
    selection_set: graphql.SelectionSetNode,
    info: graphql.GraphQLResolveInfo[Resolver],
    selection: dict[str, str],
) -> None:
    """Flatten fields and fragments into the selection; validation made sure that this ends."""
    for node in selection_set.selections:
        skip = graphql.get_directive_values(graphql.GraphQLSkipDirective, node, info.variable_values)
        include = graphql.get_directive_values(graphql.GraphQLIncludeDirective, node, info.variable_values)
        if (skip and skip["if"]) or (include and not include["if"]):
            continue
        if isinstance(node, graphql.FieldNode):
            selection[node.alias.value if node.alias else node.name.value] = node.name.value
        elif isinstance(node, graphql.InlineFragmentNode):
            _collect(node.selection_set, info, selection)
        elif isinstance(node, graphql.FragmentSpreadNode):
            _collect(info.fragments[node.name.value].selection_set, info, selection)
