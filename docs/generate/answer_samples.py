"""Answers made up from the types of their fields, so that their own `as_dict` says which keys they have."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from lakeward.core.names import Layer, TableName
from lakeward.maturity.catalogue import Catalogue, default_catalogue

PLAIN: Mapping[Any, object] = {
    str: "text",
    int: 1,
    float: 1.0,
    bool: True,
    Decimal: Decimal(1),
    datetime: datetime.fromisoformat("2026-03-01T06:00:00+00:00"),
    date: date.fromisoformat("2026-03-01"),
    Path: Path("file"),
    TableName: TableName(Layer.SILVER, "press_line"),
    object: "text",
    Any: "text",
    Catalogue: default_catalogue(),
}
# Of a choice of types, the first and the last one are tried: an answer of two shapes shows the keys of both.
CHOICES = (0, -1)


def answers_of(flow: Any) -> list[type]:
    """The classes that a public flow answers with."""
    hint = typing.get_type_hints(flow)["return"]
    return [part for part in _parts(hint) if inspect.isclass(part) and hasattr(part, "as_dict")]


def samples(kind: type) -> list[Any]:
    """Answers of this class."""
    return [_made(kind, choice) for choice in CHOICES]


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for inner in typing.get_args(hint):
        yield from _parts(inner)


def _made(hint: Any, choice: int) -> Any:
    """A value of this type."""
    origin, within = typing.get_origin(hint), typing.get_args(hint)
    if hint is None or hint is types.NoneType:
        return None
    if isinstance(hint, typing.NewType):
        return _made(hint.__supertype__, choice)
    if origin in {typing.Union, types.UnionType}:
        return _made([each for each in within if each is not types.NoneType][choice], choice)
    if origin is typing.Literal:
        return within[0]
    if origin is tuple:
        return tuple(_made(each, choice) for each in within if each is not Ellipsis)
    return _collected(origin, within, choice) if origin else _single(hint, choice)


def _collected(origin: Any, within: tuple[Any, ...], choice: int) -> Any:
    if issubclass(origin, Mapping):
        return {_made(within[0], choice): _made(within[1], choice)}
    if issubclass(origin, list | frozenset | set):
        return origin((_made(within[0], choice),))
    return (_made(within[0], choice),)


def _single(hint: Any, choice: int) -> Any:
    if hint in PLAIN:
        return PLAIN[hint]
    if issubclass(hint, Enum):
        return next(iter(hint))
    hints = typing.get_type_hints(hint)
    if issubclass(hint, tuple):
        return hint(*(_made(each, choice) for each in hints.values()))
    if dataclasses.is_dataclass(hint):
        kind: Any = hint
        return kind(**{field.name: _made(hints[field.name], choice) for field in dataclasses.fields(hint) if field.init})
    raise TypeError(hint)
