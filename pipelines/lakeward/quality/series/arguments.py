"""The arguments of a sensor rule, with defaults from the contract.

A missing time, an unknown column or a value that is not a number is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.model import Contract, Kind
from lakeward.core.messages import Phrase
from lakeward.quality import conditions
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.series.rule_sql import SeriesField
from lakeward.quality.series.source_record import NO_RECORD, SourceRecord

NUMERIC_KINDS = (Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL)
# Columns of long telemetry, used by default.
VALUE, VALUE_TEXT, UNIT, QUALITY = "value", "value_text", "unit", "quality"


class ArgumentError(ValueError):
    """An argument does not match the contract; the text is the expected form."""

    def __init__(self, name: str, expected: Phrase) -> None:
        self.name, self.expected = name, expected
        super().__init__(f"{name}: {expected}")


@dataclass(frozen=True, slots=True)
class SeriesArguments:
    """Arguments of a rule together with its contract.

    Args:
        columns: The converted columns, by name.
        source: What is known of the source of the batch.
    """

    contract: Contract
    columns: Mapping[str, ConvertedColumn]
    kwargs: Mapping[str, Any]
    source: SourceRecord = NO_RECORD

    def get(self, name: str, default: Any = None) -> Any:
        """The argument; `default` if absent."""
        value = self.kwargs.get(name)
        return default if value is None else value

    def time_column(self) -> str:
        """The column of event time.

        Raises:
            ArgumentError: Neither rule nor contract names a timestamp column.
        """
        name = self.get("time_column", self.contract.time_column)
        if name is None or self._kind_of("time_column", name) not in (Kind.TIMESTAMP, Kind.STRING):
            raise ArgumentError("time_column", Phrase("phrase_time_or_contract"))
        return str(name)

    def instant_sql(self) -> str:
        """SQL of a reading's time; a text, as in files without a contract, is read as ISO 8601, in UTC if it has no offset."""
        name = self.time_column()
        value = self.columns[name].value
        return value if self._kind_of("time_column", name) is Kind.TIMESTAMP else f"TRY_CAST({value} AS TIMESTAMPTZ)"

    def series_columns(self) -> tuple[str, ...]:
        """The columns that name a series; if empty, all rows are one series."""
        return tuple(self.get("series_columns", self.contract.series))

    def number_column(self, argument: str = "column", default: str | None = VALUE) -> SeriesField:
        """The column in `argument` as a number.

        Raises:
            ArgumentError: It names no numeric column.
        """
        return self.named_number_column(argument, self.get(argument, default))

    def named_number_column(self, argument: str, name: Any) -> SeriesField:
        """The column `name` as a number; NaN and unconverted values are NULL. Raises as `number_column`."""
        if self._kind_of(argument, name) not in NUMERIC_KINDS:
            raise ArgumentError(argument, Phrase("phrase_column_of_numbers"))
        return SeriesField(
            alias=f"n{self._index(name)}",
            column=name,
            name=f"n:{name}",
            sql=f"CAST({self.columns[name].value} AS DOUBLE)",
            type="DOUBLE",
        )

    def text_column(self, argument: str, default: str | None = None) -> SeriesField:
        """The column in `argument` as text.

        Raises:
            ArgumentError: It names no column.
        """
        name = self.get(argument, default)
        self._kind_of(argument, name)
        return SeriesField(
            alias=f"w{self._index(name)}",
            column=name,
            name=f"w:{name}",
            sql=f"CAST({self.columns[name].value} AS VARCHAR)",
            type="VARCHAR",
        )

    def state_column(self) -> SeriesField:
        """The machine's state: a column of the row, or the value of the machine's series `state_series` at the reading's time.

        Raises:
            ArgumentError: There is no such column.
        """
        word, state_series = (
            self.text_column("state_column", VALUE_TEXT if self.get("state_series") else None),
            self.get("state_series"),
        )
        return (
            replace(word, alias=f"s{word.alias}", name=f"{word.name}@{state_series}", state_series=state_series)
            if state_series
            else word
        )

    def instant_column(self, argument: str) -> SeriesField:
        """The column in `argument`, in µs since 1970.

        Raises:
            ArgumentError: It names no timestamp column.
        """
        name = self.get(argument)
        if self._kind_of(argument, name) is not Kind.TIMESTAMP:
            raise ArgumentError(argument, Phrase("phrase_time_column"))
        return SeriesField(
            alias=f"t{self._index(name)}",
            column=name,
            name=f"t:{name}",
            sql=f"epoch_us({self.columns[name].value})",
            type="BIGINT",
        )

    def required_columns(self) -> tuple[str, ...]:
        """The columns of the series, the time and the condition."""
        reading = conditions.parse(self.kwargs) if self.get("row_condition") else None
        return (*self.series_columns(), self.time_column(), *(conditions.columns(reading.condition) if reading else ()))

    def _index(self, name: str) -> int:
        return [column.name for column in self.contract.columns].index(name)

    def _kind_of(self, argument: str, name: Any) -> Kind:
        if name not in self.columns:
            raise ArgumentError(argument, Phrase("phrase_contract_column"))
        return self.columns[name].column.type.kind
