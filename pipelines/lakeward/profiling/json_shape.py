"""JSON that is no list of records: where in it the records are, and the jq program that takes them out.

Records are objects, one after the other or in one array. Answers of web services wrap them (`{"data": […], "meta": …}`), or hold
lists of values. A draft of such a file would have one record with a column of JSON text.
"""

import itertools
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakeward.core.errors import UsageError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Lists that are columns of one table; more are one for each thing. Names in a message.
MAX_COLUMNS, SHOWN = 50, 3
# File names from which on one value that is no object is JSON, and no text.
_SUFFIXES = frozenset((".json", ".jsonl", ".ndjson", ".geojson"))


@dataclass(frozen=True, slots=True)
class JsonShape:
    """Records that are to be taken out of a file first.

    Args:
        code: Message code of what the file is.
        program: Of jq, with its options.
        key: Path of the records in the object; empty: it is the whole file.
        target: Name of the file that the program writes.
    """

    code: str
    program: str
    key: str = ""
    target: str = "records.jsonl"

    def refuse(self, path: Path) -> UsageError:
        """The error that names the shape and the command."""
        command = f"jq {self.program} {shlex.quote(str(path))} > {self.target}"
        return UsageError(self.code, file=path, key=self.key, command=command)


@dataclass(frozen=True, slots=True)
class _Node:
    """A value, and where it lies: keys from the top, behind `prefix`, which is `.[]` inside an array."""

    value: Any
    prefix: str
    keys: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        return ".".join(self.keys)

    @property
    def program(self) -> str:
        path = self.prefix
        for key in self.keys:
            if _PLAIN_KEY.fullmatch(key):
                path += f".{key}"
            else:
                path = f"{path or '.'}[{json.dumps(key, ensure_ascii=False)}]"
        return path or "."

    def of(self, key: str) -> "_Node":
        return _Node(self.value[key], self.prefix, (*self.keys, key))


def find_shape(text: str, suffix: str) -> JsonShape | None:
    """What must be taken out of the file first; None where it holds records, or is no JSON.

    Args:
        text: The file, or its beginning.
        suffix: The end of its name, such as `.json`.
    """
    text = text.lstrip("\ufeff \t\r\n")
    value, rest = _first_value(text)
    if isinstance(value, dict):
        return None if rest.strip() else _shape_of_object(_Node(value, ""))
    if isinstance(value, list):
        return _shape_of_list(value, rest)
    is_json = suffix.lower() in _SUFFIXES and value is not _NO_JSON and not rest.partition("\n")[0].strip()
    return JsonShape("sample_json_no_objects", """-c '{"value": .}'""") if is_json else None


def nested_records(text: str) -> bool:
    """Whether a text is a JSON list of objects."""
    if not text.startswith("["):
        return False
    return _is_records(_first_value(text)[0])


_NO_JSON = object()


def _first_value(text: str) -> tuple[Any, str]:
    """The first value and what follows it; of a value that is cut off, as much as is there."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
        return value, text[end:]
    except (json.JSONDecodeError, RecursionError):
        pass
    try:
        return json.loads(_close(text)) or _NO_JSON, ""
    except (json.JSONDecodeError, RecursionError):
        return _NO_JSON, ""


def _close(text: str) -> str:
    """The text up to its last whole member, with what is open there closed."""
    opened: list[str] = []
    end, closing = 0, ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            opened.append("]" if sign == "[" else "}")
        elif sign in ("]", "}"):
            if not opened or opened.pop() != sign or not opened:
                return ""  # it is closed, so that what is no JSON in it is no cut
        elif sign != ",":
            continue
        end, closing = token.start() if sign == "," else token.end(), "".join(reversed(opened))
    return text[:end] + closing


def _shape_of_list(value: Sequence[Any], rest: str) -> JsonShape | None:
    following = rest.lstrip(" \t\r")
    if following and not following.startswith("\n"):
        return None  # a text that begins with a bracket
    if not value:
        return None
    if any(isinstance(item, dict) for item in value):
        only = len(value) == 1 and not rest.strip()
        return _shape_of_object(_Node(value[0], ".[]")) if only else None
    # One list on each line is one record on each line.
    if all(isinstance(item, list) for item in value) or rest.strip():
        program = "-r '@csv'" if rest.strip() else "-r '.[] | @csv'"
        return JsonShape("sample_json_no_objects", program, target="records.csv")
    return JsonShape("sample_json_no_objects", """-c '.[] | {"value": .}'""")


def _shape_of_object(node: _Node) -> JsonShape | None:
    """The shape of a file whose only object is this one."""
    if not isinstance(node.value, Mapping):
        return None
    if records := _find(node, _is_records):
        return JsonShape("sample_json_envelope", f"-c '{records.program}[]'", records.name)
    if lists := _find(node, _is_lists):
        return _shape_of_lists(_parent(node, lists), lists)
    if values := _find(node, _is_values):
        return _shape_of_values(_parent(node, values))
    if empty := _find(node, lambda value: value == []):
        return JsonShape("sample_json_envelope", f"-c '{empty.program}[]'", empty.name)
    return _shape_of_objects(node)


def _shape_of_lists(parent: _Node, lists: _Node) -> JsonShape:
    """Lists of lists: each is a record, with the columns' names beside them or without."""
    if len(parent.value) > 1 and all(map(_is_lists, parent.value.values())):
        return _shape_by_key(parent)
    names = next((key for key, item in parent.value.items() if _names(item, lists.value)), None)
    rows = f"({parent.of(names).program}, {lists.program}[])" if names else f"{lists.program}[]"
    return JsonShape("sample_json_lists", f"-r '{rows} | @csv'", lists.name, "records.csv")


