"""Files that lie in an inbox and that no dataset takes: named, so that nothing waits there unseen."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
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


def untaken_files(workspace: Workspace, contract: Contract) -> tuple[Notice, ...]:
    """What lies in the dataset's drop folder and is taken neither by it nor by another dataset."""
    folder = _folder(workspace, contract)
    if folder is None or not isinstance(contract.source, FileDropSource):
        return ()
    strangers = visible_files(folder) - _taken_files(workspace, [contract])
    if strangers:
        others = [other for other in _contracts(workspace) if other.name != contract.name]
        own = [
            inner for other in others if (inner := _folder(workspace, other)) and inner != folder and inner.is_relative_to(folder)
        ]
        strangers -= _taken_files(workspace, others)
        strangers = frozenset(file for file in strangers if not any(file.is_relative_to(inner) for inner in own))
    facts = {"dataset": contract.name, "folder": folder, "pattern": contract.source.pattern}
    return _notices("file_not_taken", folder, strangers, facts)


def unclaimed_files(workspace: Workspace) -> tuple[Notice, ...]:
    """What lies in the project's inbox, but in no dataset's drop folder."""
    inbox = workspace.project.root / INBOX
    if not inbox.is_dir():
        return ()
    folders = [folder for contract in _contracts(workspace) if (folder := _folder(workspace, contract))]
    found = {file for file in visible_files(inbox.resolve()) if not any(file.is_relative_to(folder) for folder in folders)}
    return _notices("inbox_not_taken", inbox.resolve(), found, {"folder": inbox})


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


def _taken_files(workspace: Workspace, contracts: Sequence[Contract]) -> AbstractSet[Path]:
    taken: set[Path] = set()
    for contract in contracts:
        folder = _folder(workspace, contract)
        if folder and isinstance(contract.source, FileDropSource):
            taken |= {folder / file.name for file in delivered_files(folder, contract.source.pattern)}
    return taken


def _folder(workspace: Workspace, contract: Contract) -> Path | None:
    """None of a dataset without a drop folder, or with one that its run refuses."""
    if not isinstance(contract.source, FileDropSource):
        return None
    try:
        return drop_folder(contract.source.path, workspace.project.root, workspace.project.roots)
    except LakewardError:
        return None
