"""Ingests new input of a dataset, batch by batch (docs/explanation/batch.md)."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from lakeward.contracts.model import Contract
from lakeward.contracts.source import ContractSource
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, RunId, new_run_id
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import RowStatistics
from lakeward.flows.base import lineage_events, pinning
from lakeward.flows.base.batch_context import BatchContext, BatchStep, OnStep, ignore_step
from lakeward.flows.base.lake_owner import claim_lake
from lakeward.flows.base.lineage_events import trace_step
from lakeward.flows.base.order import active_contract
from lakeward.flows.base.pinning import BatchPlan, Definition, PinnedBatch, Reprocess
from lakeward.flows.base.report import Counts, RunReport, Warnings
from lakeward.flows.base.telemetry import measure_report, record_run
from lakeward.flows.base.untaken import untaken_files
from lakeward.flows.base.workspace import Workspace, open_workspace, record_telemetry
from lakeward.flows.batch.arrivals import arrival_verdicts, null_notes
from lakeward.flows.batch.bronze_rows import bronze_rows
from lakeward.flows.batch.decode import decode_batch
from lakeward.flows.batch.finish import BatchResult, finish_batch, summarise_run
from lakeward.flows.batch.generation import drop_previous_generation
from lakeward.flows.batch.halt import BatchHalted, check_halt, record_halt, take_until_halted
from lakeward.flows.batch.judge import judge_batch, suite_label, suite_warnings
from lakeward.flows.batch.origins import column_origins
from lakeward.flows.batch.publish import publish_silver
from lakeward.flows.batch.publish_plan import plan_publish
from lakeward.flows.batch.receive import receive_batch
from lakeward.flows.batch.reprocess import reprocess_batch
from lakeward.flows.batch.series_limits import unjudged_notes
from lakeward.flows.batch.source_events import record_source_events
from lakeward.flows.batch.unit_notes import unit_notes
from lakeward.flows.batch.weights import check_dataset_weights
from lakeward.flows.grading.lake_limit import check_lake_limit
from lakeward.quality.suite import load_rules
from lakeward.sources.protocols import BatchLimit, ReceiveResult, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """One run over one silver dataset."""

    workspace: Workspace
    engine: Engine
    source: Source
    run_id: RunId
    on_step: OnStep

    def finish_planned(self, definition: Definition) -> Iterator[BatchResult]:
        """Finish planned batches, oldest first."""
        drop_previous_generation(self.engine, definition)
        for pinned in pinning.unfinished_batches(self.engine, definition):
            yield self._run_batch(pinned)

    def ingest_new(self, definition: Definition) -> Iterator[BatchResult]:
        """Plan and run batches until the source has nothing new. A plan of a concurrent process is run as well."""
        limit = BatchLimit(_source(definition).limit_bytes)
        newest = pinning.newest_plan(self.engine, definition.contract.name)
        while True:
            end = self.source.plan(newest.end, limit)
            if end == newest.end:
                return
            record_source_events(
                self.workspace, self.engine, definition.contract.name, self.run_id
            )  # those before its last segment
            pinned = pinning.next_batch(definition, newest, end, {})
            is_own = pinning.pin_batch(self.engine, pinned, self.run_id, self.workspace.clock)
            self.on_step(BatchStep.PINNED)
            if is_own:
                yield self._run_batch(pinned)
                newest = BatchPlan(pinned.seq, pinned.end, definition.generation, {})
            else:
                yield from self.finish_planned(definition)
                newest = pinning.newest_plan(self.engine, definition.contract.name)

    def _run_batch(self, pinned: PinnedBatch) -> BatchResult:
        context = BatchContext.begin(self.workspace, self.engine, pinned, self.run_id, self.on_step)
        if pinned.reprocess is Reprocess.DECODE:
            return decode_batch(context, self.source)
        if pinned.reprocess:
            return reprocess_batch(context)
        received, warnings = self._receive(context)
        rows = self.engine.define("batch_rows", bronze_rows(context))
        try:
            with trace_step(
                context, Layer.SILVER, [lineage_events.layer_dataset(context, Layer.BRONZE, received.bronze)]
            ) as outputs:
                judged = judge_batch(context, rows, _statistics(context))
                plan = plan_publish(context, judged, rows, can_halt=not self._was_published(pinned))
                arrivals = arrival_verdicts(context, received, judged.verdicts)
                judged = replace(judged, verdicts=(*judged.verdicts, *arrivals, *plan.verdicts))
                check_halt(context, judged.verdicts)
                published = publish_silver(context, judged, plan)
                origins = column_origins(context, judged)
                outputs.append(
                    lineage_events.layer_dataset(
                        context, Layer.SILVER, published.silver, lineage=origins, verdicts=judged.verdicts
                    )
                )
                outputs.append(lineage_events.layer_dataset(context, Layer.QUARANTINE, published.quarantine))
        except BatchHalted as halted:
            stopped = record_halt(context, "ingest", received, halted)
            return replace(stopped, warnings=(*warnings, *stopped.warnings))
        counts = replace(published, rows_in=received.rows_in, bronze=received.bronze, rejects=received.rejects)
        notes = (*warnings, *null_notes(context.contract.name, judged.verdicts), *unit_notes(context, judged))
        finished = finish_batch(context, "ingest", counts, judged, notes)
        self.source.discard(pinned.end)
        log.info("batch_finished", extra=finished.log_fields())
        return finished

    def _was_published(self, pinned: PinnedBatch) -> bool:
        """Whether a run published the batch in an earlier generation."""
        return pinning.finished_run(self.engine, pinned) is not None

    def _receive(self, context: BatchContext) -> tuple[Counts, Warnings]:
        """Receive the batch's files; a batch that an earlier generation finished is in bronze already and only counted."""
        contract = context.contract
        earlier = pinning.finished_run(self.engine, context.pinned)
        if earlier:
            return Counts(
                rows_in=earlier["rows_in"], bronze=context.count(Layer.BRONZE), rejects=context.count(Layer.REJECTS)
            ), ()
        inputs = self.source.inputs(context.pinned.start, context.pinned.end)
        now = {"dataset": contract.name, "batch": context.pinned.seq, "file": inputs[0].name if inputs else "–"}
        self.workspace.on_progress("progress_file", {**now, "files": len(inputs)})
        with trace_step(context, Layer.BRONZE, [lineage_events.landing_dataset(contract, inputs)]) as outputs:
            counts, warnings = receive_batch(context, inputs)
            self.workspace.on_progress("progress_rows", {**now, "rows": counts.bronze})
            outputs.append(
                lineage_events.layer_dataset(
                    context, Layer.BRONZE, counts.bronze, lineage=lineage_events.bronze_lineage(contract)
                )
            )
            outputs.append(lineage_events.layer_dataset(context, Layer.REJECTS, counts.rejects))
        return counts, warnings


