"""Status of the project: last runs, failures, late data, and the next command."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.core.errors import ContractError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.report import FAILING_NOTES
from lakeward.flows.base.untaken import unclaimed_files, untaken_files
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.batch.replaced import count_replaced_rows
from lakeward.flows.grading.records import GradeRecord, read_grade_record, waiting
from lakeward.flows.quarantine.open_rows import open_count
from lakeward.flows.scoring.answers import DatasetScore
from lakeward.flows.scoring.current import current_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStatus:
    """The current state of one dataset.

    Args:
        dataset: Name of the dataset.
        last_run: Time when its newest batch was finished; None before the first.
        score: Quality score of the newest received batch, 0 to 100; None if nothing was measured.
        failed_rules: Number of rules with verdict FAIL in that batch; None if nothing was judged.
        unknown_rules: Number of rules with verdict UNKNOWN in that batch; None if nothing was judged.
        quarantine: Number of open rows in quarantine; gold: of all quarantined rows.
        rejects: Number of stored records that could not be parsed.
        replaced: Number of published rows that later batches have replaced since the last rebuild; gold: 0.
        halted: Number of the batch that waits for release by a steward; None if no batch is halted.
        late: Whether the newest data is older than the contract allows; None if the contract sets no limit or is not valid.
        waiting: Number of stored columns whose grade needs a decision.
        proposed_key: Columns of a key that needs `lakeward contract confirm-key`; until then no row replaces another.
        next: Recommended next steps, as messages that name a command.
    """

    dataset: str
    last_run: datetime | None
    score: Decimal | None
    failed_rules: int | None
    unknown_rules: int | None
    quarantine: int
    rejects: int
    replaced: int
    halted: int | None
    late: bool | None
    waiting: int
    proposed_key: tuple[str, ...]
    next: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward status --json`; the last run to the second."""
        last_run = self.last_run.isoformat(timespec="seconds") if self.last_run else None
        return {**fields_of(self), "last_run": last_run}


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceState:
    """State of all datasets in the governance tables: runs, latest runs and received batches, scores, grades, halted batches."""

    runs: Sequence[Mapping[str, Any]]
    latest: Mapping[str, Mapping[str, Any]]
    received: Mapping[str, Mapping[str, Any]]
    grades: GradeRecord
    halted: Mapping[str, int]
    scores: Mapping[str, DatasetScore]


def project_status(settings: Settings) -> list[DatasetStatus]:
    """The status of each dataset."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        runs = governance.read_rows(engine, "runs", order="finished_at")
        latest = {row["dataset"]: row for row in runs}
        received = {row["dataset"]: row for row in runs if row["flow"] == "ingest"}
        recorded = GovernanceState(
            runs=runs,
            latest=latest,
            received=received,
            grades=read_grade_record(engine),
            halted=halted_batches(engine),
            scores=current_scores(workspace, engine),
        )
        return [_dataset_status(workspace, engine, name, recorded) for name in workspace.project.datasets()]


def _dataset_status(workspace: Workspace, engine: Engine, name: str, recorded: GovernanceState) -> DatasetStatus:
    run, scored = recorded.latest.get(name), recorded.scores.get(name)
    try:
        contract = workspace.project.contract(name)
    except ContractError:
        contract = None
    received = recorded.received.get(name)
    status = DatasetStatus(
        dataset=name,
        last_run=run["finished_at"] if run else None,
        score=scored.mean.score if scored else None,
        failed_rules=scored.mean.failed_rules if scored else None,
        unknown_rules=scored.mean.unknown_rules if scored else None,
        quarantine=open_count(engine, name),
        rejects=_row_count(engine, TableName(Layer.REJECTS, name)),
        replaced=count_replaced_rows(engine, name, recorded.runs),
        halted=recorded.halted.get(name),
        late=is_late(contract, run, workspace.clock.now()) if contract else None,
        waiting=waiting(recorded.grades.current(contract)) if contract and engine.info(contract.table(contract.layer)) else 0,
        proposed_key=contract.proposed_key if contract else (),
        next=() if contract else (Notice("next_contract", {"dataset": name}),),
    )
    if contract is None:
        return status
    return replace(status, next=(*_delivery_notices(name, received), *_next_steps(status), *untaken_files(workspace, contract)))


def _delivery_notices(name: str, run: Mapping[str, Any] | None) -> tuple[Notice, ...]:
    """What is to be said of what the dataset received last: nothing came in it, or too much of it is rejected."""
    if run is None:
        return ()
    warnings = json.loads(run["warnings"] or "[]")
    due = {"next_empty": not run["rows_in"], "next_rejected": any(code in FAILING_NOTES for code, _ in warnings)}
    return tuple(Notice(code, {"dataset": name}) for code, needed in due.items() if needed)


def stray_files(settings: Settings) -> tuple[Notice, ...]:
    """What lies in the project's inbox, but in no dataset's drop folder: no run will ever look at it."""
    return unclaimed_files(open_workspace(settings))


def _row_count(engine: Engine, table: TableName) -> int:
    found = engine.info(table)
    return found.rows if found else 0


def _next_steps(status: DatasetStatus) -> tuple[Notice, ...]:
    facts = {"dataset": status.dataset, "columns": status.waiting, "batch": status.halted, "key": ", ".join(status.proposed_key)}
    due = {
        "next_first_run": status.last_run is None and status.halted is None,
        "next_halted": status.halted is not None,
        "next_late": bool(status.late) and status.last_run is not None,
        "next_quarantine": bool(status.failed_rules and status.quarantine),
        "next_rejects": bool(status.rejects),
        "next_verdicts": bool(status.failed_rules and not status.quarantine),
        "next_unknown": bool(status.unknown_rules),
        "next_grades": bool(status.waiting),
        "next_key": bool(status.proposed_key),
    }
    return tuple(Notice(code, facts) for code, needed in due.items() if needed)
