"""One read of stored values by a command: an entry in the access log before the result is returned, and for a failure too."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lakeward.core.errors import LakewardError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.access import AccessLog, LoggedRead
from lakeward.flows.serving.reader import Reader


@dataclass(slots=True)
class ReadEntry:
    """The entry of one read.

    Args:
        objects: Tables that are read, as `layer.name`; more may be added before the entry is written.
        is_written: Whether the entry is on disk.
    """

    _log: AccessLog
    _read: LoggedRead
    objects: set[str]
    is_written: bool = False

    def write(self, rows: int = 0, charged: int | None = None) -> None:
        """Write the entry before anything is handed out.

        Args:
            rows: Number of rows, or of row places, that the reader gets.
            charged: Number of rows that the figures speak of; None for `rows`.

        Raises:
            ProtectionError: The rows exceed a quota; the entry says so.
        """
        self._record(replace(self._read, rows=rows, rows_charged=charged))

    def fail(self, code: str | None) -> None:
        """Write the entry of a failure; without a code, of one that is no Lakeward error."""
        self._record(replace(self._read, verdict="failed", code=code))

    def _record(self, read: LoggedRead) -> None:
        """Write one entry, and no second one: a read that its quota refuses has its entry, too."""
        if not self.is_written:
            self.is_written = True
            self._log.record(replace(read, objects=self.objects))


@contextmanager
def logged_read(workspace: Workspace, engine: Engine, reader: Reader, text: str, objects: Collection[str]) -> Iterator[ReadEntry]:
    """Write one entry at the end of the block, if it is not written before; its result may be shown only after that.

    Args:
        text: The command with its arguments; the log does not keep it in clear.
        objects: Tables that are read, as `layer.name`.

    Raises:
        ProtectionError: A row filter hides rows of one of them from the reader, or the quota is used up: then nothing is read.
        StoreConflictError: Write conflicts continued after all retries.
        MachineError: The lake can't be written.
    """
    log = reader.open_log(workspace, engine)
    entry = ReadEntry(log, LoggedRead(text=text, asked_at=workspace.clock.now(), verdict="allowed"), set(objects))
    try:
        log.check_quota(text, objects)
        with _logged_failure(entry):
            for name in objects:
                reader.check_every_row(name.rpartition(".")[2])
            yield entry
        entry.write()
    finally:
        log.close()


@contextmanager
def _logged_failure(entry: ReadEntry) -> Iterator[None]:
    """Write the entry of a failure in the block, whatever the failure."""
    code, is_done = None, False
    try:
        yield
        is_done = True
    except LakewardError as error:
        code = error.code
        raise
    finally:
        if not is_done:
            entry.fail(code)
