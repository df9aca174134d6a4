"""Stores the contract, suite and model of a batch before it is read, so that a resumed batch uses the same texts.

`governance.contracts` holds every applied contract and suite text, `governance.batches` the plan of every batch.
A dataset's generation rises with each rebuild; a batch is finished when its row in `governance.runs` is committed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from lakeward.contracts.diff import check_evolution
from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Contract
from lakeward.core.clock import Clock
from lakeward.core.errors import StoreConflictError
from lakeward.core.names import BatchId, Layer, RunId, TableName, batch_id, sha256
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.rename_record import check_known

RUNS = TableName(Layer.GOVERNANCE, "runs")


@dataclass(frozen=True, slots=True)
class Definition:
    """The texts that define a dataset, and their generation."""

    contract: Contract
    suite: str | None
    model: str | None = None  # gold: the SELECT
    generation: int = 1

    @property
    def hashes(self) -> dict[str, str]:
        """Hash of each text, by its column name in the governance tables; a missing text counts as empty."""
        texts = {"contract": self.contract.text, "suite": self.suite, "model": self.model}
        return {f"{name}_sha256": sha256((text or "").encode()) for name, text in texts.items()}

    @property
    def application_id(self) -> str:
        """The Delta application id of this generation's batches."""
        return governance.application_id(self.contract.name, self.generation)


class BatchRange(NamedTuple):
    """Batches of one input that a curation reads: `after < seq <= upto` of one generation."""

    generation: int
    after: int
    upto: int


BatchRanges = dict[str, BatchRange]


class BatchPlan(NamedTuple):
    """The newest plan: the batch's number, its end offset and its input ranges."""

    seq: int
    end: int
    generation: int
    inputs: BatchRanges


NO_PLAN = BatchPlan(0, 0, 0, {})


