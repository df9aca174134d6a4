"""A lake with sessions in its access log, and ways to write its logs anew as somebody with access to the files could."""

import itertools
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from deltalake import DeltaTable, write_deltalake

from lakeward.core.settings import Settings
from lakeward.flows import create_project, seal_logs, verify_logs
from lakeward.flows.audit.log_faults import LogVerification
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.serving import session_entries
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.access import AccessLog
from lakeward.flows.serving.reader import access_log_folder

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


class StepClock:
    """A clock that moves one second each time it is read."""

    def __init__(self, start: datetime = START, step: int = 1) -> None:
        self._seconds = itertools.count(0, step)
        self._start = start

    def now(self) -> datetime:
        """The next second."""
        return self._start + timedelta(seconds=next(self._seconds))


def make_project(root: Path, key: str | None = "k7Qw9ZrT2mX4vB8nLp5sD1fGh3jKa6Yc") -> Settings:
    """A project without datasets, with a sealing key beside it."""
    project = root / "plant"
    create_project(project)
    file = root / "seal.key"
    if key:
        file.write_text(key, encoding="ascii")
        file.chmod(0o600)
    return Settings(start=project, seal_key_file=file if key else None)


def write_session(
    settings: Settings, name: str, entries: int, *, principal: str = "li.wei", clock: StepClock | None = None
) -> None:
    """One session with this many entries."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        log = AccessLog(
            engine=engine,
            clock=clock or StepClock(),
            role="analyst",
            policy="policy",
            policy_version="1",
            key_id=None,
            text_key=b"k" * 32,
            folder=access_log_folder(workspace),
            principal=principal,
            session_id=name,
        )
        for number in range(entries):
            log.write(f"select {number}", log.clock.now(), ["silver.orders"], rows=number, verdict="allowed")
        log.close()


def write_for_ever(settings: Settings, acknowledged: Path) -> None:
    """Write entries until it is killed, and note each that was acknowledged."""
    session_entries.COMMIT_EVERY = 7
    workspace = open_workspace(settings)
    with workspace.engine() as engine, acknowledged.open("a", encoding="ascii") as notes:
        commit_abandoned_entries(engine, access_log_folder(workspace))
        log = AccessLog(engine=engine, clock=StepClock(), role="r", policy="p", key_id=None, folder=access_log_folder(workspace))
        (settings.start / ".started").touch()
        while True:
            log.write("select 1", log.clock.now(), [], verdict="allowed")
            notes.write(f"{log.session_id}/{log.seq}\n")
            notes.flush()


def seal_for_ever(settings: Settings) -> None:
    """Write a session and seal it, until it is killed."""
    (settings.start / ".started").touch()
    for number in itertools.count():
        write_session(settings, f"{os.getpid()}-{number}", 1)
        seal_logs(settings)


def copy_of(settings: Settings, folder: Path) -> Settings:
    """The same project in another folder, with the same key."""
    shutil.copytree(settings.start, folder / "plant")
    return Settings(start=folder / "plant", seal_key_file=settings.seal_key_file)


def rewrite(settings: Settings, table: str, *statements: str) -> None:
    """Write governance table `table` anew with what these statements make of table `t`; its transactions stay."""
    folder = settings.start / "lake" / "governance" / table
    with duckdb.connect() as con:
        rows = DeltaTable(str(folder)).to_pyarrow_table()  # noqa: F841 -- named in the SQL
        con.execute("SET TimeZone = 'UTC'; CREATE TABLE t AS FROM rows")
        for statement in statements:
            con.execute(statement)
        write_deltalake(str(folder), con.execute("FROM t").to_arrow_table(), mode="overwrite")


def faults_of(settings: Settings, *checkpoints: Path) -> list[tuple[str, str, tuple[str, ...]]]:
    """The faults that a verification names."""
    return [(fault.log, str(fault.kind), fault.entries) for fault in verify(settings, checkpoints).faults]


def verify(settings: Settings, checkpoints: Sequence[Path] = ()) -> LogVerification:
    """The result of a verification."""
    return verify_logs(settings, checkpoints)


def seal(settings: Settings) -> list[tuple[str, int, int]]:
    """Seal all logs; log, number and entries of each new seal."""
    return [(answer.log, answer.seal, answer.entries) for answer in seal_logs(settings)]
