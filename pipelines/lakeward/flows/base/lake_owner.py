"""The project that a lake belongs to: two projects on one lake would mix what they receive under the same names.

The first run writes the name of its project into the lake. A machine that found it in an object store keeps it among its files: who reads need
not ask again, and a run sees that the lake is not there any more, in place of beginning an empty one.
"""

from pathlib import Path

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.storage.lake import Lake, store_of

# File of a lake: the name of its project.
OWNER = ".project"


def check_lake_owner(lake: Lake, project: str) -> None:
    """Check that no other project has written the lake; of one that none has claimed, as of before 0.3, nothing is known.

    Raises:
        UsageError: Another has (`lake_of_other_project`).
        MachineError: The object store can't be reached, or refuses.
    """
    if _known_here(lake) != project:
        _check_owner(lake, project, _stored_owner(lake))


def claim_lake(lake: Lake, project: str) -> None:
    """Make the lake the project's, unless it is another's.

    Raises:
        UsageError: It is.
        MachineError: The lake was at this URL and is not any more (`lake_gone`); or as `check_lake_owner`.
    """
    if lake.options is None and _known_here(lake) == project:
        return
    stored = _stored_owner(lake)
    if stored is None:
        if _known_here(lake) is not None:
            raise MachineError("lake_gone", lake=lake, folder=lake.files)
        store_of(lake.root()).create(OWNER, project.encode())
        stored = _stored_owner(lake)
    _check_owner(lake, project, stored)


def _stored_owner(lake: Lake) -> str | None:
    try:
        stored = store_of(lake.root()).read(OWNER)
    except IsADirectoryError:
        raise MachineError("lake_not_writable", lake=lake) from None
    return _name_in(stored)


def _name_in(content: bytes | None) -> str | None:
    """The name in such a file, which people may have written too; None without one."""
    return (content or b"").decode("utf-8-sig", errors="replace").strip() or None


def _check_owner(lake: Lake, project: str, stored: str | None) -> None:
    """Check it, and note it among the files of this machine."""
    if stored is None:
        return
    if stored != project:
        raise UsageError("lake_of_other_project", lake=lake, found=stored, expected=project)
    if lake.options is not None and _known_here(lake) != stored:
        lake.files.mkdir(parents=True, exist_ok=True)
        _file(lake).write_text(stored, encoding="utf-8")


def _known_here(lake: Lake) -> str | None:
    """The project, as the files of this machine say; None where they don't."""
    try:
        return _name_in(_file(lake).read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _file(lake: Lake) -> Path:
    return lake.files / OWNER
