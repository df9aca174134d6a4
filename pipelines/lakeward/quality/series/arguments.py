"""The arguments of a sensor rule, with what the contract says where they are silent.

Refuses what can't be judged: no time, no such column, a value that is no number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.model import Contract, Kind
from lakeward.quality import conditions
from lakeward.quality.convert import Converted
from lakeward.quality.series.piece import Field

NUMERIC = (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)
# Columns of long telemetry, taken where a rule names none.
VALUE, VALUE_TEXT, UNIT, QUALITY = "value", "value_text", "unit", "quality"


class ArgumentError(ValueError):
    """An argument that does not fit the contract; the text says what was expected."""

    def __init__(self, name: str, expected: str) -> None:
        self.name, self.expected = name, expected
        super().__init__(f"{name}: {expected}")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a rule's text and its contract say together.

    Args:
        columns: The converted columns, by name.
    """

    contract: Contract
    columns: Mapping[str, Converted]
    kwargs: Mapping[str, Any]

    def given(self, name: str, default: Any = None) -> Any:
        """The argument; `default` where it is not written."""
        value = self.kwargs.get(name)
        return default if value is None else value

    def time(self) -> str:
        """The column of event time.

        Raises:
            ArgumentError: Neither rule nor contract names one that holds instants.
        """
        name = self.given("time_column", self.contract.time_column)
        if name is None or self._kind("time_column", name) not in (Kind.TIMESTAMP, Kind.STRING):
            raise ArgumentError("time_column", "a column of type timestamp, or timeColumn in the contract")
        return str(name)

    def instant(self) -> str:
        """SQL of a reading's time; a text, as files without a contract have it, is read as ISO 8601, in UTC without an offset."""
        name = self.time()
        value = self.columns[name].value
        return value if self._kind("time_column", name) is Kind.TIMESTAMP else f"TRY_CAST({value} AS TIMESTAMPTZ)"

    def series(self) -> tuple[str, ...]:
        """The columns that name a series; none: all rows are one series."""
        return tuple(self.given("series_columns", self.contract.series))

    def number(self, argument: str = "column", default: str | None = VALUE) -> Field:
        """The column that `argument` names, as a number.

        Raises:
            ArgumentError: It names none that holds numbers.
        """
        return self.numbers(argument, self.given(argument, default))

    def numbers(self, argument: str, name: Any) -> Field:
        """The column `name` as a number; NaN and what does not convert are no value. Raises as `number`."""
        if self._kind(argument, name) not in NUMERIC:
            raise ArgumentError(argument, "a column of numbers")
        return Field(
            alias=f"n{self._place(name)}",
            column=name,
            name=f"n:{name}",
            sql=f"CAST({self.columns[name].value} AS DOUBLE)",
            type="DOUBLE",
        )

    def word(self, argument: str, default: str | None = None) -> Field:
        """The column that `argument` names, as text.

        Raises:
            ArgumentError: It names no column.
        """
        name = self.given(argument, default)
        self._kind(argument, name)
        return Field(
            alias=f"w{self._place(name)}",
            column=name,
            name=f"w:{name}",
            sql=f"CAST({self.columns[name].value} AS VARCHAR)",
            type="VARCHAR",
        )

    def state(self) -> Field:
        """The machine's state: in the row itself, or told by the machine's series `state_series`, as of the reading's time.

        Raises:
            ArgumentError: No column holds it.
        """
        word, teller = self.word("state_column", VALUE_TEXT if self.given("state_series") else None), self.given("state_series")
        return replace(word, alias=f"s{word.alias}", name=f"{word.name}@{teller}", told_by=teller) if teller else word

    def moment(self, argument: str) -> Field:
        """The column that `argument` names, as µs of 1970.

        Raises:
            ArgumentError: It names no column of instants.
        """
        name = self.given(argument)
        if self._kind(argument, name) is not Kind.TIMESTAMP:
            raise ArgumentError(argument, "a column of type timestamp")
        return Field(
            alias=f"t{self._place(name)}",
            column=name,
            name=f"t:{name}",
            sql=f"epoch_us({self.columns[name].value})",
            type="BIGINT",
        )

    def looked_at(self) -> tuple[str, ...]:
        """The columns that hold the series, the time and what the condition asks for."""
        reading = conditions.read(self.kwargs) if self.given("row_condition") else None
        return (*self.series(), self.time(), *(conditions.columns(reading.condition) if reading else ()))

    def _place(self, name: str) -> int:
        return [column.name for column in self.contract.columns].index(name)

    def _kind(self, argument: str, name: Any) -> Kind:
        if name not in self.columns:
            raise ArgumentError(argument, "a column of the contract")
        return self.columns[name].column.type.kind
