"""Takes what is new in a dataset's source along the way of a batch (docs/explanation/batch.md), until nothing is new."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from lakeward.contracts.source import ContractSource
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, RunId, new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance, lineage, pinning
from lakeward.flows.base.batch_context import EXTRA, PLACE, STAMP, STRING, OnStep, Step, Work, unwatched
from lakeward.flows.base.lineage import computed, traced
from lakeward.flows.base.pinning import Definition, PinnedBatch
from lakeward.flows.base.report import Counts, RunReport, Warnings
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.finish import Finished, finish, summary
from lakeward.flows.batch.generation import begin_generation
from lakeward.flows.batch.halt import BatchHalted, check_halt, held, until_halted
from lakeward.flows.batch.judge import Judged, judge, suite_name
from lakeward.flows.batch.publish import publish
from lakeward.flows.batch.receive import receive
from lakeward.flows.batch.reprocess import judge_again
from lakeward.flows.batch.weights import check_weights
from lakeward.flows.quarantine.align import recalled
from lakeward.quality.suite import load_rules
from lakeward.sources.protocols import Limit, Source
from lakeward_lineage import ColumnLineage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """One run over one silver dataset, with its collaborators."""

    workspace: Workspace
    engine: Engine
    source: Source
    run_id: RunId
    on_step: OnStep

    def unfinished(self, definition: Definition) -> Iterator[Finished]:
        """Bring planned batches to their end, oldest first."""
        begin_generation(self.engine, definition)
        for pinned in pinning.unfinished(self.engine, definition):
            yield self._batch(pinned)

    def new(self, definition: Definition) -> Iterator[Finished]:
        """Plan a batch, bring it to its end, and again until the source is idle. A rival's plan is as good as ours."""
        limit = Limit(_source(definition).limit_bytes)
        while True:
            newest = pinning.newest_plan(self.engine, definition.contract.name)
            end = self.source.plan(newest.end, limit)
            if end == newest.end:
                return
            pinned = pinning.next_batch(definition, newest, end, {})
            pinning.pin(self.engine, pinned, self.run_id, self.workspace.clock)
            self.on_step(Step.PINNED)
            yield from self.unfinished(definition)

    def _batch(self, pinned: PinnedBatch) -> Finished:
        work = Work.begin(self.workspace, self.engine, pinned, self.run_id, self.on_step)
        if pinned.again:
            return judge_again(work)
        received, warnings = self._received(work)
        rows = self.engine.define("batch_rows", bronze_rows(work))
        try:
            with traced(work, Layer.SILVER, [lineage.table(work, Layer.BRONZE, received.bronze)]) as outputs:
                judged = judge(work, rows, self.engine.statistics(work.table(Layer.BRONZE), pinned.seq))
                check_halt(work, judged.verdicts)
                done = publish(work, judged)
                origins = self._origins(work, judged)
                outputs.append(lineage.table(work, Layer.SILVER, done.silver, lineage=origins, verdicts=judged.verdicts))
                outputs.append(lineage.table(work, Layer.QUARANTINE, done.quarantine))
        except BatchHalted as halted:
            return held(work, "ingest", received, halted)
        counts = replace(received, silver=done.silver, quarantine=done.quarantine, duplicates=done.duplicates)
        finished = finish(work, "ingest", counts, judged, warnings)
        self.source.release(pinned.end)
        log.info("batch_finished", extra=finished.facts())
        return finished

    def _origins(self, work: Work, judged: Judged) -> ColumnLineage | None:
        """None for a batch that left nothing in bronze, of a dataset that never had anything there."""
        bronze = work.table(Layer.BRONZE)
        if self.engine.info(bronze) is None:
            return None
        own = f"SELECT * FROM {bronze} WHERE _batch_seq = {work.pinned.seq}"
        rows = recalled(self.engine, work.contract, bronze, own)
        return computed(self.engine, work.contract, judged.plan.flow(f"({rows})"), [bronze])

    def _received(self, work: Work) -> tuple[Counts, Warnings]:
        """Receive the batch's files; a batch that an earlier generation finished is in bronze, and counted."""
        contract = work.contract
        earlier = governance.rows(self.engine, "runs", dataset=contract.name, batch_seq=work.pinned.seq)
        if earlier:
            return Counts(rows_in=earlier[0]["rows_in"], bronze=work.count(Layer.BRONZE), rejects=work.count(Layer.REJECTS)), ()
        inputs = self.source.name(work.pinned.start, work.pinned.end)
        with traced(work, Layer.BRONZE, [lineage.landed(contract, inputs)]) as outputs:
            counts, warnings = receive(work, inputs)
            outputs.append(lineage.table(work, Layer.BRONZE, counts.bronze, lineage=lineage.received(contract)))
            outputs.append(lineage.table(work, Layer.REJECTS, counts.rejects))
        return counts, warnings


def ingest_dataset(settings: Settings, name: str, *, on_step: OnStep = unwatched) -> RunReport:
    """Run a silver dataset: first what an earlier run left unfinished, by what that run had pinned; then what is new.

    Raises:
        UsageError: The project has no such dataset, or it has no source.
        ContractError: Its contract is not valid, or breaks what was applied before.
        SuiteError: Its suite is not valid for its contract.
    """
    return _run(settings, name, on_step)


def rebuild_dataset(settings: Settings, name: str, *, on_step: OnStep = unwatched) -> RunReport:
    """Make a dataset's silver and quarantine anew from bronze, by the contract and suite as they are now.

    Raises:
        As `ingest_dataset`, but a breaking change of the contract may pass if its major version rose.
    """
    return _run(settings, name, on_step, rebuilding=True)


def _run(settings: Settings, name: str, on_step: OnStep, *, rebuilding: bool = False) -> RunReport:
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    source = workspace.source(contract)
    wanted = Definition(contract, workspace.suite(name))
    rules = load_rules(
        contract, wanted.suite, suite_name(name)
    )  # a suite that can't be used is refused before anything is received
    check_weights(workspace, name, rules)
    run_id = new_run_id()
    with workspace.engine(contract) as engine, engine.turn(name):
        ingest = Ingest(workspace=workspace, engine=engine, source=source, run_id=run_id, on_step=on_step)
        last = pinning.applied(engine, name)
        finished = list(until_halted(ingest.unfinished(last))) if last else []
        arrivals = source.receive()
        done = [batch for batch in finished if not batch.halted]
        if done == finished or rebuilding:
            apply = pinning.renew if rebuilding else pinning.apply
            definition = apply(engine, wanted, run_id, workspace.clock)
            finished = [*done, *until_halted(chain(ingest.unfinished(definition), ingest.new(definition)))]
    workspace.deliver()
    return summary(
        name, run_id, finished, tuple(("file_unsettled", {"file": file}) for file in arrivals.unsettled), workspace.weights
    )


def bronze_rows(work: Work) -> str:
    """SELECT of the batch's bronze rows, with every column of the contract."""
    bronze = work.table(Layer.BRONZE)
    if work.engine.info(bronze) is None:
        return work.engine.literal_rows(
            {c.name: STRING for c in work.contract.columns} | {c.name: c.type for c in (*PLACE, EXTRA, *STAMP)}, []
        )
    return recalled(work.engine, work.contract, bronze, work.engine.batch_rows(bronze, work.pinned.seq))


def _source(definition: Definition) -> ContractSource:
    if definition.contract.source is None:
        raise UsageError("dataset_has_no_source", dataset=definition.contract.name)
    return definition.contract.source
