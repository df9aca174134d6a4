"""The project that a lake belongs to: two projects on one lake would mix what they receive under the same names.

The first run or collector writes the name of its project, an id of the lake, and the id of the project, if it has one, into the lake: two
projects can have one name. A machine keeps both of a lake in an object store among its
files, with copies of what it read: so it sees that the lake is not there any more, or that another one lies at the same URL.
"""

import uuid
from pathlib import Path
from typing import NamedTuple

from lakeward.contracts.project import Project
from lakeward.core.errors import MachineError, UsageError
from lakeward.core.storage.lake import Lake, store_of

# File of a lake: the name of its project, the lake's id, and the project's id, a line each.
OWNER = ".project"


class LakeOwner(NamedTuple):
    """What the file says.

    Args:
        id: Of the lake; empty where a person wrote the file.
        project_id: Of the project; empty where it has none.
    """

    project: str
    id: str
    project_id: str


def check_lake_owner(lake: Lake, project: Project) -> None:
    """Check that no other project has written the lake; of one that none has claimed, as of before 0.3, nothing is known.

    Raises:
        UsageError: Another has (`lake_of_other_project`, `lake_of_same_name`).
        MachineError: Another lake lies at its URL (`lake_replaced`), or the object store can't be reached, or refuses.
    """
    _check_owner(lake, project, _stored_owner(lake))


def claim_lake(lake: Lake, project: Project) -> None:
    """Make the lake the project's, unless it is another's.

    Raises:
        UsageError: It is.
        MachineError: The lake was at this URL and is not any more (`lake_gone`); or as `check_lake_owner`.
    """
    # Read first: another process of this machine may claim the lake meanwhile, and what it notes here comes after its claim.
    known = None if lake.options is None else _known_here(lake)
    stored = _stored_owner(lake)
    if stored is None:
        if known is not None:
            raise MachineError("lake_gone", lake=lake, folder=lake.files)
        store_of(lake.root()).create(OWNER, _format(LakeOwner(project.name, uuid.uuid4().hex, project.id)))
        stored = _stored_owner(lake)
    _check_owner(lake, project, stored)
    if stored and project.id and not stored.project_id:  # the project got its id after the lake
        store_of(lake.root()).replace(OWNER, _format(stored._replace(project_id=project.id)))


def _stored_owner(lake: Lake) -> LakeOwner | None:
    try:
        return _parse(store_of(lake.root()).read(OWNER))
    except IsADirectoryError:
        raise MachineError("lake_not_writable", lake=lake) from None


def _check_owner(lake: Lake, project: Project, stored: LakeOwner | None) -> None:
    """Check it, and note it among the files of this machine."""
    if stored is None:
        return
    if stored.project != project.name:
        raise UsageError("lake_of_other_project", lake=lake, found=stored.project, expected=project.name)
    if stored.project_id and project.id not in ("", stored.project_id):
        raise UsageError("lake_of_same_name", lake=lake, name=project.name, found=stored.project_id, expected=project.id)
    if lake.options is None:
        return
    known = _known_here(lake)
    if known is None:
        lake.files.mkdir(parents=True, exist_ok=True)
        _file(lake).write_bytes(_format(stored))
    elif known.id != stored.id:
        raise MachineError("lake_replaced", lake=lake, folder=lake.files)


def _known_here(lake: Lake) -> LakeOwner | None:
    """The owner, as the files of this machine say; None where they don't."""
    try:
        return _parse(_file(lake).read_bytes())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _parse(content: bytes | None) -> LakeOwner | None:
    """What such a file says, which people may have written too; None without one."""
    lines = [line.strip() for line in (content or b"").decode("utf-8-sig", errors="replace").strip().split("\n")]
    return LakeOwner(*[*lines, "", ""][:3]) if lines[0] else None


def _format(owner: LakeOwner) -> bytes:
    return "".join(f"{line}\n" for line in owner).encode()


def _file(lake: Lake) -> Path:
    return lake.files / OWNER
