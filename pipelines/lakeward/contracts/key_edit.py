"""Makes a proposed key the key of a contract, in its text: comments and layout stay, since people wrote them.

The caller parses the result, like any contract.
"""

from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode


class TextEdit(NamedTuple):
    """Characters `start` to `end` of a text, and what stands there instead."""

    start: int
    end: int
    text: str


def confirm_key_in_text(text: str, key: tuple[str, ...], version: str | None = None) -> str:
    """The contract with `key` as its `primaryKey`, each column required, and without `proposedKey`.

    Args:
        text: A valid contract that has these columns and no key.
        version: The version it then gives itself; None: as before.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root is not None  # the contract is valid
    edits = [*_column_edits(text, root, key), *_removed_proposal(text, root)]
    if version is not None:
        edits.append(_replaced_scalar(_entry(root, "version"), version))
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _entry(node: Node, key: str) -> Node:
    found = _entries(node).get(key)
    assert found is not None  # the contract is valid
    return found


def _entries(node: Node) -> dict[str, Node]:
    return {name.value: value for name, value in node.value} if isinstance(node, MappingNode) else {}


def _column_edits(text: str, root: Node, key: tuple[str, ...]) -> Iterator[TextEdit]:
    properties = _entry(_entry(root, "schema").value[0], "properties")
    for column in properties.value:
        name = str(_entry(column, "name").value)
        if name in key:
            yield from _key_edits(text, column, key.index(name) + 1)


def _key_edits(text: str, column: MappingNode, position: int) -> Iterator[TextEdit]:
    wanted = {"required": "true", "primaryKey": "true", "primaryKeyPosition": str(position)}
    entries = _entries(column)
    yield from (_replaced_scalar(entries[name], value) for name, value in wanted.items() if name in entries)
    new = [f"{name}: {value}" for name, value in wanted.items() if name not in entries]
    if not new:
        return
    if column.flow_style:
        at = len(text[: column.end_mark.index - 1].rstrip(" ,"))
        yield TextEdit(at, at, ", " + ", ".join(new))
        return
    at, indent = _line_end(text, entries["name"].end_mark.index), " " * column.value[0][0].start_mark.column
    yield TextEdit(at, at, "".join(f"\n{indent}{line}" for line in new))


def _removed_proposal(text: str, root: Node) -> Iterator[TextEdit]:
    properties = _entries(root).get("customProperties")
    items = properties.value if isinstance(properties, SequenceNode) else []
    for item in items:
        if _entry(item, "property").value == "proposedKey":
            yield _removed_item(text, item, in_flow=isinstance(properties, SequenceNode) and bool(properties.flow_style))


def _removed_item(text: str, item: Node, *, in_flow: bool) -> TextEdit:
    """The whole lines of an item of a block; of a list in brackets the item with one comma."""
    start, end = item.start_mark.index, _node_end(item)
    if not in_flow:
        return TextEdit(text.rfind("\n", 0, start) + 1, min(_line_end(text, end) + 1, len(text)), "")
    rest = text[end:].lstrip()
    if rest.startswith(","):
        return TextEdit(start, len(text) - len(rest[1:].lstrip()), "")
    return TextEdit(len(text[:start].rstrip().removesuffix(",")), end, "")


def _node_end(node: Node) -> int:
    """Where the node's own text ends: a block ends, for the parser, only where the next one begins."""
    if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _node_end(last[1] if isinstance(node, MappingNode) else last)


def _line_end(text: str, index: int) -> int:
    """Where the line's own characters end."""
    at = text.find("\n", index)
    return len(text) if at < 0 else at


def _replaced_scalar(node: Node, value: str) -> TextEdit:
    quote = node.style if isinstance(node, ScalarNode) and node.style in {"'", '"'} and "." in value else ""
    return TextEdit(node.start_mark.index, node.end_mark.index, f"{quote}{value}{quote}")
