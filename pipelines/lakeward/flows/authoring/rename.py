"""Renames a dataset: its files bear the new name, and its tables and records are found under it where they lie.

Nothing in the lake is moved or written again: `expectations/renames.yaml` says which name a dataset had first, and that is where its
tables, records, landed files, batch numbers and lease are for ever. So seals and evidence hold, a machine with an older checkout goes on
under the old name beside this one, and a renaming costs the same in a folder and in an object store.

The file of the renamings is written first and the folder gets its new name last. Between the two every command refuses the project,
and the same command again goes on.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from shutil import copytree

from lakeward.contracts.project import DATASETS, Project, load_project
from lakeward.contracts.renames import RENAMES_FILE, renames_text
from lakeward.core.dataset_names import NameHistory
from lakeward.core.errors import ContractError, MachineError, UsageError
from lakeward.core.names import DATASET_NAME, Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import store_of
from lakeward.engines.delta.dataset_lock import is_locked
from lakeward.engines.delta.lease import read_lease
from lakeward.engines.protocols import Engine
from lakeward.flows.authoring.contract_files import lint_contracts
from lakeward.flows.authoring.rename_edits import NameEdit, mentions
from lakeward.flows.base import rename_record
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.lake_schema import SCHEMA_APP
from lakeward.flows.base.locked_folder import LockedFolder
from lakeward.flows.base.replace_file import replace_file
from lakeward.flows.base.workspace import Workspace, open_unfinished_workspace
from lakeward.flows.serving.access import current_account
from lakeward.flows.serving.policy import lint_policy

_TRIAL = ".lakeward-rename-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """What renaming a dataset does, or would do.

    Args:
        dataset: Name of the dataset before.
        new_name: Its name from now on.
        stored_name: The name under which its tables and records lie: its first one.
        rows: Number of rows in its table, which stays where it is.
        files: Files of the project that change, under their names before.
        mentions: Files in `dags` and `notebooks` that name it, which are not changed.
        is_written: Whether it is done; False for a preview.
    """

    dataset: str
    new_name: str
    stored_name: str
    rows: int
    files: tuple[str, ...]
    mentions: tuple[str, ...]
    is_written: bool

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward contract rename --json`."""
        return fields_of(self)


def rename_dataset(settings: Settings, name: str, new_name: str, *, dry_run: bool = False) -> Renaming:
    """Give the dataset a new name, or go on with a renaming to this name that was cut off.

    Args:
        dry_run: Say what would happen; write nothing.

    Raises:
        UsageError: There is no such dataset, the new name is taken or can't be one, a run holds the dataset, a column is encrypted, or
            a contract or policy would not be valid.
        ContractError: The dataset's contract is not valid.
        MachineError: A file can't be written.
    """
    workspace, pair = open_unfinished_workspace(settings), (name, new_name)
    project, signer = workspace.project, identify(workspace)
    is_resumed = project.names.renames[-1:] == (pair,) and (project.root / DATASETS / name).exists()
    if not is_resumed:
        project.check_renamed()
        project.contract(name)  # there is one, and it is valid
        _check_name(project, new_name)
    with workspace.engine() as engine:
        _check_idle(workspace, name)
        with engine.dataset_lock(name):
            if not is_resumed:
                _check_lake(engine, project.names, pair)
                _check_files(settings, project.root, pair)
            answer = _answer(workspace, engine, NameEdit(*pair), is_written=not dry_run)
            if not dry_run:
                _write(workspace, engine, NameEdit(*pair), signer)
    return answer


def _answer(workspace: Workspace, engine: Engine, edit: NameEdit, *, is_written: bool) -> Renaming:
    root = workspace.project.root
    tables = (engine.info(TableName(layer, edit.old)) for layer in (Layer.SILVER, Layer.GOLD))
    return Renaming(
        dataset=edit.old,
        new_name=edit.new,
        stored_name=workspace.project.names.stored_name(edit.old),
        rows=next((table.rows for table in tables if table), 0),
        files=tuple(str(each.file) for each in edit.edits(root)),
        mentions=tuple(mentions(root, edit.old)),
        is_written=is_written,
    )


