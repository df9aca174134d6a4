"""Makes a gold table: new rows of its inputs say which windows are touched; these are computed anew, judged and overwritten.

The plan of a curation is pinned like any batch: which batches of which input it takes in.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from lakeward.contracts.model import Contract, GoldModel
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, RunId, TableName, new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import lineage, pinning
from lakeward.flows.base.batch_context import OnStep, Step, Work, unwatched
from lakeward.flows.base.lineage import computed, traced
from lakeward.flows.base.pinning import Definition, PinnedBatch
from lakeward.flows.base.report import Counts, RunReport
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.finish import Finished, finish, summary
from lakeward.flows.batch.generation import begin_generation
from lakeward.flows.batch.halt import BatchHalted, check_halt, held, until_halted
from lakeward.flows.batch.judge import judge, suite_name
from lakeward.flows.batch.publish import publish_gold
from lakeward.flows.batch.weights import check_weights
from lakeward.flows.batch.windows import check_windows, new_ranges, restricted, touch, within
from lakeward.quality.suite import load_rules

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Curation:
    """One run over one gold dataset, with its collaborators."""

    workspace: Workspace
    engine: Engine
    run_id: RunId
    on_step: OnStep

    def batches(self, definition: Definition) -> Iterator[Finished]:
        """What was left unfinished, then one curation of all that is new; nothing while an input has no table yet."""
        if waiting_for(self.engine, definition.contract):
            return
        begin_generation(self.engine, definition)
        yield from self._unfinished(definition)
        newest = pinning.newest_plan(self.engine, definition.contract.name)
        seen = newest.inputs if newest.generation == definition.generation else {}
        ranges = new_ranges(self.engine, _model(definition.contract), seen)
        if not ranges:
            return
        pinned = pinning.next_batch(definition, newest, sum(r.upto for r in ranges.values()), ranges)
        pinning.pin(self.engine, pinned, self.run_id, self.workspace.clock)
        self.on_step(Step.PINNED)
        yield from self._unfinished(definition)

    def _unfinished(self, definition: Definition) -> Iterator[Finished]:
        for pinned in pinning.unfinished(self.engine, definition):
            yield self._batch(pinned)

    def _batch(self, pinned: PinnedBatch) -> Finished:
        model, sql = _model(pinned.definition.contract), pinned.definition.model or ""
        work = Work.begin(self.workspace, self.engine, pinned, self.run_id, self.on_step)
        touched = touch(self.engine, model, pinned.inputs)
        inputs = [lineage.stored(self.engine, name, _rows(self.engine, name)) for name in model.inputs]
        try:
            with traced(work, Layer.GOLD, inputs) as outputs:
                place = (
                    f"CAST({pinned.seq} AS BIGINT) AS _batch_seq, CAST(0 AS BIGINT) AS _file_seq, row_number() OVER () AS _row"
                )
                rows = self.engine.materialise("computed", f"SELECT *, {place} FROM ({restricted(sql, model, touched)})")
                check_windows(self.engine, work.contract.name, model, rows)
                judged = judge(work, rows)
                check_halt(work, judged.verdicts)
                counts = publish_gold(work, judged, within(model, touched))
                origins = computed(self.engine, work.contract, sql, model.inputs)
                outputs.append(lineage.table(work, Layer.GOLD, counts.silver, lineage=origins, verdicts=judged.verdicts))
        except BatchHalted as halted:
            return held(work, "curate", Counts(), halted)
        finished = finish(work, "curate", counts, judged, ())
        log.info("batch_finished", extra=finished.facts())
        return finished


def curate_dataset(settings: Settings, name: str, *, on_step: OnStep = unwatched, anew: bool = False) -> RunReport:
    """Run a gold dataset over what is new in its inputs; `anew`, or a changed contract, suite or model, computes all of it.

    Raises:
        UsageError: The project has no such dataset, or it has no model.
        ContractError, SuiteError: Its contract, model or suite is not valid.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    model_sql = workspace.project.model_path(contract.name, _model(contract).sql).read_text(encoding="utf-8")
    wanted = Definition(contract, workspace.suite(name), model_sql)
    check_weights(workspace, name, load_rules(contract, wanted.suite, suite_name(name)))
    run_id = new_run_id()
    with workspace.engine(contract) as engine, engine.turn(name):
        last = pinning.applied(engine, name)
        same = last is not None and last.hashes == wanted.hashes and not anew
        definition = last if last and same else pinning.renew(engine, wanted, run_id, workspace.clock)
        finished = list(until_halted(Curation(workspace, engine, run_id, on_step).batches(definition)))
        missing = waiting_for(engine, contract)
    workspace.deliver()
    return summary(
        name, run_id, finished, tuple(("input_missing", {"table": str(table)}) for table in missing), workspace.weights
    )


def waiting_for(engine: Engine, contract: Contract) -> list[TableName]:
    """Inputs of the model that nothing has arrived in yet."""
    return [table for table in _model(contract).inputs if engine.info(table) is None]


def _rows(engine: Engine, name: TableName) -> int:
    info = engine.info(name)
    return info.rows if info else 0


def _model(contract: Contract) -> GoldModel:
    if contract.model is None:
        raise UsageError("dataset_has_no_model", dataset=contract.name)
    return contract.model
