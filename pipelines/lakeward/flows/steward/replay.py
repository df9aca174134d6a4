"""Takes quarantined rows to silver: by the current rules (replay), or despite failed rules (release, by a steward)."""

from collections.abc import Iterator
from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import BatchStep, OnStep, ignore_step
from lakeward.flows.base.pinning import Definition, Reprocess
from lakeward.flows.base.report import RunReport, Warnings
from lakeward.flows.base.workspace import Workspace, landing_of, open_workspace
from lakeward.flows.batch.decode import message_source
from lakeward.flows.batch.finish import BatchResult, summarise_run
from lakeward.flows.batch.halt import take_until_halted
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.batch.ingest import Ingest
from lakeward.flows.batch.judge import suite_label
from lakeward.flows.batch.run import run_dataset
from lakeward.flows.batch.series_limits import newest_mapping, range_rule_id, replay_limits
from lakeward.flows.grading.lake_limit import check_lake_limit
from lakeward.flows.quarantine.events import EventKind, QuarantineEvent, Signature, append_batch_event
from lakeward.flows.quarantine.open_rows import REPAIRED_COLUMN, has_quarantine, open_rows
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.quarantine.signing import name_signer, resolve_signature
from lakeward.flows.serving.access import current_account
from lakeward.flows.serving.clear_columns import check_expressions
from lakeward.flows.steward.expression_trial import try_expressions
from lakeward.flows.steward.redecode import plan_and_decode, reject_reasons, undecoded_notes
from lakeward.quality.series.mapped import RANGE
from lakeward.quality.suite import load_rules


def replay_rows(
    settings: Settings, name: str, selection: Selection, signature: Signature, *, on_step: OnStep = ignore_step
) -> RunReport:
    """Judge open rows again by the current contract and suite, and publish those that pass, each exactly once.

    Rejected messages are read again first, if all open rows are selected or the reason of the rejects is.

    Open batches of earlier runs are finished first, so a killed replay resumes.

    Raises:
        UsageError: The dataset does not exist, or its rows are computed, not received.
        ContractError, SuiteError: Its contract or suite is not valid.
        ProtectionError: The selection's condition is not an expression, or the token is not valid or belongs to another name.
    """
    workspace = open_workspace(settings)
    signature = name_signer(workspace, signature)
    signature = replace(signature, by=signature.by or current_account())
    return _reprocess_rows(workspace, name, (Reprocess.REPLAY, selection, signature), on_step)


def release_rows(
    settings: Settings, name: str, selection: Selection, signature: Signature, *, on_step: OnStep = ignore_step
) -> RunReport:
    """Publish open rows despite failed rules of the suite; rows with type errors or missing required values stay in quarantine.

    Raises:
        UsageError: As `replay_rows`; or no reason is given, or no rows are selected.
        ProtectionError: It takes a steward.
    """
    workspace = open_workspace(settings)
    signature = resolve_signature(workspace, signature, "release", steward=True)
    if selection.selects_all:
        raise UsageError("quarantine_selection_needed", command="release", dataset=name)
    return _reprocess_rows(workspace, name, (Reprocess.RELEASE, selection, signature), on_step)


def release_batch(settings: Settings, name: str, seq: int, signature: Signature) -> RunReport:
    """Release the halted batch of the dataset, and run the dataset.

    Raises:
        UsageError: The dataset is not halted at this batch, or no reason is given.
        ProtectionError: It takes a steward.
    """
    workspace = open_workspace(settings)
    signature = resolve_signature(workspace, signature, "release", steward=True)
    contract = workspace.project.contract(name)
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        if halted_batches(engine).get(name) != seq:
            raise UsageError("batch_not_halted", dataset=name, batch=seq)
        event = QuarantineEvent(
            dataset=name,
            kind=EventKind.RELEASE,
            number=seq,
            upto_seq=seq,
            signature=signature,
            at=workspace.clock.now(),
            batch_seq=seq,
        )
        append_batch_event(engine, event, f"halted/{name}")
    return run_dataset(settings, name)


def received_contract(workspace: Workspace, name: str) -> Contract:
    """The contract of a dataset whose rows are received.

    Raises:
        UsageError: The dataset does not exist, or its rows are computed; these are recomputed, never repaired.
    """
    contract = workspace.project.contract(name)
    if contract.layer is Layer.GOLD:
        inputs = ", ".join(map(str, contract.model.inputs)) if contract.model else "-"
        raise UsageError("quarantine_computed", dataset=name, inputs=inputs)
    return contract


ReprocessRequest = tuple[Reprocess, Selection, Signature]


