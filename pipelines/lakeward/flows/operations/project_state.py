"""What is known of all datasets of a project before each is looked at."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError
from lakeward.engines.protocols import Engine
from lakeward.flows.base.newest_runs import newest_runs
from lakeward.flows.base.untaken import DropFolders, read_drop_folders
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.batch.applied_state import read_applied_states
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.batch.replaced import PublishedRows, read_published_rows
from lakeward.flows.grading.records import GradeRecord, read_grade_record
from lakeward.flows.operations.open_tasks import count_grade_tasks
from lakeward.flows.quarantine.open_rows import datasets_with_events
from lakeward.flows.scoring.answers import DatasetScore
from lakeward.flows.scoring.current import current_scores


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectState:
    """What is known of all datasets before each is looked at: contracts, drop folders, and what the governance tables hold.

    Args:
        contracts: By dataset; None if the contract is not valid.
        newest: The newest run of each dataset.
        received: The newest run of each dataset that received something, or found nothing in it.
        published: What each dataset published.
        with_events: Datasets of which rows were released, repaired, replayed or expired.
        read: Offset of the newest planned batch by dataset.
    """

    contracts: Mapping[str, Contract | None]
    drops: DropFolders
    newest: Mapping[str, Mapping[str, Any]]
    received: Mapping[str, Mapping[str, Any]]
    published: Mapping[str, PublishedRows]
    grades: GradeRecord
    grade_tasks: Counter[str]
    halted: Mapping[str, int]
    scores: Mapping[str, DatasetScore]
    with_events: AbstractSet[str]
    read: Mapping[str, int]

    def valid_contracts(self) -> list[Contract]:
        """The valid ones."""
        return [contract for contract in self.contracts.values() if contract]


def read_project_state(workspace: Workspace, engine: Engine) -> ProjectState:
    """Read it; each contract is read once."""
    contracts = {name: _valid_contract(workspace, name) for name in workspace.project.datasets()}
    return ProjectState(
        contracts=contracts,
        drops=read_drop_folders(workspace, filter(None, contracts.values())),
        newest=newest_runs(engine),
        received=newest_runs(engine, "ingest"),
        published=read_published_rows(engine),
        grades=read_grade_record(engine),
        grade_tasks=count_grade_tasks(engine),
        halted=halted_batches(engine),
        scores=current_scores(workspace, engine),
        with_events=datasets_with_events(engine),
        read={name: one.plan.end for name, one in read_applied_states(engine).items() if one.plan},
    )


def _valid_contract(workspace: Workspace, name: str) -> Contract | None:
    try:
        return workspace.project.contract(name)
    except ContractError:
        return None
