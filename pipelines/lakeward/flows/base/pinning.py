"""What a batch is judged by is decided once, before it is read, and stored: a resumed batch goes on with the same texts.

`governance.contracts` holds every contract and suite text that was applied, `governance.batches` the plan of every batch.
A dataset's generation rises with each rebuild; a batch is done when its row in `governance.runs` has landed.
"""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from lakeward.contracts.diff import check_evolution
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Contract
from lakeward.core.clock import Clock
from lakeward.core.errors import StoreConflictError
from lakeward.core.names import BatchId, Layer, RunId, TableName, batch_id, sha256
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance

RUNS = TableName(Layer.GOVERNANCE, "runs")


@dataclass(frozen=True, slots=True)
class Definition:
    """The texts that make a dataset, and the generation they belong to."""

    contract: Contract
    suite: str | None
    model: str | None = None  # gold: the SELECT
    generation: int = 1

    @property
    def hashes(self) -> dict[str, str]:
        """Identity of each text, under its column name in the governance tables; of nothing where there is none."""
        texts = {"contract": self.contract.text, "suite": self.suite, "model": self.model}
        return {f"{name}_sha256": sha256((text or "").encode()) for name, text in texts.items()}

    @property
    def application_id(self) -> str:
        """The Delta application id of this generation's batches."""
        return governance.application_id(self.contract.name, self.generation)


class BatchRange(NamedTuple):
    """Batches of one input that a curation takes in: `after < seq <= upto` of one generation."""

    generation: int
    after: int
    upto: int


BatchRanges = dict[str, BatchRange]


class BatchPlan(NamedTuple):
    """What the next plan follows: a batch's number, where it ends, and what it took in."""

    seq: int
    end: int
    generation: int
    inputs: BatchRanges


NO_PLAN = BatchPlan(0, 0, 0, {})


class Reprocess(StrEnum):
    """Why a batch takes up rows that were set aside: to be judged again, or to be published though rules fail."""

    REPLAY = "replay"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedBatch:
    """One planned batch.

    Args:
        start, end: File source: inputs `start < seq <= end`.
        inputs: Gold: input table -> its generation and batches `(after, upto]`; empty for a file source.
        again: Set for rows that were set aside; None: the rows come from the source, or from the inputs.
        request: JSON of which of them were asked for, by whom and why.
    """

    definition: Definition
    seq: int
    id: BatchId
    start: int
    end: int
    inputs: BatchRanges
    reprocess: Reprocess | None = None
    request: str | None = None


def current_definition(engine: Engine, dataset: str) -> Definition | None:
    """What was applied to the dataset last; None before its first batch."""
    found = governance.read_rows(engine, "contracts", dataset=dataset, order="generation DESC, applied_at DESC LIMIT 1")
    return _to_definition(found[0]) if found else None


def apply_definition(engine: Engine, definition: Definition, run_id: RunId, clock: Clock) -> Definition:
    """Make `wanted` the dataset's definition, if it is a new one that may follow the last.

    Raises:
        ContractError: The change breaks the contract (docs/explanation/batch.md, second day).
    """
    name = definition.contract.name
    last = current_definition(engine, name)
    if last and last.hashes == definition.hashes:
        return last
    if last:
        check_evolution(last.contract, definition.contract)
        definition = replace(definition, generation=last.generation)
    store_definition(engine, definition, run_id, clock)
    return definition


def start_generation(engine: Engine, definition: Definition, run_id: RunId, clock: Clock) -> Definition:
    """Make `wanted` the definition of a new generation: silver is made anew from bronze by it, or gold from its inputs.

    Raises:
        ContractError: The change breaks a silver contract whose major version did not rise.
    """
    last = current_definition(engine, definition.contract.name)
    if last and definition.contract.layer is Layer.SILVER:
        check_evolution(last.contract, definition.contract, rebuilding=True)
    renewed = replace(definition, generation=last.generation + 1 if last else 1)
    store_definition(engine, renewed, run_id, clock)
    return renewed


def store_definition(engine: Engine, definition: Definition, run_id: RunId, clock: Clock) -> None:
    """Write the texts of `definition` to `governance.contracts`; a rival that stored first wins."""
    name = definition.contract.name
    txn = Txn(f"contracts/{name}", engine.txn(governance.table_spec("contracts").name, f"contracts/{name}") + 1)
    row = {
        "dataset": name,
        "generation": definition.generation,
        "version": definition.contract.version,
        **definition.hashes,
        "contract_text": definition.contract.text,
        "suite_text": definition.suite,
        "model_text": definition.model,
        "run_id": run_id,
        "applied_at": clock.now(),
    }
    governance.append_rows(engine, "contracts", [row], txn)


