"""Tasks of filing important data for the to-do list: kept until the lake or the day is another, for they are computed from the lake itself."""

from collections.abc import Mapping
from datetime import date
from threading import Lock
from zoneinfo import ZoneInfo

from lakeward.core.errors import LakewardError
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.filing.catalogue import catalogue_report
from lakeward.flows.filing.changes import FilingTask
from lakeward.flows.portal.read_model import ReadModel


class FilingWork:
    """The tasks of a project."""

    def __init__(self, workspace: Workspace, model: ReadModel) -> None:
        self._workspace, self._model, self._lock = workspace, model, Lock()
        self._state: tuple[Mapping[str, int], date] | None = None
        self._tasks: tuple[FilingTask, ...] = ()
        self._fault: LakewardError | None = None

    def today(self) -> date:
        """The day by the plant's clock."""
        return self._workspace.clock.now().astimezone(ZoneInfo(self._workspace.project.zone)).date()

    def tasks(self) -> tuple[FilingTask, ...]:
        """The tasks as they were last computed.

        Raises:
            LakewardError: The declarations or the policy are not valid, or the lake can't be read.
        """
        if self._state is None:
            self.update()
        if self._fault:
            raise self._fault
        return self._tasks

    def update(self) -> None:
        """Compute the tasks if the lake or the day is another; a failure is kept until then."""
        with self._lock:
            with self._model.read() as reading:
                state = (reading.versions(), self.today())
                is_needed = "governance.filings" in state[0] or bool(reading.rows("important_columns"))
            if state == self._state:
                return
            try:
                self._tasks, self._fault = self._read() if is_needed else (), None
            except LakewardError as error:
                self._tasks, self._fault = (), error
            self._state = state

    def _read(self) -> tuple[FilingTask, ...]:
        with self._workspace.engine() as engine:
            return catalogue_report(self._workspace, engine).tasks
