"""A GraphQL schema: the part that is in use, and answers to queries that are held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    REMOVE,
    DefinitionNode,
    EnumTypeDefinitionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    Visitor,
    VisitorAction,
    build_schema,
    execute_sync,
    parse,
    print_ast,
    validate,
    visit,
)

Types = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


def cut(whole: str, used: Mapping[str, Sequence[str]]) -> str:
    """The types in use with the fields in use, and all that they refer to."""
    there = {node.name.value: node for node in parse(whole).definitions if isinstance(node, TypeDefinitionNode)}
    kept: dict[str, DefinitionNode] = {}
    for name, fields in used.items():
        node = there[name]
        assert isinstance(node, Types)
        kept[name] = visit(_with_fields(node, fields, used), _Bare())
    open_ends = [name for node in kept.values() for name in _references(node)]
    while open_ends:
        name = open_ends.pop()
        if name in kept or name not in there:
            continue
        node = there[name]
        assert isinstance(node, EnumTypeDefinitionNode | InputObjectTypeDefinitionNode | ScalarTypeDefinitionNode), name
        kept[name] = visit(node, _Bare())
        open_ends += _references(kept[name])
    return "\n\n".join(print_ast(node) for node in kept.values())


class _Bare(Visitor):
    """Leaves out directives: they would ask for definitions of their own."""

    def enter_directive(self, *_: object) -> VisitorAction:
        return REMOVE


def _with_fields(node: Types, fields: Sequence[str], used: Mapping[str, Sequence[str]]) -> Types:
    there = node.fields or ()
    missing = set(fields) - {field.name.value for field in there}
    assert not missing, f"{node.name.value} has no {missing}"
    return replace(
        node,
        fields=tuple(field for field in there if field.name.value in fields),
        interfaces=tuple(one for one in node.interfaces or () if one.name.value in used),
    )


def _references(node: Node) -> Iterator[str]:
    if isinstance(node, NamedTypeNode):
        yield node.name.value
    for key in node.keys:
        value = getattr(node, key)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from _references(child)


class Refusal(GraphQLError):
    """What a server will not do, as an error of its answer; GitHub tells of which kind it is."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message, extensions={"type": kind})


@dataclass(frozen=True)
class Answered:
    """`wrong` is what the schema does not allow; empty if nothing is."""

    data: dict[str, Any]
    wrong: str = ""


class Schema:
    """A schema, and the answers of `roots`: dicts and values, or functions of what a query passes to a field."""

    def __init__(self, text: str) -> None:
        self._schema = build_schema(text)

    def wrong_with(self, query: str) -> str:
        """What the schema does not allow of a query."""
        try:
            return "; ".join(error.message for error in validate(self._schema, parse(query)))
        except GraphQLError as error:
            return error.message

    def answer(self, body: Mapping[str, Any], roots: Mapping[str, Any]) -> Answered:
        """What a server with these roots answers. A `Refusal` out of a root becomes an error of the answer."""
        odd = body.keys() - {"query", "variables"}
        wrong = self.wrong_with(body["query"]) or (f"not in a request: {', '.join(sorted(odd))}" if odd else "")
        if wrong:
            return Answered({"errors": [{"message": wrong}]}, wrong)
        done = execute_sync(self._schema, parse(body["query"]), roots, variable_values=body.get("variables"))
        # Any other is a value that does not fit: the client's or the fake's.
        accidents = [error for error in done.errors or () if not isinstance(error.original_error, Refusal)]
        wrong = "; ".join(str(error) for error in accidents)
        answer: dict[str, Any] = {"data": done.data}
        if done.errors:
            answer["errors"] = [_formatted(error) for error in done.errors]
        return Answered(answer, wrong)


def _formatted(error: GraphQLError) -> dict[str, Any]:
    """GitHub puts the kind of an error beside its message."""
    formatted: dict[str, Any] = {**error.formatted}
    return {**formatted.pop("extensions", {}), **formatted}