def unfinished_batches(engine: Engine, definition: Definition) -> list[PinnedBatch]:
    """Batches that are planned, but have no row in `governance.runs` for this generation, oldest first.

    A rebuild of silver goes over the batches of all generations again; gold starts with plans of its own.
    """
    # Gold: of this generation alone.
    own = {"generation": definition.generation} if definition.contract.layer is Layer.GOLD else {}
    new = f"batch_seq > {engine.txn(RUNS, definition.application_id)}"
    found = governance.read_rows(engine, "batches", new, "batch_seq", dataset=definition.contract.name, **own)
    return [_to_pinned_batch(engine, row, definition) for row in found]


def earlier_column_names(engine: Engine, contract: Contract) -> dict[str, set[str]]:
    """For each column of the source, the names that contracts so far gave it."""
    names: dict[str, set[str]] = {column.source_name: set() for column in contract.columns}
    for row in governance.read_rows(engine, "contracts", dataset=contract.name):
        for column in _to_definition(row).contract.columns:
            names.setdefault(column.source_name, set()).add(column.name)
    return names


def newest_plan(engine: Engine, dataset: str) -> BatchPlan:
    """The plan that was pinned last, of whatever generation; `NO_PLAN` before the first."""
    newest = engine.txn(governance.table_spec("batches").name, f"batches/{dataset}")
    found = governance.read_rows(engine, "batches", dataset=dataset, batch_seq=newest)
    if not found:
        return NO_PLAN
    return BatchPlan(found[0]["batch_seq"], found[0]["end_offset"], found[0]["generation"], batch_ranges(found[0]))


def next_batch(definition: Definition, newest: BatchPlan, end: int, inputs: BatchRanges) -> PinnedBatch:
    """The plan that follows `newest`, up to offset `end`; a rival that follows the same one names the same number."""
    seq, id_ = newest.seq + 1, batch_id(definition.contract.name, newest.seq + 1, newest.end, end)
    return PinnedBatch(definition=definition, seq=seq, id=id_, start=newest.end, end=end, inputs=inputs)


def pin_batch(engine: Engine, batch: PinnedBatch, run_id: RunId, clock: Clock) -> bool:
    """Store the plan; False where a rival planned the same number first: its plan stands and this one is dropped."""
    name = batch.definition.contract.name
    row = {
        "dataset": name,
        "batch_seq": batch.seq,
        "batch_id": batch.id,
        "start_offset": batch.start,
        "end_offset": batch.end,
        "inputs": json.dumps(batch.inputs) if batch.inputs else None,
        "kind": batch.reprocess,
        "request": batch.request,
        "generation": batch.definition.generation,
        **batch.definition.hashes,
        "run_id": run_id,
        "planned_at": clock.now(),
    }
    return governance.append_rows(engine, "batches", [row], Txn(f"batches/{name}", batch.seq)) is not None


def _to_pinned_batch(engine: Engine, row: dict[str, Any], current: Definition) -> PinnedBatch:
    definition = current
    if row["generation"] == current.generation:
        definition = _stored_definition(engine, row)
    return PinnedBatch(
        definition=definition,
        seq=row["batch_seq"],
        id=BatchId(row["batch_id"]),
        start=row["start_offset"],
        end=row["end_offset"],
        inputs=batch_ranges(row),
        reprocess=Reprocess(kind) if (kind := row.get("kind")) else None,
        request=row.get("request"),
    )


def batch_ranges(row: dict[str, Any]) -> BatchRanges:
    """What a stored plan of a gold dataset takes in."""
    return {table: BatchRange(*values) for table, values in json.loads(row["inputs"] or "{}").items()}


def _stored_definition(engine: Engine, row: dict[str, Any]) -> Definition:
    same = {name: row[name] for name in ("dataset", "contract_sha256", "suite_sha256", "model_sha256", "generation")}
    found = governance.read_rows(engine, "contracts", **same)
    if not found:
        raise StoreConflictError("batch_without_texts", dataset=row["dataset"], batch=row["batch_seq"])
    return _to_definition(found[0])


def _to_definition(row: dict[str, Any]) -> Definition:
    return Definition(
        parse_contract(row["contract_text"], row["dataset"]), row["suite_text"], row["model_text"], row["generation"]
    )