class Reprocess(StrEnum):
    """Why a batch processes rows that came before.

    Quarantined rows: replay (judge again) or release (publish despite failed rules). Rejects: decode (read their bytes again).
    """

    REPLAY = "replay"
    RELEASE = "release"
    DECODE = "decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedBatch:
    """One planned batch.

    Args:
        start, end: File source: numbers of its inputs, `start < seq <= end`.
        inputs: Gold: by input table, its generation and batches `(after, upto]`; empty for a file source.
        reprocess: Why rows that came before are processed; None if the rows come from the source or the inputs.
        request: JSON of the selection of these rows, with who requested it and why.
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
    """The definition that was last applied to the dataset; None before its first batch."""
    if engine.txn(governance.table_spec("contracts").name, f"contracts/{dataset}") == 0:
        return None
    found = governance.find_rows(engine, "contracts", dataset=dataset, order="generation DESC, applied_at DESC LIMIT 1")
    return _to_definition(engine, found[0]) if found else None


def apply_definition(engine: Engine, definition: Definition, last: Definition | None, run_id: RunId, clock: Clock) -> Definition:
    """Make `definition` the dataset's if it differs from the last one and is compatible with it.

    Args:
        last: What `current_definition` said since the dataset is locked.

    Raises:
        ContractError: The change is breaking (docs/explanation/batch.md, second day).
        StoreConflictError: The dataset has no batch, and the lake knows its name as one that another dataset got.
    """
    name = definition.contract.name
    if last and last.hashes == definition.hashes:
        return last
    if last:
        check_evolution(last.contract, definition.contract)
        definition = replace(definition, generation=last.generation)
    else:
        check_known(engine, name)
    store_definition(engine, definition, run_id, clock)
    return definition


def start_generation(engine: Engine, definition: Definition, last: Definition | None, run_id: RunId, clock: Clock) -> Definition:
    """Make `definition` that of a new generation, which rebuilds silver from bronze, or gold from its inputs.

    Args:
        last: See `apply_definition`.

    Raises:
        ContractError: The change is breaking for silver and the major version did not rise.
    """
    if last and definition.contract.layer is Layer.SILVER:
        check_evolution(last.contract, definition.contract, rebuilding=True)
    renewed = replace(definition, generation=last.generation + 1 if last else 1)
    store_definition(engine, renewed, run_id, clock)
    return renewed


def store_definition(engine: Engine, definition: Definition, run_id: RunId, clock: Clock) -> None:
    """Write the texts of `definition` to `governance.contracts`; of concurrent writers the first wins."""
    name = definition.contract.name
    earlier = engine.txn(governance.table_name("contracts"), f"contracts/{name}")
    txn = Txn(f"contracts/{name}", earlier + 1)
    row = {
        "dataset": name,
        "generation": definition.generation,
        "version": definition.contract.version,
        **definition.hashes,
        "contract_text": definition.contract.text,
        "suite_text": definition.suite,
        "model_text": definition.model,
        "run_id": run_id,
        "applied_at": _time_after_last(engine, name, clock.now()) if earlier else clock.now(),
    }
    governance.append_rows(engine, "contracts", [row], txn)


def _time_after_last(engine: Engine, dataset: str, now: datetime) -> datetime:
    """Now, or just after the last definition was applied, if the clock of the machine that did so is ahead: the newest has the last time."""
    [found] = engine.fetch(f"SELECT max(applied_at) AS at FROM governance.contracts WHERE {equals(dataset=dataset)}")
    last: datetime = found["at"]
    return max(now, last + timedelta(microseconds=1))


def unfinished_batches(engine: Engine, definition: Definition) -> list[PinnedBatch]:
    """Planned batches without a row in `governance.runs` for this generation, oldest first.

    A rebuild of silver processes the batches of all generations again; gold makes new plans.
    """
    finished = engine.txn(RUNS, definition.application_id)
    if _newest_number(engine, definition.contract.name) <= finished:
        return []
    # Gold: only this generation.
    own = {"generation": definition.generation} if definition.contract.layer is Layer.GOLD else {}
    new = f"batch_seq > {finished}"
    found = governance.read_rows(engine, "batches", new, "batch_seq", dataset=definition.contract.name, **own)
    return [_to_pinned_batch(engine, row, definition) for row in found]


def earlier_column_names(engine: Engine, contract: Contract) -> dict[str, set[str]]:
    """The names that all contracts so far gave to each column of the source."""
    names: dict[str, set[str]] = {column.source_name: set() for column in contract.columns}
    for row in governance.read_rows(engine, "contracts", dataset=contract.name):
        for column in _to_definition(engine, row).contract.columns:
            names.setdefault(column.source_name, set()).add(column.name)
    return names


def newest_plan(engine: Engine, dataset: str) -> BatchPlan:
    """The newest plan of any generation; `NO_PLAN` before the first."""
    newest = _newest_number(engine, dataset)
    found = governance.find_rows(engine, "batches", dataset=dataset, batch_seq=newest) if newest else []
    if not found:
        return NO_PLAN
    return BatchPlan(found[0]["batch_seq"], found[0]["end_offset"], found[0]["generation"], batch_ranges(found[0]))


def finished_run(engine: Engine, batch: PinnedBatch) -> dict[str, Any] | None:
    """The row in `governance.runs` of a batch that an earlier generation finished; None for a batch that is new."""
    dataset = batch.definition.contract.name
    if engine.txn(RUNS, governance.application_id(dataset, 1)) < batch.seq and batch.definition.generation == 1:
        return None
    found = governance.find_rows(engine, "runs", dataset=dataset, batch_seq=batch.seq)
    return found[0] if found else None


def next_batch(definition: Definition, newest: BatchPlan, end: int, inputs: BatchRanges) -> PinnedBatch:
    """The plan that follows `newest`, up to offset `end`. Concurrent processes get the same number."""
    seq, id_ = newest.seq + 1, batch_id(definition.contract.name, newest.seq + 1, newest.end, end)
    return PinnedBatch(definition=definition, seq=seq, id=id_, start=newest.end, end=end, inputs=inputs)


def pin_batch(engine: Engine, batch: PinnedBatch, run_id: RunId, clock: Clock) -> bool:
    """Store the plan; False if another process planned the same number first. Then its plan is used."""
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


def _newest_number(engine: Engine, dataset: str) -> int:
    """Number of the dataset's newest planned batch; 0 before the first."""
    return engine.txn(governance.table_name("batches"), f"batches/{dataset}")


def _to_pinned_batch(engine: Engine, row: dict[str, Any], current: Definition) -> PinnedBatch:
    definition = current
    if row["generation"] == current.generation and any(row[name] != found for name, found in current.hashes.items()):
        definition = stored_definition(engine, row)
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
    """The input ranges of a stored plan of a gold dataset."""
    return {table: BatchRange(*values) for table, values in json.loads(row["inputs"] or "{}").items()}


def stored_definition(engine: Engine, row: dict[str, Any]) -> Definition:
    """The texts that a stored plan names.

    Raises:
        StoreConflictError: The lake does not have them.
    """
    same = {name: row[name] for name in ("dataset", "contract_sha256", "suite_sha256", "model_sha256", "generation")}
    found = governance.find_rows(engine, "contracts", **same)
    if not found:
        raise StoreConflictError("batch_without_texts", dataset=row["dataset"], batch=row["batch_seq"])
    return _to_definition(engine, found[0])


def published_definition(engine: Engine, run: Mapping[str, Any]) -> Definition | None:
    """The texts by which a row of `governance.runs` judged its batch; None if the lake does not have them."""
    same = {name: run[name] for name in ("dataset", "contract_sha256", "suite_sha256", "generation")}
    found = governance.find_rows(engine, "contracts", order="applied_at DESC LIMIT 1", **same)
    return _to_definition(engine, found[0]) if found else None


def _to_definition(engine: Engine, row: dict[str, Any]) -> Definition:
    contract = parse_contract(row["contract_text"], row["dataset"]).with_names(engine.names)
    return Definition(contract, row["suite_text"], row["model_text"], row["generation"])
