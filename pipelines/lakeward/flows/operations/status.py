"""Status of the project: last runs, failures, late data, and the next command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.source import COLLECTED_SOURCES
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.lineage_receiver import waiting_notices
from lakeward.flows.base.report import FAILING_NOTES
from lakeward.flows.base.untaken import unclaimed_files, untaken_among
from lakeward.flows.base.workspace import LINEAGE, Workspace, open_workspace
from lakeward.flows.batch.replaced import count_replaced_rows
from lakeward.flows.grading.records import waiting
from lakeward.flows.operations.open_tasks import filing_notices
from lakeward.flows.operations.project_state import ProjectState, read_project_state
from lakeward.flows.operations.source_answers import SourceStatus, guarantee_of
from lakeward.flows.quarantine.open_rows import open_count


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
        late: Whether the newest data is older than the contract, or else the project, allows; None before the first run, or if the
            contract is not valid.
        waiting: Number of stored columns whose grade needs a decision.
        grade_tasks: Number of open reasons to grade the dataset again.
        proposed_key: Columns of a key that needs `lakeward contract confirm-key`; until then no row replaces another.
        source: The state of its collector and of what it has landed; None of a source without one.
        retired: Whether its contract says that it is not run any more.
        guarantee: Message on what is promised of its source: which rows can be missed; None of files and brokers.
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
    grade_tasks: int
    proposed_key: tuple[str, ...]
    source: SourceStatus | None
    retired: bool
    guarantee: Notice | None
    next: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward status --json`; the last run to the second."""
        last_run = self.last_run.isoformat(timespec="seconds") if self.last_run else None
        return {**fields_of(self), "last_run": last_run}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectStatus:
    """The current state of a project.

    Args:
        datasets: The state of each dataset, by name.
        stray_files: Messages on files in the project's inbox that are in no dataset's drop folder: no run reads them.
        tasks: Messages on what the catalogue of important data waits for, and on lineage that waits for its receiver.
    """

    datasets: tuple[DatasetStatus, ...]
    stray_files: tuple[Notice, ...]
    tasks: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """Keys: `datasets, stray_files, tasks`."""
        return fields_of(self)


def project_status(settings: Settings) -> list[DatasetStatus]:
    """The status of each dataset."""
    return list(read_project_status(settings).datasets)


def read_project_status(settings: Settings) -> ProjectStatus:
    """The status of each dataset, and the files that no dataset takes; each contract is read once."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        state = read_project_state(workspace, engine)
        datasets = tuple(_dataset_status(workspace, engine, name, state) for name in state.contracts)
        filing = tuple(filing_notices(workspace, engine, state.grades))
    tasks = (*filing, *waiting_notices(workspace.project.lineage_receiver, workspace.files / LINEAGE))
    return ProjectStatus(datasets=datasets, stray_files=unclaimed_files(workspace, state.valid_contracts()), tasks=tasks)


def _dataset_status(workspace: Workspace, engine: Engine, name: str, state: ProjectState) -> DatasetStatus:
    run, scored, contract = state.newest.get(name), state.scores.get(name), state.contracts[name]
    status = DatasetStatus(
        dataset=name,
        last_run=run["finished_at"] if run else None,
        score=scored.mean.score if scored else None,
        failed_rules=scored.mean.failed_rules if scored else None,
        unknown_rules=scored.mean.unknown_rules if scored else None,
        quarantine=open_count(engine, name, has_events=name in state.with_events),
        rejects=_row_count(engine, TableName(Layer.REJECTS, name)),
        replaced=count_replaced_rows(engine, name, state.published.get(name)),
        halted=state.halted.get(name),
        late=is_late(contract, workspace.project, run, workspace.clock.now()) if contract and not contract.retired else None,
        waiting=waiting(state.grades.current(contract)) if contract and engine.exists(contract.table(contract.layer)) else 0,
        grade_tasks=state.grade_tasks[name],
        proposed_key=contract.proposed_key if contract else (),
        source=None,
        retired=bool(contract and contract.retired),
        guarantee=guarantee_of(contract) if contract and not contract.retired else None,
        next=() if contract else (Notice("next_contract", {"dataset": name}),),
    )
    if contract is None:
        return status
    if contract.retired:
        return replace(status, next=_next_of_retired(status))
    untaken = untaken_among(contract, state.drops)
    source, collecting = _collector(workspace, engine, contract, state.read.get(name, 0))
    return replace(
        status,
        source=source,
        next=(*collecting, *_delivery_notices(name, state.received.get(name)), *_next_steps(status), *untaken),
    )


def _collector(
    workspace: Workspace, engine: Engine, contract: Contract, read: int
) -> tuple[SourceStatus | None, tuple[Notice, ...]]:
    if not isinstance(contract.source, COLLECTED_SOURCES):
        return None, ()
    from lakeward.flows.operations.source_records import silence_notices, with_records  # noqa: PLC0415 -- imports the sources
    from lakeward.flows.operations.source_status import source_status  # noqa: PLC0415 -- as above

    status, notices = source_status(workspace, contract, read)
    status = with_records(workspace, engine, contract, status)
    return status, (*notices, *silence_notices(contract.name, status))


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


def _next_of_retired(status: DatasetStatus) -> tuple[Notice, ...]:
    """Of a dataset that is not run only what is due to what it holds."""
    held = ("next_quarantine", "next_grades")
    return (Notice("next_retired", {"dataset": status.dataset}), *(step for step in _next_steps(status) if step.code in held))


def _next_steps(status: DatasetStatus) -> tuple[Notice, ...]:
    facts = {
        "dataset": status.dataset,
        "columns": status.waiting,
        "tasks": status.grade_tasks,
        "batch": status.halted,
        "key": ", ".join(status.proposed_key),
    }
    due = {
        "next_first_run": status.last_run is None and status.halted is None,
        "next_halted": status.halted is not None,
        "next_late": bool(status.late) and status.last_run is not None,
        "next_quarantine": bool(status.failed_rules and status.quarantine),
        "next_rejects": bool(status.rejects),
        "next_verdicts": bool(status.failed_rules and not status.quarantine),
        "next_unknown": bool(status.unknown_rules),
        "next_grades": bool(status.waiting),
        "next_grade_tasks": bool(status.grade_tasks),
        "next_key": bool(status.proposed_key),
    }
    return tuple(Notice(code, facts) for code, needed in due.items() if needed)
