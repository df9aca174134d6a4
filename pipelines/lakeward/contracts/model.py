"""What a contract promises, as frozen values: everything else in Lakeward is derived from these."""

from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath

from lakeward.contracts.record_format import TYPED_ROWS, RecordFormat
from lakeward.contracts.source import ContractSource
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
    _: KW_ONLY
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of one batch may go wrong; each is a share from 0 to 1.

    Args:
        replaced_share: Rows that replace stored rows, of the rows to publish; more: the batch halts.
        rejected_share: Rejected records, of the records received; more: the run fails.
        columns_found: Columns of the contract that a file has, of all; less: the file is rejected whole.
    """

    replaced_share: float = 0.05
    rejected_share: float = 0.05
    columns_found: float = 0.5


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset's promise.

    Args:
        name: Dataset name; also the folder and the DAG.
        version: `major.minor.patch`.
        primary_key: Column names in key order; empty: no row is a duplicate unless `duplicates_exact`.
        time_column: The column of event time; None for master data.
        data_class: The contract's class of data, which grading takes its default from.
        source: Where its batches come from; None: a model makes its rows.
        record_format: How the records of its batches look.
        engine: Which engine works on it; None: the project's.
        text, sha256: The file as it was read, and its identity.
    """

    name: str
    version: str
    layer: Layer  # silver (from a source) or gold (from a model)
    columns: tuple[Column, ...]
    _: KW_ONLY
    primary_key: tuple[str, ...] = ()
    time_column: str | None = None
    series: tuple[str, ...] = ()
    partition: Grain = Grain.NONE
    duplicates_exact: bool = False
    owner: str = ""
    domain: str = ""
    description: str = ""
    data_class: str | None = None
    source: ContractSource | None = None
    record_format: RecordFormat = TYPED_ROWS
    model: GoldModel | None = None
    engine: str | None = None
    sla: Sla = field(default_factory=Sla)
    limits: Limits = field(default_factory=Limits)
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
