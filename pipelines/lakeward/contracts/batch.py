"""The files of a batch: named before they are read, and what reading them showed."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from lakeward.contracts.record_format import FileFormat
from lakeward.core.names import Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInput:
    """One immutable file of a batch, as the engine is to read it.

    Args:
        seq: The file's number in its source, from 1; orders rows between files.
        name: What its source calls it, for a drop folder its path below it when it was received, `/`-separated.
        path: Where its unchanged bytes lie (landing).
        sha256: Identity of those bytes.
        size: Bytes.
        fault: Message code of why the file can't be read as `format` at all; the whole file is then one reject.
    """

    seq: int
    name: str
    path: Path
    sha256: Sha256
    size: int
    format: FileFormat
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class FileReport:
    """What reading one input showed, beside its rows.

    Args:
        records: Records in the file, counted by a query of their own (docs/explanation/laws.md, 1).
        unknown: Columns that the contract does not know; their values are in `_extra`.
        missing: Required columns that the file does not have: every record of it is a reject.
    """

    seq: int
    name: str
    records: int
    _: KW_ONLY
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