def ingest_dataset(settings: Settings, name: str, *, on_step: OnStep = ignore_step) -> RunReport:
    """Run a silver dataset: finish pinned batches of earlier runs, then ingest new input.

    Raises:
        UsageError: The project has no such dataset, or the dataset has no source.
        ContractError: Its contract is not valid, or a breaking change.
        SuiteError: Its suite is not valid for its contract.
        ProtectionError: A column is graded above what the lake may hold.
    """
    with record_telemetry(open_workspace(settings), "run") as workspace:
        return run_ingest(workspace, name, on_step)


def rebuild_silver(settings: Settings, name: str, *, on_step: OnStep = ignore_step) -> RunReport:
    """Rebuild a dataset's silver and quarantine from bronze, by the current contract and suite.

    Raises:
        As `ingest_dataset`, but a breaking change is allowed if the major version of the contract rose.
    """
    with record_telemetry(open_workspace(settings), "rebuild") as workspace:
        return run_ingest(workspace, name, on_step, rebuilding=True)


def receive_new(source: Source) -> ReceiveResult:
    """What a run receives: all that is new."""
    return source.receive()


def run_ingest(
    workspace: Workspace,
    name: str,
    on_step: OnStep,
    *,
    rebuilding: bool = False,
    receive: Callable[[Source], ReceiveResult] = receive_new,
) -> RunReport:
    """As `ingest_dataset`, or `rebuild_silver` where `rebuilding`, in an opened project.

    Args:
        receive: Receives what the run is for.
    """
    run_id = new_run_id()
    ingest = partial(_ingest, workspace, name, run_id, on_step, rebuilding=rebuilding, receive=receive)
    return record_run(workspace.recorder, "ingest", name, run_id, ingest)


