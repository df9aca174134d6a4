"""Brings a project and its lake back from a backup.

What is in the way is moved aside, never overwritten. A restore that was cut off goes on with what is missing when it is run again.
"""

import shutil
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from lakeward.contracts.project import Project, find_project, load_project
from lakeward.contracts.source import FileDropSource
from lakeward.core.errors import DataError, LakewardError, MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake, store_of
from lakeward.flows.backup.closed_lake import check_unused, free_name, has_tables, is_unfinished
from lakeward.flows.backup.filling import FillCount, Filling, LakeFilling
from lakeward.flows.backup.lake_content import UNFINISHED
from lakeward.flows.backup.listing import damaged_files
from lakeward.flows.backup.losses import LostBatch, lost_batches
from lakeward.flows.backup.manifest import BackupFile, Manifest, NeededKey, Part
from lakeward.flows.backup.moved_lakes import MovedLakes
from lakeward.flows.backup.needed_keys import missing_keys
from lakeward.flows.backup.replay import LakeReplay, replay_lake
from lakeward.flows.backup.repository import BackupRepository, file_hash, open_repository
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import ACCOUNTS_FILE
from lakeward.flows.base.workspace import open_workspace

# Folder of a project that git ignores.
_OWN = ".lakeward"
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreAnswer:
    """A restore.

    Args:
        id: The backup.
        lake: Where the lake lies now.
        files: Files written, of the lake and of the project.
        kept: Files that were there already, equal to those of the backup.
        bytes: Bytes written.
        moved_aside: Where what was in the way lies now, the damaged lake first; also what attempts that were cut off had moved.
        lost: Batches that the lakes in the way had taken in after the backup.
        missing_keys: Keys that this environment does not have.
        replay: What `--verify` found; None without it.
    """

    id: str
    lake: str
    files: int
    kept: int
    bytes: int
    moved_aside: tuple[str, ...]
    lost: tuple[LostBatch, ...]
    missing_keys: tuple[NeededKey, ...]
    replay: LakeReplay | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward restore --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOptions:
    """How to restore.

    Args:
        backup: Id of the backup; None for the newest.
        replace: Move what is in the way aside.
        verify: Count rows again, and compute scores again.
    """

    backup: str | None = None
    replace: bool = False
    verify: bool = False


def restore(settings: Settings, address: str, options: RestoreOptions) -> RestoreAnswer:
    """Restore the backup into the project at or above `settings.start`, or into that folder if there is none.

    Args:
        address: Folder or URL of the backups.

    Raises:
        UsageError: There is no such backup, it is of another project, or something is in the way.
        DataError: The backup is damaged; the file is named.
        SettingsError: The restored `project.yaml` names a lake that can't be reached.
        MachineError: The backup can't be read, or the project or the lake can't be written, as on a full disk.
    """
    try:
        root = _project_root(settings)
        repository = open_repository(settings, address, _project(root))
        return _restore_into(root, settings, repository, options)
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise MachineError("restore_not_written", project=settings.start, found=found) from error


