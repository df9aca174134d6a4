"""Migrates a lake: to this version's governance tables, or to another place; and takes either back, as long as nothing was written since."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import EMBEDDED, Settings
from lakeward.core.storage.lake import Lake, store_of
from lakeward.engines.delta.pinned_versions import newest_versions
from lakeward.engines.factory import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.backup.closed_lake import check_unused
from lakeward.flows.backup.lake_content import lake_files
from lakeward.flows.backup.lake_places import lake_place, name_lake, versions_by_name
from lakeward.flows.backup.manifest import backup_id
from lakeward.flows.backup.migration_answers import MigrationAnswer, MigrationOptions
from lakeward.flows.backup.migration_record import MigrationRecord, last_record
from lakeward.flows.backup.move import LakeMove, all_locked, check_movable
from lakeward.flows.backup.replay import replay_lake
from lakeward.flows.backup.undo import Undoing
from lakeward.flows.backup.upgrade import is_current, planned_changes, schema_version, upgrade
from lakeward.flows.base import governance
from lakeward.flows.base.lake_owner import check_lake_owner
from lakeward.flows.base.lake_schema import MOVED, SCHEMA_VERSION
from lakeward.flows.base.workspace import Workspace, open_workspace


def migrate(settings: Settings, options: MigrationOptions) -> MigrationAnswer:
    """Upgrade the lake of the project, move it, or take the last migration back.

    Raises:
        UsageError: The lake is in use or another project's, can't lie at the place, something else lies there, or there is nothing to take back.
        MachineError: A newer version wrote the lake, it was moved, or it or the place can't be read or written, as on a full disk.
        StoreConflictError: Others wrote all the time.
    """
    workspace = open_workspace(settings)
    try:
        return _migrate(workspace, options)
    except OSError as error:
        place = workspace.lake if options.to is None else lake_place(workspace, options.to)
        raise MachineError("migrate_not_written", place=place, found=error.strerror or type(error).__name__) from error


def _migrate(workspace: Workspace, options: MigrationOptions) -> MigrationAnswer:
    check_lake_owner(workspace.lake, workspace.project)
    if options.undo:
        return Undoing(workspace, options).run()
    with _session(workspace) as engine:
        answer = _move(workspace, engine, options) if options.to is not None else _upgrade(workspace, engine, options)
    if options.verify and not options.dry_run:
        answer = replace(answer, replay=replay_lake(open_workspace(workspace.settings)))
    return answer


@contextmanager
def _session(workspace: Workspace) -> Iterator[Engine]:
    """A session over a lake that is unused; also over one whose move was cut off."""
    check_unused(workspace.lake)
    engine = open_engine(EMBEDDED, workspace.lake.as_stored(), workspace.settings.memory)
    try:
        _check_open(workspace, engine)
        yield engine
    finally:
        engine.close()


@contextmanager
def _locked(workspace: Workspace, engine: Engine) -> Iterator[None]:
    """Hold all datasets of a lake that no one has moved while this one waited for them."""
    with all_locked(engine):
        _check_open(workspace, engine)
        yield


def _check_open(workspace: Workspace, engine: Engine) -> None:
    record = last_record(store_of(workspace.lake.root()))
    is_cut_off = record is not None and record.is_move and not record.after
    if not (is_cut_off and schema_version(engine) == MOVED):
        governance.check_schema_version(engine)


def _upgrade(workspace: Workspace, engine: Engine, options: MigrationOptions) -> MigrationAnswer:
    lake, found = workspace.lake, schema_version(engine)
    record = last_record(store_of(lake.root()))
    if record and record.is_move and not record.after:
        raise UsageError("migrate_other_unfinished", place=record.to_place)
    changes = tuple(planned_changes(engine, lake))
    is_done = options.dry_run or is_current(engine, lake)
    answer = MigrationAnswer(
        from_version=found,
        to_version=SCHEMA_VERSION,
        from_place=str(lake),
        to_place=str(lake),
        changes=changes,
        tables=len(engine.tables()),
        files=0,
        bytes=0,
        done=not is_done,
        project_changed=False,
        replay=None,
    )
    if not is_done:
        with _locked(workspace, engine):
            if is_current(engine, lake):  # others upgraded it meanwhile
                return replace(answer, done=False)
            record = _start_record(lake, schema_version(engine), str(lake))
            upgrade(engine, lake)
            _end_record(record, lake)
    return answer


def _move(workspace: Workspace, engine: Engine, options: MigrationOptions) -> MigrationAnswer:
    if not (options.to or "").strip():
        raise UsageError("move_place_missing")
    lake, target = workspace.lake, lake_place(workspace, options.to or "")
    check_movable(workspace, target)
    record = last_record(store_of(lake.root()))
    version = record.from_version if record and not record.after else schema_version(engine)
    files = [*lake_files(lake, newest_versions(lake.root()))] if options.dry_run else []
    answer = MigrationAnswer(
        from_version=version,
        to_version=version,
        from_place=str(lake),
        to_place=str(target),
        changes=(),
        tables=len(engine.tables()),
        files=len(files),
        bytes=sum(file.size for file in files),
        done=not options.dry_run,
        project_changed=False,
        replay=None,
    )
    if options.dry_run:
        return answer
    with _locked(workspace, engine):
        check_movable(workspace, target)  # again: others may have filled it meanwhile
        record = _start_record(lake, schema_version(engine), str(target))
        count = LakeMove(workspace, engine, target, record).run()
        there = record.stored_in(store_of(target.root()))
        if not (there and there.after):
            _end_record(record, target)
        changed = name_lake(workspace, target)
        _end_record(record, lake)  # last: until then the same command goes on
    return replace(answer, files=count.written, bytes=count.bytes, project_changed=changed)


def _start_record(lake: Lake, version: int, to_place: str) -> MigrationRecord:
    """The record of this migration: of the one that was cut off, or a new one."""
    store, record = store_of(lake.root()), last_record(store_of(lake.root()))
    if record and not record.after:
        if record.to_place != to_place:
            raise UsageError("migrate_other_unfinished", place=record.to_place)
        return record
    record = MigrationRecord(
        id=backup_id(datetime.now(UTC)),
        from_version=version,
        to_version=SCHEMA_VERSION if to_place == str(lake) else version,
        from_place=str(lake),
        to_place=to_place,
        before=versions_by_name(lake),
    )
    record.write(store)
    return record


def _end_record(record: MigrationRecord, lake: Lake) -> None:
    replace(record, after=versions_by_name(lake)).write(store_of(lake.root()))
