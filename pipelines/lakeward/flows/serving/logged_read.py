"""One read of stored values by a command: an entry in the access log before the result is returned, and for a failure too."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lakeward.core.errors import LakewardError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.reader import Reader


@dataclass(slots=True)
class ReadEntry:
    """The entry of one read.

    Args:
        is_written: Whether the entry is on disk.
    """

    _write: Callable[[int], None]
    is_written: bool = False

    def write(self, rows: int = 0) -> None:
        """Write the entry before anything is handed out; `rows` is the number of rows, or of row places, that the reader gets."""
        if not self.is_written:
            self._write(rows)
            self.is_written = True


@contextmanager
def logged_read(workspace: Workspace, engine: Engine, reader: Reader, text: str, objects: Collection[str]) -> Iterator[ReadEntry]:
    """Write one entry at the end of the block, if it is not written before; its result may be shown only after that.

    Args:
        text: The command with its arguments; the log does not keep it in clear.
        objects: Tables that are read, as `layer.name`.

    Raises:
        ProtectionError: A row filter hides rows of one of them from the reader.
        StoreConflictError: Write conflicts continued after all retries.
        MachineError: The lake can't be written.
    """
    asked_at, log = workspace.clock.now(), reader.open_log(workspace, engine)
    entry = ReadEntry(lambda rows: log.write(text, asked_at, objects, rows=rows, verdict="allowed"))
    try:
        try:
            for name in objects:
                reader.check_every_row(name.rpartition(".")[2])
            yield entry
        except LakewardError as error:
            log.write(text, asked_at, objects, verdict="failed", code=error.code)
            raise
        entry.write()
    finally:
        log.close()
