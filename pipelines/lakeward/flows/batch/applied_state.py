"""What the governance tables say of all datasets, read once: enough to see that a dataset has nothing to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import LakewardError
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.pinning import BatchPlan, Definition, batch_ranges
from lakeward.flows.base.workspace import Workspace

if TYPE_CHECKING:
    from lakeward.sources.protocols import WaitingInput

_NEWEST = "QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY {order}) = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedState:
    """State of one dataset.

    Args:
        hashes: Hashes of the texts that were last applied, as `Definition.hashes`.
        plan: Its newest plan; None before the first.
        finished: Number of the newest finished batch of this generation; 0 before the first.
    """

    hashes: Mapping[str, str]
    generation: int
    plan: BatchPlan | None
    finished: int


AppliedStates = Mapping[str, AppliedState]


def read_applied_states(engine: Engine) -> AppliedStates:
    """The state of each dataset that has a definition."""
    plans = {row["dataset"]: row for row in _rows(engine, "batches", "*", _NEWEST.format(order="batch_seq DESC"))}
    runs = _rows(engine, "runs", "dataset, generation, max(batch_seq) AS newest", "GROUP BY dataset, generation")
    finished = {(row["dataset"], row["generation"]): row["newest"] for row in runs}
    columns = "dataset, generation, contract_sha256, suite_sha256, model_sha256"
    applied = _rows(engine, "contracts", columns, _NEWEST.format(order="generation DESC, applied_at DESC"))
    return {row["dataset"]: _state(row, plans.get(row["dataset"]), finished) for row in applied}


def is_idle(definition: Definition, waiting: "WaitingInput | None", states: AppliedStates) -> bool:
    """Whether a run of the dataset would find nothing to do: same texts, no planned batch, no new input.

    Args:
        definition: The texts of now; their generation counts for nothing.
        waiting: What its source has; None for a gold dataset, whose inputs are other datasets.
    """
    state = states.get(definition.contract.name)
    if state is None or state.hashes != definition.hashes or (state.plan and state.plan.seq > state.finished):
        return False
    return waiting.files == 0 if waiting else _has_no_new_inputs(definition.contract, state, states)


def waiting_input(workspace: Workspace, contract: Contract, states: AppliedStates) -> "WaitingInput | None":
    """What waits in the dataset's source; None for a gold dataset, and for a source whose run fails."""
    state = states.get(contract.name)
    try:
        return workspace.source(contract).waiting(state.plan.end if state and state.plan else 0)
    except LakewardError:
        return None


def _has_no_new_inputs(contract: Contract, state: AppliedState, states: AppliedStates) -> bool:
    if contract.model is None or state.plan is None or state.plan.generation != state.generation:
        return False
    for table in contract.model.inputs:
        source, read = states.get(table.name), state.plan.inputs.get(str(table))
        if source is None or read is None or (source.generation, source.finished) != (read.generation, read.upto):
            return False
    return True


def _state(row: Mapping[str, Any], plan: dict[str, Any] | None, finished: Mapping[tuple[str, int], int]) -> AppliedState:
    generation = row["generation"]
    return AppliedState(
        hashes={name: row[name] for name in ("contract_sha256", "suite_sha256", "model_sha256")},
        generation=generation,
        plan=BatchPlan(plan["batch_seq"], plan["end_offset"], plan["generation"], batch_ranges(plan)) if plan else None,
        finished=finished.get((row["dataset"], generation), 0),
    )


def _rows(engine: Engine, name: str, columns: str, clause: str) -> list[dict[str, Any]]:
    """Rows of a governance table; none before its first row."""
    if engine.info(governance.table_spec(name).name) is None:
        return []
    return engine.fetch(f"SELECT {columns} FROM governance.{name} {clause}")