def _shape_of_values(parent: _Node) -> JsonShape:
    """Lists of values beside each other: each is a column."""
    lists = [key for key, value in parent.value.items() if _is_values(value)]
    lengths = {len(parent.value[key]) for key in lists}
    if len(lists) > MAX_COLUMNS or (len(lengths) > 1 and len(lists) == len(parent.value)):
        return _shape_by_key(parent)
    columns = ", ".join(parent.of(key).program for key in lists)
    record = ", ".join(f"{json.dumps(key, ensure_ascii=False)}: .[{at}]" for at, key in enumerate(lists))
    program = f"-c '[{columns}] | transpose[] | {{{record}}}'"
    return JsonShape("sample_json_lists", program, _shown_names(parent.of(key).name for key in lists))


def _shape_by_key(parent: _Node) -> JsonShape:
    """A list for each key, of other lengths: each value is a record with its key."""
    path = "" if parent.program == "." else f"{parent.program} | "
    program = f"-c '{path}to_entries[] | .key as $key | .value[] | {{key: $key, value: .}}'"
    return JsonShape("sample_json_lists", program, _shown_names(map(str, parent.value)))


def _shown_names(names: Iterable[str]) -> str:
    first = list(itertools.islice(names, SHOWN + 1))
    return ", ".join(first[:SHOWN]) + (", …" if len(first) > SHOWN else "")


def _shape_of_objects(node: _Node) -> JsonShape | None:
    """An object of nothing but objects: one for each key, or one that holds the record."""
    members = list(node.value.values())
    if not members or not all(isinstance(member, Mapping) for member in members):
        return None
    alike = len(members) > 1 and len(members[0].keys() & members[1].keys()) * 2 > len(members[0])
    if alike:
        path = "" if node.program == "." else f"{node.program} | "
        return JsonShape("sample_json_members", f"-c '{path}to_entries[] | {{key}} + .value'", node.name)
    largest = node.of(max(node.value, key=lambda key: len(node.value[key])))
    return _shape_of_objects(largest) or JsonShape("sample_json_envelope", f"-c {shlex.quote(largest.program)}", largest.name)


def _find(node: _Node, holds: Any) -> _Node | None:
    """The largest value of an object that is so, or that of the first object in it that has one."""
    found = [node.of(key) for key, value in node.value.items() if holds(value)]
    if found:
        return max(found, key=lambda one: len(one.value))
    inner = (_find(node.of(key), holds) for key, value in node.value.items() if isinstance(value, Mapping))
    return next((one for one in inner if one), None)


def _parent(top: _Node, node: _Node) -> _Node:
    for key in node.keys[:-1]:
        top = top.of(key)
    return top


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _is_lists(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, list) for item in value)


def _is_values(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _names(value: Any, rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a list names the columns of the rows."""
    return isinstance(value, list) and len(value) == len(rows[0]) and all(isinstance(item, str) for item in value)
