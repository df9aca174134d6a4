"""The kinds of the contract model as Delta names them (Delta protocol, "Primitive Types").

Refuses lossy pairs: a type maps to a kind only when every value of it survives the cast; what has no kind is text.
"""

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import decimal

_DELTA = {
    Kind.STRING: "string",
    Kind.INTEGER: "long",
    Kind.DOUBLE: "double",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.BINARY: "binary",
}
_FROM_DELTA = {name: kind for kind, name in _DELTA.items()} | {
    **dict.fromkeys(("byte", "short", "integer"), Kind.INTEGER),
    "float": Kind.DOUBLE,
}


def delta_type(type_: DataType) -> str:
    """How Delta names the type."""
    return _DELTA.get(type_.kind) or f"decimal({type_.precision},{type_.scale})"


def from_delta(name: str) -> DataType:
    """The type that holds every value of Delta's type `name`."""
    return decimal(name) or DataType(_FROM_DELTA.get(name, Kind.STRING))