def _restore_into(root: Path, settings: Settings, repository: BackupRepository, options: RestoreOptions) -> RestoreAnswer:
    manifest = repository.find(options.backup)
    project = _project(root)
    if project and project.name != manifest.project:
        raise UsageError(
            "restore_other_project", backup=manifest.id, found=manifest.project, expected=project.name, place=repository.place
        )
    own = root / _OWN
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in own.glob("restore-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=own, prefix="restore-") as folder:
        run = _Restore(
            settings=settings, root=root, repository=repository, manifest=manifest, options=options, scratch=Path(folder)
        )
        return run.run()


def _project_root(settings: Settings) -> Path:
    """The project that the folder lies in; the folder itself where it is empty or does not exist."""
    start = settings.start
    if not start.is_dir() or not any(start.iterdir()):
        return start
    try:
        return find_project(start)
    except UsageError:
        return start


def _project(root: Path) -> Project | None:
    try:
        return load_project(root)
    except (LakewardError, OSError):  # there is none yet, or it is damaged
        return None


def _make_drop_folders(project: Project) -> None:
    """Create the empty folders that files are dropped into, so that a restored project runs at once."""
    for contract in project.valid_contracts().values():
        if isinstance(contract.source, FileDropSource) and not contract.source.path.is_absolute():
            (project.root / contract.source.path).mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Restore:
    settings: Settings
    root: Path
    repository: BackupRepository
    manifest: Manifest
    options: RestoreOptions
    scratch: Path

    def run(self) -> RestoreAnswer:
        """Restore the project, then the lake that it names. A damaged backup is refused before anything is changed."""
        if bad := damaged_files(self.repository, self.manifest.files, self.scratch):
            raise DataError("backup_object_damaged", file=bad[0].name, object=bad[0].sha256, files=len(bad))
        aside = self.root / _OWN / f"replaced-{self.manifest.id}"
        files, kept, moved = self._restore_project(aside)
        workspace = open_workspace(replace(self.settings, start=self.root))
        lake = workspace.lake
        moved_lakes = MovedLakes(self.root / _OWN, lake)
        self._move_lake(lake, moved_lakes)
        damaged = moved_lakes.paths()
        filled = self._fill(lake)
        _make_drop_folders(workspace.project)
        missing = missing_keys(workspace, self.manifest.keys)
        answer = RestoreAnswer(
            id=self.manifest.id,
            lake=str(lake),
            files=files + filled.written,
            kept=kept + filled.kept,
            bytes=filled.bytes,
            moved_aside=tuple(map(str, (*damaged, *([aside] if moved else [])))),
            lost=tuple(dict.fromkeys(batch for each in damaged for batch in lost_batches(each, self.manifest))),
            missing_keys=missing,
            replay=replay_lake(workspace) if self.options.verify else None,
        )
        moved_lakes.forget()
        return answer

    def _restore_project(self, aside: Path) -> tuple[int, int, bool]:
        """Write the project's files; returns how many were written and kept, and whether some were moved aside."""
        files = [file for file in self.manifest.files if file.part is Part.PROJECT]
        paths = {file: self._path(file) for file in files}
        differing = [file for file, path in paths.items() if path.is_file() and file_hash(path) != file.sha256]
        if differing and not self.options.replace:
            raise UsageError("restore_project_differs", file=differing[0].name, files=len(differing), project=self.root)
        missing = [file for file, path in paths.items() if not path.is_file()]
        for file in missing:
            self._write(file, paths[file], None)
        for file in differing:
            self._write(file, paths[file], free_name(aside / file.name))
        written = len(missing) + len(differing)
        return written, len(files) - written, aside.is_dir()

    def _path(self, file: BackupFile) -> Path:
        is_register = file.name == str(ACCOUNTS_FILE)
        return self.settings.accounts if is_register and self.settings.accounts else self.root / file.name

    def _write(self, file: BackupFile, path: Path, aside: Path | None) -> None:
        """Write a file of the project; what is in the way goes to `aside` once the new one is on the disk."""
        is_private = path.parent.name == _OWN
        path.parent.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        try:
            with self._content(file, self.scratch / "project") as content:
                if content is None:
                    raise DataError("backup_object_damaged", file=file.name, object=file.sha256)
                shutil.copyfile(content, draft)
            if is_private:
                draft.chmod(_PRIVATE)
            if aside:
                aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.rename(aside)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _move_lake(self, lake: Lake, moved_lakes: MovedLakes) -> None:
        """Move a lake that is in the way aside; what an attempt that was cut off has begun to fill is gone on with."""
        store = store_of(lake.root())
        if store.exists(UNFINISHED) or is_unfinished(store) or not has_tables(store):
            return
        if lake.options is not None:
            raise UsageError("restore_url_used", lake=lake)
        if not self.options.replace:
            raise UsageError("restore_lake_exists", lake=lake)
        check_unused(lake)
        aside = free_name(Path(f"{lake.files}.replaced-{self.manifest.id}"))
        moved_lakes.add(aside)
        lake.files.rename(aside)

    def _fill(self, lake: Lake) -> FillCount:
        source = f"{self.repository.place} {self.manifest.id}"
        filling = LakeFilling(lake, source, from_store=self.manifest.is_remote, scratch=self.scratch)
        files = [
            Filling(name=file.name, size=file.size, sha256=file.sha256, content=partial(self._content, file))
            for file in self.manifest.files
            if file.part is Part.LAKE
        ]
        return filling.write(files) + filling.finish(files)

    def _content(self, file: BackupFile, copy: Path) -> AbstractContextManager[Path | None]:
        return self.repository.content(file.sha256, copy)
