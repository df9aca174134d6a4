"""Opens a workbook by what it is: an .xlsx, or an .xls of Excel before 2007."""

from pathlib import Path

from lakeward.core.workbook.legacy import LegacyWorkbook
from lakeward.core.workbook.package import Workbook

# [MS-CFB] 2.2: what compound files begin with.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def open_workbook(path: Path, limit: int) -> Workbook:
    """The workbook at `path`.

    Args:
        limit: How many bytes a sheet may have, unpacked.

    Raises:
        UnreadableError: It is no workbook, or a damaged one.
        MachineError: It is an .xls, and the extra `xls` is not installed.
        OSError: It can't be opened.
    """
    return LegacyWorkbook(path, limit) if is_legacy_workbook(path) else Workbook(path, limit)


def is_legacy_workbook(path: Path) -> bool:
    """Whether the file is of Excel before 2007, or a document of Office with a password.

    Raises:
        OSError: It can't be opened.
    """
    with path.open("rb") as file:
        return file.read(len(COMPOUND)) == COMPOUND
