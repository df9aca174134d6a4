"""The input files of a batch, and the reports on reading them."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch
from lakeward.contracts.record_format import FileFormat
from lakeward.core.names import Sha256

# Fault of a text file that is UTF-8, where the contract declares another encoding.
OTHER_ENCODING = "reject_other_encoding"
# Maximum number of keys of a JSON file that are in a report and not in the contract, since ids can be keys; `_extra` keeps all.
MAX_UNKNOWN_KEYS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInput:
    """One immutable input file of a batch.

    Args:
        seq: The file's number in its source, from 1; orders rows between files.
        name: Its name in the source; for a drop folder its path below the folder when received, `/`-separated.
        path: Path of the landed copy.
        sha256: Hash of its bytes.
        size: Size in bytes.
        fault: Message code if the file can't be read as `format`; then the whole file is one reject.
        series: Mapping of addresses to series that holds for the file's messages; None for none.
        schemas: Schemas that hold for the file's payloads; None for none.
        births: What is known of the sessions of its senders (`core/sparkplug/sessions.py`); None for none.
    """

    seq: int
    name: str
    path: Path
    sha256: Sha256
    size: int
    format: FileFormat
    fault: str | None = None
    series: Path | None = None
    schemas: Path | None = None
    births: Path | None = None


@dataclass(frozen=True, slots=True)
class OmittedLines:
    """Lines of a file that its contract takes for no records.

    Args:
        key: The key of `source` that says so: `footer` or `comment`.
        count: So many lines that hold something, at least 1.
        first: Number of the first of them, from 1; of a sheet its row.
    """

    key: str
    count: int
    first: int


@dataclass(frozen=True, slots=True)
class FileReport:
    """Report on one input file.

    Args:
        records: Number of records in the file, counted by a separate query (docs/explanation/laws.md, 1).
        unknown: Columns that are not in the contract, of JSON at most `MAX_UNKNOWN_KEYS`; their values are in `_extra`.
        missing: Required columns that the file lacks: each of its records is a reject.
        absent: Optional columns that the file lacks.
        names: Column names in the file, if too few are in the contract; they may be values.
        fault: Message code if all records of the file are rejects; else None.
        has_known_names: Some name in the file is the contract's; else its first record may be data, and its names values.
        nanoseconds: Columns of instants in nanoseconds, of which microseconds are read.
        likely_encoding: The file is in the declared UTF-8, and its text reads like this encoding; empty: it reads like UTF-8.
        omitted: Lines below the header that the contract takes for no records.
    """

    seq: int
    name: str
    records: int
    _: KW_ONLY
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    fault: str | None = None
    has_known_names: bool = True
    omitted: tuple[OmittedLines, ...] = ()
    nanoseconds: tuple[str, ...] = ()
    likely_encoding: str = ""

    @classmethod
    def of_match(cls, file: BatchInput, records: int, names: Sequence[str], match: ColumnMatch) -> "FileReport":
        """The report of a file whose columns are known; of one without a record nothing is missing.

        Args:
            names: The columns of the file.
        """
        if match.fault == OTHER_COLUMNS:
            return cls(file.seq, file.name, records, names=tuple(names), fault=match.fault)
        return cls(
            *(file.seq, file.name, records),
            unknown=match.unknown,
            missing=match.missing if records else (),
            absent=match.absent if names else (),
            fault=match.fault if records else None,
            has_known_names=bool(match.sources),
        )
