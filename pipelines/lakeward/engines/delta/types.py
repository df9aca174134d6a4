"""Maps kinds of the contract model to Delta's types (Delta protocol, "Primitive Types").

No mapping is lossy: a type maps to a kind only if the cast keeps every value; other types map to text.
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
    """Delta's name of the type."""
    return _DELTA.get(type_.kind) or f"decimal({type_.precision},{type_.scale})"


def from_delta(name: str) -> DataType:
    """The type that holds every value of Delta's type `name`."""
    return decimal(name) or DataType(_FROM_DELTA.get(name, Kind.STRING))
