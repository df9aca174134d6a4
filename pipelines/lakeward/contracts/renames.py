"""Which datasets of a project were renamed: `expectations/renames.yaml`, which `lakeward contract rename` writes.

Tables and records of a dataset lie under its first name for ever, so a line that is removed parts a dataset from its tables.
"""

from pathlib import Path, PurePosixPath
from typing import Any

from lakeward.contracts.document import read_document, read_text
from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.errors import ContractError, SettingsError
from lakeward.core.names import DATASET_NAME

RENAMES_FILE = PurePosixPath("expectations/renames.yaml")
_HEAD = """\
# Written by `lakeward contract rename`. Tables and records of a dataset lie under its first name: do not remove or change a line.
renames:
"""


def read_renames(root: Path) -> NameHistory:
    """The names of the project's datasets; none were renamed where there is no file.

    Raises:
        SettingsError: The file is not valid.
    """
    path, file = root / RENAMES_FILE, str(RENAMES_FILE)
    if not path.is_file():
        return NOT_RENAMED
    try:
        document = read_document(read_text(path, file), file)
    except ContractError as error:
        raise SettingsError(error.code, **error.facts) from None
    entries = document.data.get("renames") if isinstance(document.data, dict) else None
    found = [_pair(entry) for entry in entries] if isinstance(entries, list) else [None]
    pairs = [pair for pair in found if pair]
    wrong = next((at for at in range(len(found)) if len(pairs) != len(found) or not _follows(pairs, at)), None)
    if document.faults or wrong is not None:
        raise SettingsError("renames_not_valid", file=file, entry=(wrong or 0) + 1)
    return NameHistory.after(pairs)


def renames_text(names: NameHistory) -> str:
    """The text of the file."""
    return _HEAD + "".join(f"  - {{from: {old}, to: {new}}}\n" for old, new in names.renames)


def _pair(entry: Any) -> tuple[str, str] | None:
    if not isinstance(entry, dict) or entry.keys() != {"from", "to"}:
        return None
    pair = entry["from"], entry["to"]
    return pair if all(isinstance(name, str) and DATASET_NAME.fullmatch(name) for name in pair) else None


def _follows(pairs: list[tuple[str, str]], at: int) -> bool:
    """Whether a renaming starts at a name of then, and takes none of another dataset."""
    before, (old, new) = NameHistory.after(pairs[:at]), pairs[at]
    is_taken = before.stored_name(new) != new or before.current(new) != new
    return old != new and before.current(old) == old and (not is_taken or before.stored_name(new) == before.stored_name(old))
