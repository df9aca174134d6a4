"""Files that lie in an inbox and that no dataset takes: named, so that nothing waits there unseen."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from lakeward.contracts.model import Contract
from lakeward.contracts.source import FileDropSource
from lakeward.core.drop_folder import delivered_files, drop_folder, visible_files
from lakeward.core.errors import LakewardError
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import Workspace

INBOX = "inbox"
# Names in one message.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class DropFolders:
    """The drop folders of datasets, by name, and the files that the datasets take from them."""

    folders: Mapping[str, Path]
    taken: AbstractSet[Path]


def untaken_files(workspace: Workspace, contract: Contract) -> tuple[Notice, ...]:
    """What lies in the dataset's drop folder and is taken neither by it nor by another dataset."""
    own = read_drop_folders(workspace, [contract])
    # The contracts of others are read only where a file is left.
    return untaken_among(contract, read_drop_folders(workspace, _contracts(workspace))) if untaken_among(contract, own) else ()


def untaken_among(contract: Contract, drops: DropFolders) -> tuple[Notice, ...]:
    """What lies in the dataset's drop folder and is taken by none of the datasets of `drops`."""
    folder = drops.folders.get(contract.name)
    if folder is None or not isinstance(contract.source, FileDropSource):
        return ()
    left = visible_files(folder) - drops.taken
    if not left:  # of thousands of datasets none has to look at the folders of all others
        return ()
    others = set(drops.folders.values()) - {folder}
    strangers = {file for file in left if not _lies_in(file, folder, others)}
    facts = {"dataset": contract.name, "folder": folder, "pattern": contract.source.pattern}
    return _notices("file_not_taken", folder, strangers, facts)


def unclaimed_files(workspace: Workspace, contracts: Iterable[Contract] | None = None) -> tuple[Notice, ...]:
    """What lies in the project's inbox, but in no dataset's drop folder.

    Args:
        contracts: The valid contracts of the project, where they are read already.
    """
    inbox = workspace.project.root / INBOX
    if not inbox.is_dir():
        return ()
    claiming = _contracts(workspace) if contracts is None else contracts
    folders = {folder for contract in claiming if (folder := _folder(workspace, contract))}
    root = inbox.resolve()
    if any(root.is_relative_to(folder) for folder in folders):
        return ()
    found = {file for file in visible_files(root) if not _lies_in(file, root, folders)}
    return _notices("inbox_not_taken", root, found, {"folder": inbox})


def read_drop_folders(workspace: Workspace, contracts: Iterable[Contract]) -> DropFolders:
    """The drop folders of these datasets as they are now; without those that a run refuses."""
    folders: dict[str, Path] = {}
    taken: set[Path] = set()
    for contract in contracts:
        folder = _folder(workspace, contract)
        if folder and isinstance(contract.source, FileDropSource):
            folders[contract.name] = folder
            taken |= {folder / file.name for file in delivered_files(folder, contract.source.pattern)}
    return DropFolders(folders, taken)


def _lies_in(file: Path, top: Path, folders: AbstractSet[Path]) -> bool:
    """Whether one of the folders is between `top` and the file."""
    return any(parent in folders for parent in takewhile(lambda parent: parent != top, file.parents))


def _notices(code: str, folder: Path, files: AbstractSet[Path], facts: dict[str, object]) -> tuple[Notice, ...]:
    if not files:
        return ()
    names = [file.relative_to(folder).as_posix() for file in sorted(files)]
    shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    return (Notice(code, {**facts, "count": len(names), "files": shown}),)


def _contracts(workspace: Workspace) -> Iterator[Contract]:
    for name in workspace.project.datasets():
        try:
            yield workspace.project.contract(name)
        except LakewardError:  # reported when the dataset runs
            continue


def _folder(workspace: Workspace, contract: Contract) -> Path | None:
    """None of a dataset without a drop folder, or with one that its run refuses."""
    if not isinstance(contract.source, FileDropSource):
        return None
    try:
        return drop_folder(contract.source.path, workspace.project.root, workspace.project.roots)
    except LakewardError:
        return None
