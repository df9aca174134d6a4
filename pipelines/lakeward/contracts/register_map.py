"""The map of a device's registers: a CSV file beside the contract, since Modbus itself says neither names nor types."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from lakeward.contracts.mapping_lines import MappingLine, read_mapping
from lakeward.contracts.segment_keys import CONNECTION_NAME
from lakeward.core.errors import DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

REGISTERS_FILE = "registers.csv"
# Type -> its registers.
TYPES: Mapping[str, int] = {
    "bool": 1,
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "int64": 4,
    "uint64": 4,
    "float64": 4,
}
FUNCTIONS = ("holding", "input", "coil", "discrete")
# Of four bytes A to D, A the most significant: their order in the registers.
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
COLUMNS: Mapping[str, KeyDoc] = {
    "address": KeyDoc(
        "text", "Name of the reading, such as `press1/oil_temperature`; `series.csv` maps it to a series.", required=True
    ),
    "register": KeyDoc(
        "0 to 65535", "Number of the first register or bit in the protocol: that of register 40001 is 0.", required=True
    ),
    "type": KeyDoc(", ".join(f"`{name}`" for name in TYPES), "Type of the value.", required=True),
    "device": KeyDoc("0 to 255", "Unit of the device behind the address.", "1"),
    "function": KeyDoc(
        ", ".join(f"`{name}`" for name in FUNCTIONS), "Table of the device: function code 3, 4, 1 or 2.", "`holding`"
    ),
    "order": KeyDoc(
        ", ".join(f"`{order}`" for order in ORDERS),
        "Order of the bytes of two registers, A the most significant: `CDAB` has the words swapped, `BADC` the bytes of each word.",
        "`ABCD`",
    ),
    "bit": KeyDoc("0 to 15", "Bit of a register that is a `bool`; 0 the least significant.", "none"),
    "scale": KeyDoc("number", "The value is the register's times this, plus `offset`.", "1"),
    "offset": KeyDoc("number", "See `scale`.", "0"),
    "connection": KeyDoc("text", "Name of the connection, if it is another than the contract's.", "the contract's"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One line of the map.

    Args:
        register: From 0, as the protocol counts.
        bit: Bit of the register; None for the whole.
        connection: Name of the connection; empty for the contract's.
    """

    address: str
    register: int
    type: str
    device: int = 1
    function: str = "holding"
    order: str = "ABCD"
    bit: int | None = None
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    connection: str = ""

    @property
    def size(self) -> int:
        """Its registers, or bits."""
        return TYPES[self.type]


def read_register_map(path: Path) -> tuple[Register, ...]:
    """The registers of a map.

    Raises:
        DefinitionError: It is missing, or not valid; with its first fault and the line.
    """
    found, faults = check_register_map(path)
    if faults:
        raise faults[0]
    return found


def check_register_map(path: Path) -> tuple[tuple[Register, ...], tuple[DefinitionError, ...]]:
    """The registers of a map, and all its faults."""
    missing = DefinitionError("register_map_missing", file=path, line=1, column="address")
    if not path.is_file():
        return (), (missing,)
    found, faults = read_mapping(path, COLUMNS, "register_map_column", lambda line: _Line(line).register())
    return found, faults or (() if found else (missing,))


class _Line:
    """Reads one line."""

    def __init__(self, line: MappingLine) -> None:
        self.line = line
        self.values = {name: text.strip() for name, text in line.values.items()}

    def register(self) -> Register:
        function = self._choice("function", FUNCTIONS, FUNCTIONS[0])
        has_bits = function in {"coil", "discrete"}
        kind = self._choice("type", ("bool",) if has_bits else tuple(TYPES), "")
        bit = self._whole("bit", 15) if self.values.get("bit") else None
        if (bit is not None) != (kind == "bool" and not has_bits):
            raise self._fail("bit", Phrase("phrase_bit"))
        size, connection = TYPES[kind], self.values.get("connection", "")
        if connection and not CONNECTION_NAME.fullmatch(connection):
            raise self._fail("connection", Phrase("phrase_connection_name"))
        if not self.values["address"]:
            raise self._fail("address", Phrase("phrase_text"))
        return Register(
            address=self.values["address"],
            register=self._whole("register", 65_536 - size),
            type=kind,
            device=self._whole("device", 255, 1),
            function=function,
            order=self._choice("order", ORDERS, ORDERS[0]),
            bit=bit,
            scale=self._number("scale", 1),
            offset=self._number("offset", 0),
            connection=connection,
        )

    def _choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        text = self.values.get(name) or default
        if text not in allowed:
            raise self._fail(name, ", ".join(allowed))
        return text

    def _whole(self, name: str, most: int, default: int | None = None) -> int:
        text = self.values.get(name, "")
        if not text and default is not None:
            return default
        if not (text.isascii() and text.isdecimal() and int(text) <= most):
            raise self._fail(name, Phrase("phrase_whole_between", low=0, high=most))
        return int(text)

    def _number(self, name: str, default: int) -> Decimal:
        try:
            found = Decimal(self.values.get(name) or default)
        except InvalidOperation:
            raise self._fail(name, Phrase("phrase_number")) from None
        if not found.is_finite():
            raise self._fail(name, Phrase("phrase_number"))
        return found

    def _fail(self, name: str, expected: str | Phrase) -> DefinitionError:
        return self.line.fault(name, expected)
