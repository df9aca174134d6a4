"""Value classes of a profile: findings with their counts. Values appear only as bounds and short lists of choices."""

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
        joined_names: Names in the file of the columns that are joined in it; empty: it is one of the file's own.
        rival_formats: Time formats that match as many values as `time_format`; a person must choose.
        unread_times: What would make its texts times, where they look like some and no format reads them.
        doubt: What keeps its texts from being numbers or columns of their own, or its times from being right, where something seems to.
        unsure_sign: The comma or point of a column of numbers that may be the decimal sign or stand between thousands; empty: it is known.
        nulls: Texts that are no value of this column: words of historians, numbers and times that stand for none.
        suspects: Of these, numbers and times.
        finer: Number of times with digits beyond microseconds, which a table does not keep.
        infinite: Number of texts that are infinite numbers.
        filled: Number of rows with a value.
        converted: Number of these values that convert to the type.
        distinct: Number of distinct values among these.
        low, high: Least and greatest number; None for other types, and if the column could be personal.
        choices: All values, if they are few codes and not personal.
        pattern: A regular expression that every value matches, if there is one.
        unit: UCUM code, guessed from the name.
        unit_evidence: Source of the unit.
        personal: Whether its name or its values look personal.
        grade_proposal: The grade proposal, if a detector matched.
    """

    source_name: str
    name: str
    type: DataType
    time_format: str | None
    rival_formats: tuple[str, ...]
    nulls: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    joined_names: tuple[str, ...] = ()
    filled: int
    converted: int
    distinct: int = 0
    low: Decimal | None = None
    high: Decimal | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    unread_times: str | None = None
    doubt: str | None = None
    unsure_sign: str = ""
    infinite: int = 0
    finer: int = 0
    unit: str | None = None
    unit_evidence: str = "guessed from the column's name"
    personal: bool = False
    grade_proposal: GradeProposal | None = None

    @property
    def has_range(self) -> bool:
        """Whether its bounds are meaningful and can be shown."""
        return self.type.kind in NUMBERS and not self.personal


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the rows.

    Args:
        columns: Names of its columns; a time column is the last of several.
        others: Other unique single columns.
        is_identifier: Whether the name of one of `columns` is that of an identifier.
    """

    columns: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_identifier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The event times.

    Args:
        column: Name of the column.
        period_seconds: Median step between neighbours of one series; None without neighbours.
        regular: Number of the `steps` steps with this length.
        offsets: Number of its values with an offset from UTC.
        span_seconds: Time from the first to the last of them, in whole seconds; None without times.
    """

    column: str
    period_seconds: Decimal | None
    regular: int
    steps: int
    offsets: int
    span_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDrift:
    """How the columns of one file differ from those of all files together.

    Args:
        missing: Columns that others have and it has not.
        own: Columns that the first file has not.
    """

    file: str
    missing: tuple[str, ...]
    own: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One file, or several of one form.

    Args:
        record_format: Format of its records; `nulls` are those that occur.
        agreeing_records, sampled_records: Sampled records with the most common number of fields, and all sampled records; 0 of 0
            without fields.
        rows: Number of readable records.
        rejects: Number of unreadable records.
        first_reject: Line or row of the first of these; 0: there is none.
        suffix: Suffix of the file's name, for the pattern of a drop folder.
        files: Number of files that were read.
        drift: Files whose columns differ.
        left_out: Names in the file of columns of a type that no contract has: binary values.
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
    files: int = 1
    drift: tuple[FileDrift, ...] = ()
    left_out: tuple[str, ...] = ()
    first_reject: int = 0

    def column(self, name: str) -> ColumnProfile:
        """The column called `name`.

        Raises:
            StopIteration: The column does not exist.
        """
        return next(column for column in self.columns if column.name == name)
