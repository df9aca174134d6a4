"""Status of the project: last runs, failures, late data, and the next command."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.source import COLLECTED_SOURCES
from lakeward.core.errors import ContractError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import Notice, fields_of
from lakeward.flows.base.freshness import is_late
from lakeward.flows.base.report import FAILING_NOTES
from lakeward.flows.base.untaken import DropFolders, read_drop_folders, unclaimed_files, untaken_among
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.applied_state import read_applied_states
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.batch.replaced import count_replaced_rows
from lakeward.flows.grading.records import GradeRecord, read_grade_record, waiting
from lakeward.flows.operations.open_tasks import count_grade_tasks, filing_notices
from lakeward.flows.operations.source_answers import SourceStatus, guarantee_of
from lakeward.flows.quarantine.events import EVENTS
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
        tasks: Messages on what the catalogue of important data waits for.
    """

    datasets: tuple[DatasetStatus, ...]
    stray_files: tuple[Notice, ...]
    tasks: tuple[Notice, ...]

    def as_dict(self) -> dict[str, object]:
        """Keys: `datasets, stray_files, tasks`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectState:
    """What is known of all datasets before each is looked at: contracts, drop folders, and what the governance tables hold.

    Args:
        contracts: By dataset; None if the contract is not valid.
        runs: Rows of `governance.runs` by dataset, the newest last.
        read: Offset of the newest planned batch by dataset.
    """

    contracts: Mapping[str, Contract | None]
    drops: DropFolders
    runs: Mapping[str, Sequence[Mapping[str, Any]]]
    grades: GradeRecord
    grade_tasks: Counter[str]
    halted: Mapping[str, int]
    scores: Mapping[str, DatasetScore]
    has_events: bool
    read: Mapping[str, int]


def project_status(settings: Settings) -> list[DatasetStatus]:
    """The status of each dataset."""
    return list(read_project_status(settings).datasets)


def read_project_status(settings: Settings) -> ProjectStatus:
    """The status of each dataset, and the files that no dataset takes; each contract is read once."""
    workspace = open_workspace(settings)
    contracts = {name: _valid_contract(workspace, name) for name in workspace.project.datasets()}
    valid = [contract for contract in contracts.values() if contract]
    with workspace.engine() as engine:
        state = ProjectState(
            contracts=contracts,
            drops=read_drop_folders(workspace, valid),
            runs=_runs_by_dataset(engine),
            grades=read_grade_record(engine),
            grade_tasks=count_grade_tasks(engine),
            halted=halted_batches(engine),
            scores=current_scores(workspace, engine),
            has_events=engine.info(EVENTS) is not None,
            read={name: one.plan.end for name, one in read_applied_states(engine).items() if one.plan},
        )
        datasets = tuple(_dataset_status(workspace, engine, name, state) for name in contracts)
        tasks = tuple(filing_notices(workspace, engine, state.grades))
    return ProjectStatus(datasets=datasets, stray_files=unclaimed_files(workspace, valid), tasks=tasks)


def _valid_contract(workspace: Workspace, name: str) -> Contract | None:
    try:
        return workspace.project.contract(name)
    except ContractError:
        return None


def _runs_by_dataset(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in governance.read_rows(engine, "runs", order="finished_at"):
        runs.setdefault(row["dataset"], []).append(row)
    return runs


def _dataset_status(workspace: Workspace, engine: Engine, name: str, state: ProjectState) -> DatasetStatus:
    runs, scored, contract = state.runs.get(name, ()), state.scores.get(name), state.contracts[name]
    run = runs[-1] if runs else None
    silver = engine.info(TableName(Layer.SILVER, name))
    stored = silver if contract is None or contract.layer is Layer.SILVER else engine.info(contract.table(contract.layer))
    status = DatasetStatus(
        dataset=name,
        last_run=run["finished_at"] if run else None,
        score=scored.mean.score if scored else None,
        failed_rules=scored.mean.failed_rules if scored else None,
        unknown_rules=scored.mean.unknown_rules if scored else None,
        quarantine=open_count(engine, name, has_events=state.has_events),
        rejects=_row_count(engine, TableName(Layer.REJECTS, name)),
        replaced=count_replaced_rows(engine, name, runs, silver),
        halted=state.halted.get(name),
        late=is_late(contract, workspace.project, run, workspace.clock.now()) if contract and not contract.retired else None,
        waiting=waiting(state.grades.current(contract)) if contract and stored else 0,
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
    received = next((row for row in reversed(runs) if row["flow"] == "ingest"), None)
    untaken = untaken_among(contract, state.drops)
    source, collecting = _collector(workspace, engine, contract, state.read.get(name, 0))
    return replace(status, source=source, next=(*collecting, *_delivery_notices(name, received), *_next_steps(status), *untaken))


def _collector(
    workspace: Workspace, engine: Engine, contract: Contract, read: int
) -> tuple[SourceStatus | None, tuple[Notice, ...]]:
    if not isinstance(contract.source, COLLECTED_SOURCES):
        return None, ()
    from lakeward.flows.operations.source_records import with_records  # noqa: PLC0415 -- imports the sources
    from lakeward.flows.operations.source_status import source_status  # noqa: PLC0415 -- as above

    status, notices = source_status(workspace, contract, read)
    return with_records(workspace, engine, contract, status), notices


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
