"""Base of the classes that flows return: frozen, with typed fields and `as_dict` for JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from lakeward.core.messages import Phrase
from lakeward.core.names import TableName

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@runtime_checkable
class FlowAnswer(Protocol):
    """An answer with a JSON form."""

    def as_dict(self) -> dict[str, object]:
        """Documented keys with plain values."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """A message code with the values that fill it, to be rendered in either language.

    Args:
        code: Message code.
        facts: Values that fill the message.
    """

    code: str
    facts: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """`code, facts`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """A problem at one place of a file that a person wrote.

    Args:
        file: Path of the file.
        line: From 1; None if the problem has no place in the file.
        column: From 1; for a rule without a known place, the name of the data column.
        code: Message code.
        facts: Values that fill the message.
        standard: Whether the contract departs from the Open Data Contract Standard there; otherwise it only cannot run here.
    """

    file: str
    line: int | None
    column: int | str | None
    code: str
    facts: Mapping[str, object]
    standard: bool = False

    def as_dict(self) -> dict[str, object]:
        """`file, line, column, code, facts, standard`."""
        return fields_of(self)


# Types that JSON does not have. A decimal becomes a number, a time ISO 8601 text.
_FORMS: Mapping[type, Callable[[Any], object]] = {Decimal: float, datetime: datetime.isoformat, TableName: str}


def fields_of(answer: "DataclassInstance") -> dict[str, object]:
    """Every field of `answer` by name, in order, with plain values."""
    return {field.name: plain(getattr(answer, field.name)) for field in fields(answer)}


def plain(value: object) -> object:
    """`value` in JSON types; of the values of a mapping phrases alone are changed, into English."""
    if value is None or isinstance(value, str | int | float):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: str(item) if isinstance(item, Phrase) else item for name, item in value.items()}
    if isinstance(value, FlowAnswer):
        return value.as_dict()
    form = _FORMS.get(type(value))
    return form(value) if form else value
