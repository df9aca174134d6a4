"""Recreates lost COMPLETE events of finished batches from the recorded edges: ids and content follow from the lake."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeward.core.settings import Settings
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.lineage.audit import STEPS, is_recorded
from lakeward_lineage import ColumnLineage, Dataset, Origin, Parent, Step, TransformationKind, complete, start


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoredEvents:
    """The result of recreating events.

    Args:
        job: Name of the job.
        restored: Number of its events that were recreated.
        unrecorded: Number of its events that can't be: the lake has no edges of these batches. A rebuild makes them.
    """

    job: str
    restored: int
    unrecorded: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward lineage restore --json`."""
        return fields_of(self)


def restore_events(settings: Settings) -> list[RestoredEvents]:
    """Recreate lost events, and send them: one answer per job that lacked any."""
    workspace = open_workspace(settings)
    outbox, stored = workspace.outbox, workspace.lineage_event_ids()
    done: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    with workspace.engine() as engine:
        for row in governance.read_rows(engine, "runs", order="dataset, batch_seq"):
            for layer in STEPS.get(row["flow"], ()):
                job = f"{row['flow']}.{row['dataset']}.{layer}"
                if is_recorded(workspace, job, row["batch_id"], stored):
                    continue
                step = _recorded_step(workspace, engine, row, job)
                done[job][0 if step else 1] += 1
                if step:
                    outbox.append(start(step, row["started_at"]))
                    outbox.append(complete(step, row["finished_at"]))
    workspace.deliver_lineage()
    return [RestoredEvents(job=job, restored=ok, unrecorded=lost) for job, (ok, lost) in sorted(done.items())]


def _recorded_step(workspace: Workspace, engine: Engine, run: Mapping[str, Any], job: str) -> Step | None:
    """The step as its edges say; None if there are none."""
    edges = governance.read_rows(engine, "lineage_edges", equals(dataset=run["dataset"], job=job), batch_seq=run["batch_seq"])
    if not edges:
        return None
    outputs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for edge in edges:
        outputs[edge["to_table"]].append(edge)
    return Step(
        project=workspace.project.name,
        job=job,
        batch=run["batch_id"],
        inputs=tuple(Dataset(table) for table in sorted({edge["from_table"] for edge in edges})),
        outputs=tuple(Dataset(table, lineage=_column_lineage(found)) for table, found in sorted(outputs.items())),
        parent=Parent(f"{run['flow']}.{run['dataset']}", run["run_id"]),
    )


def _column_lineage(edges: Sequence[Mapping[str, Any]]) -> ColumnLineage | None:
    """None of a table that the step recorded without columns."""
    found: dict[str, set[Origin]] = defaultdict(set)
    for edge in edges:
        if edge["from_column"]:
            origin = Origin(edge["from_table"], edge["from_column"], TransformationKind(edge["kind"]))
            found[edge["to_column"] or ""].add(origin)
    rows = _in_order(found.pop("", ()))
    return ColumnLineage({column: _in_order(origins) for column, origins in found.items()}, rows) if found or rows else None


def _in_order(origins: Iterable[Origin]) -> tuple[Origin, ...]:
    return tuple(sorted(origins))
