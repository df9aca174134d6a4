"""Parses contract YAML from an untrusted file into plain values with their line and column.

YAML tags can run code, aliases can expand without limit, and deep nesting can overflow the stack. A contract needs none of
these, so this
reader works on the parser's flat events and rejects tags, aliases, depth and size before it builds values.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from lakeward.core.errors import ContractError
from lakeward.core.messages import Phrase

# A contract of a thousand described columns has some 300 kB; parsing a larger file would slow down the DAG parse.
MAX_BYTES = 1_000_000
# The standard nests at most 11 levels; libyaml's composer overflows its stack at about ten thousand.
MAX_DEPTH = 32
# Longest text of a contract that a message repeats: messages stay under 500 characters.
MAX_REPR = 40

KeyPath = tuple[str | int, ...]

# YAML 1.1 as PyYAML reads it, so that other tools read the same values from the file. Dates stay text, as the standard requires.
_CONSTRUCTORS = {
    "tag:yaml.org,2002:int": SafeConstructor.construct_yaml_int,
    "tag:yaml.org,2002:float": SafeConstructor.construct_yaml_float,
    "tag:yaml.org,2002:bool": SafeConstructor.construct_yaml_bool,
    "tag:yaml.org,2002:null": SafeConstructor.construct_yaml_null,
}
_KINDS: Mapping[type, str] = {dict: "phrase_mapping", list: "phrase_list", type(None): "phrase_nothing"}
_CREDENTIALS = re.compile(r"://[^/\s:@]*:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a document.

    Args:
        key_path: Keys and list positions from the root to the fault.
        facts: Values named in the message of `code`.
    """

    key_path: KeyPath
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The plain values of a file.

    Args:
        file: Its name in messages.
        data: Mappings, lists, texts, numbers, booleans and None.
        positions: Line and column, from 1, of every entry (where its key is) and list item.
        faults: Faults of the YAML that do not stop reading: duplicate keys.
    """

    file: str
    text: str
    data: Any
    positions: Mapping[KeyPath, tuple[int, int]]
    faults: tuple[Fault, ...]

    def position(self, key_path: KeyPath) -> tuple[int, int]:
        """Line and column, from 1, of the entry at `steps`, or of the nearest enclosing one."""
        while key_path and key_path not in self.positions:
            key_path = key_path[:-1]
        return self.positions.get(key_path, (1, 1))

    def error(self, fault: Fault) -> ContractError:
        """The fault as an error with its position."""
        line, column = self.position(fault.key_path)
        return ContractError(fault.code, file=self.file, line=line, column=column, **fault.facts)


def read_text(path: Path, file: str) -> str:
    """The text of the contract at `path`.

    Raises:
        ContractError: The file is too large or not UTF-8, is a folder, or may not be read.
        FileNotFoundError: The file does not exist.
    """
    try:
        with path.open("rb") as stream:
            return decode_text(stream.read(MAX_BYTES + 1), file)
    except IsADirectoryError:
        raise ContractError("contract_is_folder", file=file, line=1, column=1) from None
    except PermissionError:
        raise ContractError("contract_unreadable", file=file, line=1, column=1) from None


def decode_text(content: bytes, file: str) -> str:
    """The text of a file of at most `MAX_BYTES` and one byte.

    Raises:
        ContractError: It is too large or not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(content) > MAX_BYTES:
            raise _too_large(file) from None
        line = content.count(b"\n", 0, error.start) + 1
        raise ContractError("contract_not_utf8", file=file, line=line, column=1) from None


def read_document(text: str, file: str) -> Document:
    """Read one YAML document.

    Raises:
        ContractError: It is not YAML, or has tags, aliases, several documents, or too much depth or size.
    """
    if len(text) > MAX_BYTES:
        raise _too_large(file)
    composer = _Composer(file)
    try:
        data = composer.compose(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        raise _syntax(file, error.problem_mark, safe_repr(error.problem or "")) from None
    except (yaml.YAMLError, UnicodeEncodeError):  # a character that YAML forbids
        raise _syntax(file, None, Phrase("phrase_control_character")) from None
    return Document(file=file, text=text, data=data, positions=composer.positions, faults=tuple(composer.faults))


def safe_repr(value: object) -> str | Phrase:
    """`value` if it is short, printable and free of credentials; otherwise only its type."""
    text = str(value)
    if isinstance(value, dict | list | None) or len(text) > MAX_REPR or not text.isprintable() or has_credentials(text):
        return Phrase(_KINDS.get(type(value), "phrase_long_text"))
    return text if isinstance(value, str) else text.lower()


def has_credentials(text: str) -> bool:
    """Whether `text` contains a URL with a password, or a private key."""
    return _CREDENTIALS.search(text) is not None


class _Composer:
    """Builds values from YAML events and records the position of each."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.positions: dict[KeyPath, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self._resolve: Callable[..., str] = Resolver().resolve
        self._constructor = SafeConstructor()

    def compose(self, events: Iterator[yaml.Event]) -> Any:
        data = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error_at("contract_documents", event)
                data = self._value(next(events), events, ())
        return data

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], key_path: KeyPath) -> Any:
        if isinstance(event, yaml.AliasEvent):
            raise self._error_at("contract_alias", event)
        if len(key_path) > MAX_DEPTH:
            raise self._error_at("contract_depth", event, limit=MAX_DEPTH)
        if getattr(event, "tag", None) not in {None, "!"}:
            raise self._error_at("contract_tag", event)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, key_path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, key_path)
        return self._scalar(event)

    def _mapping(self, events: Iterator[yaml.Event], key_path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise self._error_at("contract_key_kind", key)
            inner = (*key_path, key.value)
            self.positions[inner] = _position(key.start_mark)
            if key.value in values:
                self.faults.append(Fault(inner, "contract_duplicate_key", {"key": safe_repr(key.value)}))
            values[key.value] = self._value(next(events), events, inner)
        return values

    def _sequence(self, events: Iterator[yaml.Event], key_path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            inner = (*key_path, len(values))
            self.positions[inner] = _position(event.start_mark)
            values.append(self._value(event, events, inner))
        return values

    def _scalar(self, event: Any) -> Any:
        if not event.implicit[0]:  # quoted, or a block of text
            return event.value
        tag = self._resolve(ScalarNode, event.value, (True, False))
        if tag not in _CONSTRUCTORS:
            return event.value
        try:
            return _CONSTRUCTORS[tag](self._constructor, ScalarNode(tag, event.value))
        except ValueError:  # it looks like a number but is not one: `0x`, or thousands of digits
            return event.value

    def _error_at(self, code: str, event: yaml.Event, **facts: object) -> ContractError:
        line, column = _position(event.start_mark)
        return ContractError(code, file=self.file, line=line, column=column, **facts)


def _position(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax(file: str, mark: Any, problem: str | Phrase) -> ContractError:
    line, column = _position(mark)
    return ContractError("contract_syntax", file=file, line=line, column=column, problem=problem)


def _too_large(file: str) -> ContractError:
    return ContractError("contract_too_large", file=file, line=1, column=1, limit=MAX_BYTES)