def _write(workspace: Workspace, engine: Engine, edit: NameEdit, signer: Identity) -> None:
    """Each step is done whole or not at all, and again changes nothing."""
    root, names = workspace.project.root, workspace.project.names
    if names.renames[-1:] != ((edit.old, edit.new),):
        names = NameHistory.after((*names.renames, (edit.old, edit.new)))
    recorded = {"stored_name": names.stored_name(edit.old), "old_name": edit.old, "new_name": edit.new}
    signature = {"author": signer.name or current_account(), "verified": signer.verified, "recorded_at": workspace.clock.now()}
    try:
        replace_file(root / RENAMES_FILE, renames_text(names))
        rename_record.append_renaming(engine, recorded, signature)
        _write_files(root, edit)
    except OSError as error:
        raise MachineError("rename_not_written", dataset=edit.old, new=edit.new, found=error.strerror) from error


def _write_files(root: Path, edit: NameEdit) -> None:
    for each in edit.edits(root):
        each.write(root)
    (root / DATASETS / edit.old).rename(root / DATASETS / edit.new)


def _check_name(project: Project, new: str) -> None:
    """Check that the new name can be one, and that no other dataset of the project and no governance table has it."""
    if not DATASET_NAME.fullmatch(new):
        raise UsageError("dataset_name_invalid", found=new)
    if (project.root / DATASETS / new).exists():
        raise UsageError("rename_name_taken", new=new, holder=f"{DATASETS}/{new}")
    governance = resources.files("lakeward") / "expectations" / "governance"
    taken = {file.name.partition(".")[0] for file in governance.iterdir()} | {SCHEMA_APP.partition("/")[2]}
    if new in taken:
        raise UsageError("rename_name_taken", new=new, holder=f"governance.{new}")


def _check_lake(engine: Engine, names: NameHistory, pair: tuple[str, str]) -> None:
    """Check that nothing in the lake has the new name, and that no value is bound to the old one."""
    old, new = pair
    if names.stored_name(new) != names.stored_name(old):
        held = next((str(info.name) for info in engine.tables() if info.name.name == new), None)
        if held or names.stored_name(new) != new or names.current(new) != new:
            raise UsageError("rename_name_taken", new=new, holder=held or str(RENAMES_FILE))
    if column := rename_record.encrypted_column(engine, old):
        raise UsageError("rename_encrypted", dataset=old, column=column)


def _check_idle(workspace: Workspace, name: str) -> None:
    """Check that no run holds the dataset: it would go on with files of both names."""
    lake, stored = workspace.lake, workspace.lake.names.stored_name(name)
    if is_locked(lake, stored):
        lease = read_lease(store_of(lake.root()), stored)
        raise UsageError("rename_running", dataset=name, holder=lease.program if lease else "-")


def _check_files(settings: Settings, root: Path, pair: tuple[str, str]) -> None:
    """Rename in a copy of the project's expectations, and check that nothing is wrong there that was not wrong before."""
    folder = LockedFolder(_TRIAL)
    try:
        copy = folder.path / root.name
        copytree(root / "expectations", copy / "expectations", symlinks=True)
        trial = replace(settings, start=copy, lake=str(folder.path / "lake"), token=None)
        edit = NameEdit(*pair)
        touched = {each.file.parts[2] for each in edit.edits(copy) if each.file.is_relative_to(DATASETS)} - {edit.old}
        before = Counter(problem[0] for problem in _problems(trial, [*touched, edit.old]))
        names = NameHistory.after((*load_project(copy).names.renames, pair))
        replace_file(copy / RENAMES_FILE, renames_text(names))
        _write_files(copy, edit)
        for problem in _problems(trial, [*touched, edit.new]):
            before[problem[0]] -= 1
            if before[problem[0]] < 0:
                raise UsageError("rename_breaks", dataset=edit.old, new=edit.new, file=problem[1], problem=problem[0])
    except OSError as error:
        raise MachineError("rename_not_tried", dataset=pair[0], found=error.strerror) from error
    finally:
        folder.delete()


def _problems(settings: Settings, names: list[str]) -> Iterator[tuple[str, str]]:
    """Message code and file of each problem of these datasets, and of the serving policy."""
    for name in names:
        try:
            yield from ((problem.code, problem.file) for problem in lint_contracts(settings, name))
        except ContractError as error:
            yield error.code, str(error.facts.get("file", name))
    yield from (
        (notice.code, str(notice.facts.get("file", "expectations/policies/serving.yaml"))) for notice in lint_policy(settings)
    )
