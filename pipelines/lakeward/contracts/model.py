"""The frozen model of a contract, from which everything else in Lakeward is derived."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath

from lakeward.contracts.accuracy import Accuracy
from lakeward.contracts.bands import Band
from lakeward.contracts.cube import Cube
from lakeward.contracts.record_format import TYPED_ROWS, RecordFormat
from lakeward.contracts.source import ContractSource
from lakeward.core.dataset_names import NameHistory
from lakeward.core.names import Layer, Sha256, TableName


class Kind(StrEnum):
    """Kinds of column values."""

    STRING = "string"
    INTEGER = "integer"  # 64 bits, signed
    DOUBLE = "double"  # IEEE 754, 64 bits
    DECIMAL = "decimal"  # exact, with precision and scale
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"  # microseconds, stored in UTC
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class DataType:
    """A kind, with precision and scale where the kind is `decimal`."""

    kind: Kind
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.kind is Kind.DECIMAL else str(self.kind)


# Times that are numbers: since 1970 in UTC, and Excel's days since 1899-12-30 by the clocks of the contract's zone.
COUNTED_TIMES = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "excel")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract.

    Args:
        name: Its name in silver and gold.
        source_name: Its name in the source's files (`physicalName`).
        business_name: Its name for people, in one or both languages, as `split_names` reads it.
        terms: Terms of the glossary that it refers to.
        alternative_names: Other names in the source's files; the first name that a file has is read.
        required: Whether it is required: a row without it is quarantined, a file without it rejected.
        unit: UCUM code; None if the column has no unit.
        time_format: strptime pattern of a text date or timestamp, or a count of `COUNTED_TIMES`; None means ISO 8601.
        nulls: Texts, and numbers as texts, that mean that this column has no value.
        band: How far its values are generalised; None for the default of its type.
        accuracy: How exact its values are, as its owner states; None if they state nothing.
        joined_names: Names in the source of the columns whose texts, a blank between them, are this column's; empty: `source_name`.
        delay_of: Name of the column of times that this one's own time follows by so many seconds; empty: it has values of its own.
        unit_column: Name of the column that says in which unit each of its readings came; empty: all have `unit`.
        units: UCUM codes of the units that its readings have in silver, at most one of a quantity.
        quality_of: Name of the column of which this one says how good its readings are; empty: it has values of its own.
    """

    name: str
    type: DataType
    source_name: str
    _: KW_ONLY
    required: bool = False
    unit: str | None = None
    time_format: str | None = None
    nulls: tuple[str, ...] = ()
    joined_names: tuple[str, ...] = ()
    unit_column: str = ""
    units: tuple[str, ...] = ()
    quality_of: str = ""
    delay_of: str = ""
    business_name: str = ""
    description: str = ""
    terms: tuple[str, ...] = ()
    classification: str | None = None
    alternative_names: tuple[str, ...] = ()
    band: Band | None = None
    accuracy: Accuracy | None = None

    @property
    def source_names(self) -> tuple[str, ...]:
        """Every name in the source's files, the first one that a file has holds."""
        return (self.source_name, *self.alternative_names)


class Grain(StrEnum):
    """Length of time of partitions and of gold windows."""

    NONE = "none"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldModel:
    """The model of a gold table: one SELECT, recomputed window by window.

    Args:
        sql: The file, relative to the dataset's folder.
        inputs: Silver or gold tables that the SELECT reads.
        window: Timestamp column of the result with the start of the window.
        grain: Length of a window, in local time of `zone`.
        times: By input, the column whose time decides which window a row touches. An input without an entry (master data)
            touches every window.
    """

    sql: PurePosixPath
    inputs: tuple[TableName, ...]
    window: str
    grain: Grain
    zone: str
    times: tuple[tuple[TableName, str], ...]

    def with_names(self, names: NameHistory) -> "GoldModel":
        """The model with its inputs by the names of now."""
        times = tuple((names.current_table(table), column) for table, column in self.times)
        return replace(self, inputs=tuple(map(names.current_table, self.inputs)), times=times)


@dataclass(frozen=True, slots=True)
class Sla:
    """Service levels in seconds; None if the contract has none.

    Args:
        run_seconds: Time from one run of Airflow to the next.
    """

    freshness_seconds: int | None = None
    period_seconds: Decimal | None = None
    run_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of failures in one batch; each is a share from 0 to 1.

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
    """The contract of one dataset.

    Args:
        name: Dataset name; also the folder and the DAG.
        version: `major.minor.patch`.
        business_name: Name for people, in one or both languages, as `split_names` reads it.
        primary_key: Column names in key order; empty: no row is a duplicate unless `duplicates_exact`.
        proposed_key: Columns that may be the key, by a sample; they identify no row until a person confirms them.
        time_column: The column of event time; None for master data.
        data_class: Class of data, which decides the default grade.
        source: Source of its batches; None if a model computes its rows.
        record_format: Format of the records of its batches.
        engine: Engine that processes it; None for the project's.
        cube: Groups that readers may get in place of rows; None for none.
        row_filters: Name -> SQL condition of the rows that readers of this filter see.
        retired: Whether its `status` is `retired`: it is not run any more, and its tables stay.
        text, sha256: Text of the file, and its hash.
    """

    name: str
    version: str
    layer: Layer  # silver (from a source) or gold (from a model)
    columns: tuple[Column, ...]
    _: KW_ONLY
    primary_key: tuple[str, ...] = ()
    proposed_key: tuple[str, ...] = ()
    time_column: str | None = None
    series: tuple[str, ...] = ()
    partition: Grain = Grain.NONE
    duplicates_exact: bool = False
    owner: str = ""
    domain: str = ""
    business_name: str = ""
    description: str = ""
    data_class: str | None = None
    source: ContractSource | None = None
    record_format: RecordFormat = TYPED_ROWS
    model: GoldModel | None = None
    engine: str | None = None
    sla: Sla = field(default_factory=Sla)
    limits: Limits = field(default_factory=Limits)
    cube: Cube | None = None
    row_filters: Mapping[str, str] = field(default_factory=dict, hash=False)
    retired: bool = False
    text: str = ""
    sha256: Sha256 | None = None

    def table(self, layer: Layer) -> TableName:
        """This dataset's table in `layer`."""
        return TableName(layer, self.name)

    def with_names(self, names: NameHistory) -> "Contract":
        """The contract by the names of now; its text stays."""
        if not names:
            return self
        return replace(self, name=names.current(self.name), model=self.model and self.model.with_names(names))

    def column(self, name: str) -> Column:
        """The column called `name`.

        Raises:
            KeyError: The column does not exist.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
