"""What a contract promises, as frozen values: everything else in Lakeward is derived from these."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath

from lakeward.core.names import Layer, Sha256, TableName


class Kind(StrEnum):
    """The kinds of value a column can hold."""

    STRING = "string"
    INTEGER = "integer"  # 64 bits, signed
    DOUBLE = "double"  # IEEE 754, 64 bits
    DECIMAL = "decimal"  # exact, with precision and scale
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"  # an instant, microseconds, stored in UTC
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class DataType:
    """A kind, with precision and scale where the kind is `decimal`."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.kind is Kind.DECIMAL else str(self.kind)


@dataclass(frozen=True, slots=True)
class Column:
    """One column as the contract promises it.

    Args:
        name: Its name in silver and gold.
        source_name: Its name in the source's files (`physicalName`).
        required: A row without it goes to quarantine, a file without it to rejects.
        unit: UCUM code, or None where a unit makes no sense.
        time_format: strptime pattern of a text date or timestamp; None means ISO 8601.
    """

    name: str
    type: DataType
    source_name: str
    required: bool = False
    unit: str | None = None
    time_format: str | None = None
    description: str = ""
    classification: str | None = None


class Grain(StrEnum):
    """A step of time: of partitions, and of the windows of gold."""

    NONE = "none"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class FileFormat(StrEnum):
    """What the file source can read."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A drop folder and the dialect of its files.

    Args:
        path: The drop folder, relative to the project, or absolute inside one of the project's roots.
        pattern: Glob below `path` (`**` for folders).
        escape: The character that escapes a quote: the quote itself, or a backslash.
        encoding: Python codec name, lower case (`utf-8`, `gb18030`, `utf-16`, …).
        nulls: Texts that mean "no value".
        decimal: Decimal separator of numbers in text.
        zone: IANA zone of naive times; None: a naive time is quarantined.
        sheet: Of a workbook; None: the only one with something in it.
        header_row, header_rows: The first row of a sheet's header, from 1, and how many rows it has.
        limit_bytes: The bound of one batch, in bytes of its files; one file always fits. A sheet has as many at most, unpacked.
        retention_days: How long a landed file is kept after its batch; None: for ever.
    """

    path: PurePosixPath
    pattern: str
    format: FileFormat
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ("",)
    decimal: str = "."
    zone: str | None = None
    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1
    limit_bytes: int = 4 << 30
    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class GoldModel:
    """How a gold table is made: one SELECT, recomputed window by window.

    Args:
        sql: The file, relative to the dataset's folder.
        inputs: Silver or gold tables that the SELECT reads.
        window: Column of the result that holds the window's start (an instant).
        grain: Length of a window, cut in `zone`.
        times: For each input whose new rows touch windows, the column that places a row in one. An input that is left
            out (master data) touches every window.
    """

    sql: PurePosixPath
    inputs: tuple[TableName, ...]
    window: str
    grain: Grain
    zone: str
    times: tuple[tuple[TableName, str], ...]


@dataclass(frozen=True, slots=True)
class Sla:
    """Promised times, in seconds; None where the contract is silent."""

    freshness_seconds: int | None = None
    period_seconds: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset's promise.

    Args:
        name: Dataset name; also the folder and the DAG.
        version: `major.minor.patch`.
        primary_key: Column names in key order; empty: no row is a duplicate unless `duplicates_exact`.
        time_column: The column of event time; None for master data.
        data_class: The contract's class of data, which grading takes its default from.
        engine: Which engine works on it; None: the project's.
        text, sha256: The file as it was read, and its identity.
    """

    name: str
    version: str
    layer: Layer  # silver (from a source) or gold (from a model)
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    time_column: str | None = None
    series: tuple[str, ...] = ()
    partition: Grain = Grain.NONE
    duplicates_exact: bool = False
    owner: str = ""
    domain: str = ""
    description: str = ""
    data_class: str | None = None
    source: FileSource | None = None
    model: GoldModel | None = None
    engine: str | None = None
    sla: Sla = field(default_factory=Sla)
    text: str = ""
    sha256: Sha256 | None = None

    def table(self, layer: Layer) -> TableName:
        """This dataset's table in `layer`."""
        return TableName(layer, self.name)

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
