"""Runs a dataset again and again, for a plant without a scheduler: one process, one batch after the other, by the same laws."""

from collections.abc import Callable
from threading import Event

from lakeward.core.errors import TransientError
from lakeward.core.settings import Settings
from lakeward.flows.base.batch_context import ignore_step
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import OnProgress, Workspace, ignore_progress, open_workspace, record_telemetry
from lakeward.flows.batch.applied_state import is_idle, read_applied_states, waiting_input
from lakeward.flows.batch.ingest import ingest_candidate, run_ingest

# Seconds from the end of a run to the next: a commit a second would make a log that takes longer to read than the rows.
EVERY = 2.0


def follow_dataset(
    settings: Settings,
    name: str,
    stop: Event,
    on_report: Callable[[RunReport], None],
    *,
    every: float = EVERY,
    on_progress: OnProgress = ignore_progress,
) -> None:
    """Run the dataset until `stop` is set; the batch that is under way then is finished.

    Args:
        on_report: Takes the report of each run that did something.
        every: Seconds between two runs.

    Raises:
        As `run_dataset`, but what may pass by itself is tried again. A halted batch ends it: a person must decide.
    """
    with record_telemetry(open_workspace(settings, on_progress)) as traced, traced.sharing() as workspace:
        while not stop.is_set():
            try:
                report = None if _has_nothing_new(workspace, name) else run_ingest(workspace, name, ignore_step)
            except TransientError:
                report = None
            if report and report.batches:
                with workspace.engine() as engine:
                    workspace.costs.settle(engine, workspace.clock)
                on_report(report)
            if report and report.halted:
                return
            stop.wait(every)


def _has_nothing_new(workspace: Workspace, name: str) -> bool:
    candidate = ingest_candidate(workspace, name)
    with workspace.engine() as engine:
        states = read_applied_states(engine)
    waiting = waiting_input(workspace, candidate.contract, states)
    return waiting is not None and is_idle(candidate, waiting, states)
