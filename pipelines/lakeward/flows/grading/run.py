"""One grading run: what it reads once, and the proposals that it makes and stores."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, UsageError
from lakeward.core.names import RunId, new_run_id, sha256
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.edges import RecordedEdges, read_edges
from lakeward.flows.grading.publication import send_tags
from lakeward.flows.grading.records import PROPOSALS, GradeRecord, proposal_rows, read_grade_record
from lakeward.grading.catalogue import GradingRules
from lakeward.grading.libraries import OVERLAY_FILE, ProjectRules, project_rules
from lakeward.grading.proposal import GradeProposal

# One counter for all grading runs, so that the highest number is the newest proposal.
APP = "grade"
# Characters of each half of a basis: the hash of contract, rules and data, and that of the upstream grades.
HALF = 32


class KnownContracts:
    """The contracts of a project, each read when it is first needed."""

    def __init__(self, project: Project, known: Mapping[str, Contract]) -> None:
        self._project = project
        self._found: dict[str, Contract | None] = dict(known)

    def get(self, name: str) -> Contract | None:
        """The contract of a dataset; None if it does not exist or is not valid."""
        if name not in self._found:
            self._found[name] = None
            with suppress(ContractError, UsageError):
                self._found[name] = self._project.contract(name)
        return self._found[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRun:
    """What a grading run reads once.

    Args:
        record: What is stored, with the proposals of this run.
        edges: Lineage between columns.
        generations: Generation of each dataset's tables.
    """

    workspace: Workspace
    engine: Engine
    project_rules: ProjectRules
    record: GradeRecord
    contracts: KnownContracts
    edges: RecordedEdges
    generations: Mapping[str, int]
    id: RunId = field(default_factory=new_run_id)

    @property
    def rules(self) -> GradingRules:
        """The rules that apply in the project."""
        return self.project_rules.rules


def open_run(workspace: Workspace, engine: Engine, known: Mapping[str, Contract] = MappingProxyType({})) -> GradingRun:
    """Read the grades, the lineage and the generations of the lake.

    Args:
        known: Contracts that were read already.

    Raises:
        DefinitionError: A catalogue was edited in place, or the project's rules are not valid.
    """
    return GradingRun(
        workspace=workspace,
        engine=engine,
        project_rules=workspace_rules(workspace),
        record=read_grade_record(engine),
        contracts=KnownContracts(workspace.project, known),
        edges=read_edges(engine),
        generations=_generations(engine),
    )


def workspace_rules(workspace: Workspace) -> ProjectRules:
    """The rules that apply in the project.

    Raises:
        DefinitionError: A catalogue was edited in place, or the project's rules are not valid.
    """
    file = workspace.project.root / OVERLAY_FILE
    return project_rules(file.read_text(encoding="utf-8") if file.is_file() else None)


def _generations(engine: Engine) -> dict[str, int]:
    if not engine.exists(governance.table_name("contracts")):
        return {}
    found = engine.fetch("SELECT dataset, max(generation) AS generation FROM governance.contracts GROUP BY dataset")
    return {row["dataset"]: row["generation"] for row in found}


def data_basis(run: GradingRun, contract: Contract) -> str:
    """Hash of what detection reads: contract, rules and data."""
    app = governance.application_id(contract.name, run.generations.get(contract.name, 1))
    data = run.engine.txn(contract.table(contract.layer), app)
    return _half([contract.sha256, run.rules.sha256, app, data])


def upstream_basis(upstream: Mapping[tuple[str, str], object]) -> str:
    """Hash of the grades of the source columns."""
    return _half(sorted((*node, repr(inherited)) for node, inherited in upstream.items()))


def _half(facts: object) -> str:
    return sha256(json.dumps(facts).encode())[:HALF]


def store_proposals(run: GradingRun, proposals: Mapping[str, Iterable[GradeProposal]]) -> None:
    """One commit for the whole run; a concurrent run moves its number. Sends lineage first, since twice is harmless."""
    table, at = governance.table_spec(PROPOSALS).name, run.workspace.clock.now()
    rows = {name: proposal_rows(name, run.record.bases[name], found) for name, found in proposals.items()}
    while rows:
        seq = run.engine.txn(table, APP) + 1
        for name in rows:
            contract = run.contracts.get(name)
            assert contract is not None
            cause = f"grading {seq} {run.record.bases[name]}"
            send_tags(run.workspace, run.engine, contract, run.record.current(contract), cause=cause, at=at)
        head = {"seq": seq, "run_id": run.id, "proposed_at": at}
        all_rows = [{**head, **row} for found in rows.values() for row in found]
        if governance.append_rows(run.engine, PROPOSALS, all_rows, Txn(APP, seq)):
            return
