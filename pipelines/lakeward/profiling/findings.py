"""What profiling found, each finding with the counts it stands on. Values appear only as bounds and short lists of choices."""

from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import RecordFormat
from lakeward.grading.proposal import GradeProposal

NUMBERS = frozenset({Kind.INTEGER, Kind.DOUBLE, Kind.DECIMAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column.

    Args:
        source_name: Its name in the file.
        name: Its name in SQL.
        rival_formats: Time formats that fit as many values as `time_format`: only a person can tell.
        filled: Rows with a value.
        converted: Of these, values that become the type.
        distinct: Different values among these.
        low, high: Least and greatest number; None for other types, and where the values may be about a person.
        choices: All values, where they are few, stand for something and none may be about a person.
        pattern: A regular expression that every value matches, where their form is fixed.
        unit: UCUM code, guessed from the name.
        as_percent: A workbook shows its fractions as percentages.
        personal: Its name or its values look as if they were about a person.
        grade_proposal: What grading proposes, where a detector found something.
    """

    source_name: str
    name: str
    type: DataType
    time_format: str | None
    rival_formats: tuple[str, ...]
    filled: int
    converted: int
    distinct: int = 0
    low: Decimal | None = None
    high: Decimal | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    unit: str | None = None
    as_percent: bool = False
    personal: bool = False
    grade_proposal: GradeProposal | None = None

    @property
    def has_range(self) -> bool:
        """Whether its bounds mean something, and may be told."""
        return self.type.kind in NUMBERS and not self.personal


@dataclass(frozen=True, slots=True)
class Key:
    """What tells rows apart.

    Args:
        columns: Names; the time column, where it is among several, is the last.
        others: Single columns that are unique as well.
    """

    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The event times.

    Args:
        column: Name of the column.
        period_seconds: Median step between neighbours of one series; None where no two rows have neighbours.
        regular: So many of `steps` steps have that length.
        offsets: So many of its values carry an offset from UTC.
    """

    column: str
    period_seconds: Decimal | None
    regular: int
    steps: int
    offsets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One file.

    Args:
        record_format: How its records look; `nulls` are those that occur.
        agreeing_records, sampled_records: So many of so many sampled records have the same number of fields; 0 of 0 where there are no fields.
        rows: Records that could be read.
        rejects: Records that could not.
        suffix: Of the file's name, as a drop folder's pattern needs it.
    """

    record_format: RecordFormat
    agreeing_records: int
    sampled_records: int
    rows: int
    rejects: int
    suffix: str
    columns: tuple[ColumnProfile, ...]
    key: Key
    times: Times | None

    def column(self, name: str) -> ColumnProfile:
        """The column called `name`.

        Raises:
            StopIteration: There is none.
        """
        return next(column for column in self.columns if column.name == name)