def _reprocess_rows(workspace: Workspace, name: str, request: ReprocessRequest, on_step: OnStep) -> RunReport:
    contract = received_contract(workspace, name)
    candidate = Definition(contract, workspace.suite(name))
    load_rules(contract, candidate.suite, suite_label(name))
    run_id = new_run_id()
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        check_lake_limit(workspace, engine, contract)
        ingest = Ingest(workspace=workspace, engine=engine, source=workspace.source(contract), run_id=run_id, on_step=on_step)
        kind, selection, signature = request
        check_expressions(
            workspace, engine, contract, selection.expressions, (f"{kind} {name} {selection.where}", signature.role)
        )
        try_expressions(workspace, name, selection, {})
        last = pinning.current_definition(engine, name)
        finished = list(take_until_halted(ingest.finish_planned(last))) if last else []
        is_halted = any(batch.halted for batch in finished)
        reasons = reject_reasons(contract, kind, selection) if not is_halted else None
        if not is_halted and (reasons is not None or has_quarantine(engine, name)):
            definition = pinning.apply_definition(engine, candidate, last, run_id, workspace.clock)
            if contract.record_format.payload:  # ranges of series that a person has corrected hold for what is replayed
                message_source(ingest.source).refresh()
            if reasons is not None:
                finished += plan_and_decode(ingest, definition, reasons, signature)
            if has_quarantine(engine, name):
                finished += take_until_halted(_plan_and_run(ingest, definition, request))
        kept = undecoded_notes(engine, contract, reasons)
    workspace.deliver_lineage()
    nothing: Warnings = () if finished else (("quarantine_nothing_open", {"dataset": name}),)
    return summarise_run(name, run_id, finished, (*nothing, *kept))


def _plan_and_run(ingest: Ingest, definition: Definition, request: ReprocessRequest) -> Iterator[BatchResult]:
    """Plan a batch of the selected open rows, if there are any, and run it."""
    kind, selection, signature = request
    is_pinned = False
    while not is_pinned:
        newest = pinning.newest_plan(ingest.engine, definition.contract.name)
        if not _needs_reprocessing(ingest, definition, request, newest.seq + 1):
            return
        plan = pinning.next_batch(definition, newest, newest.end, {})
        mapping = newest_mapping(definition.contract, landing_of(ingest.workspace, definition.contract.name))
        pinned = replace(plan, reprocess=kind, request=selection.to_request(signature, mapping))
        is_pinned = pinning.pin_batch(ingest.engine, pinned, ingest.run_id, ingest.workspace.clock)
        ingest.on_step(BatchStep.PINNED)
        yield from ingest.finish_planned(definition)


def _needs_reprocessing(ingest: Ingest, definition: Definition, request: ReprocessRequest, before_batch: int) -> bool:
    """Whether any row is selected; for a replay of all open rows, whether any was repaired or is subject to other rules.

    A replay with the same result as the last one would only add rows to the tables.
    """
    (kind, selection, _), engine = request, ingest.engine
    rows = engine.materialise("open_rows", open_rows(engine, definition.contract, before_batch))
    row_ids = selection.row_ids(rows, engine.types(rows))
    other = f"_batch_seq NOT IN ({_batches_with_same_rules(engine, definition)}) OR {_other_ranges(ingest, definition.contract)}"
    new = f"({REPAIRED_COLUMN} OR {other})"
    due = new if kind is Reprocess.REPLAY and selection.selects_all else "TRUE"
    return bool(engine.fetch(f"SELECT 1 FROM {rows} SEMI JOIN ({row_ids}) USING (_file_seq, _row) WHERE {due} LIMIT 1"))


def _other_ranges(ingest: Ingest, contract: Contract) -> str:
    """Condition that a row failed the ranges of a mapping that says something else by now."""
    limits = replay_limits(contract, landing_of(ingest.workspace, contract.name))
    _, value, _ = limits.columns
    if not value:
        return "FALSE"
    current = next((rule.version for rule in limits.rules() if rule.type == RANGE), "")
    path = literal(f"$.{identifier(range_rule_id(value))}")
    return f"coalesce((_rules ->> {path}) <> {literal(current)}, FALSE)"


def _batches_with_same_rules(engine: Engine, definition: Definition) -> str:
    """SELECT of the batches that were judged by this contract and suite."""
    if engine.info(pinning.RUNS) is None:
        return "SELECT 0 AS batch_seq WHERE FALSE"
    same = {name: value for name, value in definition.hashes.items() if name != "model_sha256"}
    own = equals(dataset=definition.contract.name, generation=definition.generation, **same)
    return f"SELECT batch_seq FROM {pinning.RUNS} WHERE {own}"