def _ingest(
    workspace: Workspace,
    name: str,
    run_id: RunId,
    on_step: OnStep,
    *,
    rebuilding: bool,
    receive: Callable[[Source], ReceiveResult],
) -> RunReport:
    candidate = ingest_candidate(workspace, name)
    contract = candidate.contract
    source = workspace.source(contract)
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        claim_lake(workspace.lake, workspace.project)
        check_lake_limit(workspace, engine, contract)
        ingest = Ingest(workspace=workspace, engine=engine, source=source, run_id=run_id, on_step=on_step)
        last = pinning.current_definition(engine, name)
        finished = list(take_until_halted(ingest.finish_planned(last))) if last else []
        arrivals = receive(source)
        record_source_events(workspace, engine, name, run_id)
        complete = [batch for batch in finished if not batch.halted]
        older = () if rebuilding or last is None else _older_rules(engine, last, candidate)
        if complete == finished or rebuilding:
            apply = pinning.start_generation if rebuilding else pinning.apply_definition
            definition = apply(engine, candidate, last, run_id, workspace.clock)
            finished = [*complete, *take_until_halted(chain(ingest.finish_planned(definition), ingest.ingest_new(definition)))]
        workspace.settle_costs(engine)
    workspace.deliver_lineage()
    unsettled: Warnings = tuple(("file_unsettled", {"file": file}) for file in arrivals.unsettled)
    warnings = (*suite_warnings(name, candidate.suite), *older, *unsettled, *_standing_notes(workspace, contract))
    return summarise_run(name, run_id, finished, warnings, workspace.weights)


def _older_rules(engine: Engine, last: Definition, candidate: Definition) -> Warnings:
    """The note that stored batches were judged by other rules than those of now; once, when these are applied."""
    batches = engine.txn(pinning.RUNS, last.application_id)
    if not batches or last.hashes["suite_sha256"] == candidate.hashes["suite_sha256"]:
        return ()
    return (("rules_changed", {"dataset": last.contract.name, "batches": batches}),)


def ingest_candidate(workspace: Workspace, name: str) -> Definition:
    """The dataset's texts as they are now, checked: an invalid suite is an error before anything is received.

    Raises:
        UsageError, ContractError, SuiteError, DefinitionError: As `ingest_dataset`.
    """
    contract = active_contract(workspace.project, name)
    candidate = Definition(contract, workspace.suite(name))
    check_dataset_weights(workspace, name, load_rules(contract, candidate.suite, suite_label(name)))
    return candidate


def idle_report(workspace: Workspace, definition: Definition) -> RunReport:
    """The report of a run that finds nothing to do."""
    name = definition.contract.name
    warnings = (*suite_warnings(name, definition.suite), *_standing_notes(workspace, definition.contract))
    report = summarise_run(name, new_run_id(), (), warnings, workspace.weights)
    measure_report(workspace.recorder, report)
    return report


def _standing_notes(workspace: Workspace, contract: Contract) -> Warnings:
    """What is said by each run until a person has mended it."""
    untaken = ((notice.code, dict(notice.facts)) for notice in untaken_files(workspace, contract))
    return (*untaken, *unjudged_notes(workspace, contract))


def _statistics(context: BatchContext) -> RowStatistics | None:
    """What bronze's files say of the batch's rows; nothing where columns have values under other names, too."""
    if any(column.alternative_names for column in context.contract.columns):
        return None
    return context.engine.statistics(context.table(Layer.BRONZE), context.pinned.seq)


def _source(definition: Definition) -> ContractSource:
    if definition.contract.source is None:
        raise UsageError("dataset_has_no_source", dataset=definition.contract.name)
    return definition.contract.source
