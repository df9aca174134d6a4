"""Computes a gold table: finds the windows touched by new input rows, recomputes, judges and overwrites them.

The plan of a curation is pinned like any batch: it names the batches of each input.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from lakeward.contracts.model import Contract, GoldModel
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, RunId, TableName, new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import lineage_events, pinning
from lakeward.flows.base.batch_context import BatchContext, BatchStep, OnStep, ignore_step
from lakeward.flows.base.lineage_events import query_lineage, trace_step
from lakeward.flows.base.order import active_contract
from lakeward.flows.base.pinning import Definition, PinnedBatch
from lakeward.flows.base.report import Counts, RunReport, Warnings
from lakeward.flows.base.telemetry import record_run
from lakeward.flows.base.workspace import Workspace, open_workspace, record_telemetry
from lakeward.flows.batch.finish import BatchResult, finish_batch, summarise_run
from lakeward.flows.batch.generation import drop_previous_generation
from lakeward.flows.batch.halt import BatchHalted, check_halt, record_halt, take_until_halted
from lakeward.flows.batch.judge import judge_batch, suite_label, suite_warnings
from lakeward.flows.batch.publish import publish_gold
from lakeward.flows.batch.table_scope import judge_table, reported_verdicts
from lakeward.flows.batch.weights import check_dataset_weights
from lakeward.flows.batch.windows import check_windows, find_touched_windows, new_ranges, restrict_to_windows, within
from lakeward.flows.grading.lake_limit import check_lake_limit
from lakeward.flows.grading.transform_checks import recheck_transforms
from lakeward.quality.suite import load_rules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Curation:
    """One run over one gold dataset."""

    workspace: Workspace
    engine: Engine
    run_id: RunId
    on_step: OnStep

    def run(self, definition: Definition) -> Iterator[BatchResult]:
        """Finish open batches, then curate all new input once; nothing if an input has no table yet."""
        if missing_inputs(self.engine, definition.contract):
            return
        drop_previous_generation(self.engine, definition)
        yield from self._finish_planned(definition)
        newest = pinning.newest_plan(self.engine, definition.contract.name)
        last_ranges = newest.inputs if newest.generation == definition.generation else {}
        ranges = new_ranges(self.engine, _gold_model(definition.contract), last_ranges)
        if not ranges:
            return
        pinned = pinning.next_batch(definition, newest, sum(r.upto for r in ranges.values()), ranges)
        pinning.pin_batch(self.engine, pinned, self.run_id, self.workspace.clock)
        self.on_step(BatchStep.PINNED)
        yield from self._finish_planned(definition)

    def _finish_planned(self, definition: Definition) -> Iterator[BatchResult]:
        for pinned in pinning.unfinished_batches(self.engine, definition):
            yield self._run_batch(pinned)

    def _run_batch(self, pinned: PinnedBatch) -> BatchResult:
        model, sql = _gold_model(pinned.definition.contract), pinned.definition.model or ""
        context = BatchContext.begin(self.workspace, self.engine, pinned, self.run_id, self.on_step)
        touched = find_touched_windows(self.engine, model, pinned.inputs)
        inputs = [lineage_events.table_dataset(self.engine, name, _row_count(self.engine, name)) for name in model.inputs]
        try:
            with trace_step(context, Layer.GOLD, inputs) as outputs:
                row_id_items = (
                    f"CAST({pinned.seq} AS BIGINT) AS _batch_seq, CAST(0 AS BIGINT) AS _file_seq, row_number() OVER () AS _row"
                )
                rows = self.engine.materialise(
                    "computed", f"SELECT *, {row_id_items} FROM ({restrict_to_windows(sql, model, touched)})"
                )
                check_windows(self.engine, context.contract.name, model, rows)
                judged, condition = judge_batch(context, rows), within(model, touched)
                reported = judged.verdicts
                if not touched.all_windows:
                    judged = replace(judged, verdicts=judge_table(context, judged, str(rows), condition))
                    reported = reported_verdicts(reported, judged.verdicts)
                check_halt(context, reported)
                counts = publish_gold(context, judged, condition)
                origins = query_lineage(self.engine, context.contract, sql, model.inputs)
                outputs.append(
                    lineage_events.layer_dataset(context, Layer.GOLD, counts.silver, lineage=origins, verdicts=judged.verdicts)
                )
        except BatchHalted as halted:
            return record_halt(context, "curate", Counts(), halted)
        finished = replace(finish_batch(context, "curate", counts, judged, ()), reported=reported)
        log.info("batch_finished", extra=finished.log_fields())
        return finished


def curate_dataset(settings: Settings, name: str, *, on_step: OnStep = ignore_step, full_refresh: bool = False) -> RunReport:
    """Run a gold dataset over new input rows. `anew`, or a changed contract, suite or model, recomputes the whole table.

    Raises:
        UsageError: The project has no such dataset, or it has no model.
        ContractError, SuiteError: Its contract, model or suite is not valid.
        ProtectionError: A column is graded above what the lake may hold.
    """
    with record_telemetry(open_workspace(settings), "rebuild" if full_refresh else "run") as workspace:
        return run_curation(workspace, name, on_step, full_refresh=full_refresh)


def run_curation(workspace: Workspace, name: str, on_step: OnStep, *, full_refresh: bool = False) -> RunReport:
    """As `curate_dataset`, in an opened project."""
    run_id = new_run_id()
    curate = partial(_curate, workspace, name, run_id, on_step, full_refresh=full_refresh)
    return record_run(workspace.recorder, "curate", name, run_id, curate)


def _curate(workspace: Workspace, name: str, run_id: RunId, on_step: OnStep, *, full_refresh: bool) -> RunReport:
    candidate = curation_candidate(workspace, name)
    contract = candidate.contract
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        check_lake_limit(workspace, engine, contract)
        last = pinning.current_definition(engine, name)
        same = last is not None and last.hashes == candidate.hashes and not full_refresh
        definition = last if last and same else pinning.start_generation(engine, candidate, last, run_id, workspace.clock)
        finished = list(take_until_halted(Curation(workspace, engine, run_id, on_step).run(definition)))
        missing = missing_inputs(engine, contract)
        withdrawn = recheck_transforms(workspace, engine, contract) if finished else []
        workspace.settle_costs(engine)
    workspace.deliver_lineage()
    empty: Warnings = tuple(("input_missing", {"table": str(table)}) for table in missing)
    lost: Warnings = tuple(("transform_withdrawn", {"dataset": name, "column": column}) for column in withdrawn)
    return summarise_run(name, run_id, finished, (*suite_warnings(name, candidate.suite), *empty, *lost), workspace.weights)


def curation_candidate(workspace: Workspace, name: str) -> Definition:
    """The dataset's texts as they are now, checked.

    Raises:
        UsageError, ContractError, SuiteError, DefinitionError: As `curate_dataset`.
    """
    contract = active_contract(workspace.project, name)
    model_sql = workspace.project.model_path(contract.name, _gold_model(contract).sql).read_text(encoding="utf-8")
    candidate = Definition(contract, workspace.suite(name), model_sql)
    check_dataset_weights(workspace, name, load_rules(contract, candidate.suite, suite_label(name)))
    return candidate


def missing_inputs(engine: Engine, contract: Contract) -> list[TableName]:
    """Inputs of the model that have no table yet."""
    return [table for table in _gold_model(contract).inputs if engine.info(table) is None]


def _row_count(engine: Engine, name: TableName) -> int:
    info = engine.info(name)
    return info.rows if info else 0


def _gold_model(contract: Contract) -> GoldModel:
    if contract.model is None:
        raise UsageError("dataset_has_no_model", dataset=contract.name)
    return contract.model
