"""Plans batches of rejected messages that the current contract and decoder can read."""

from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.contracts.record_format import FileFormat
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import BatchStep
from lakeward.flows.base.pinning import Definition, Reprocess
from lakeward.flows.base.report import Warnings
from lakeward.flows.batch.decode import (
    MAX_SEGMENTS,
    RejectSelection,
    decode_rejects,
    message_source,
    rejected_segments,
    segments_of,
)
from lakeward.flows.batch.finish import BatchResult
from lakeward.flows.batch.ingest import Ingest
from lakeward.flows.quarantine.events import Signature
from lakeward.flows.quarantine.selection import Selection

# Message codes of rejects begin so.
_REJECT = "reject_"


def reject_reasons(contract: Contract, kind: Reprocess, selection: Selection) -> tuple[str, ...] | None:
    """The reasons of the rejects to read again; empty: any; None: no rejects are meant."""
    if kind is not Reprocess.REPLAY or contract.record_format.format is not FileFormat.MESSAGES:
        return None
    if selection.selects_all:
        return ()
    only = Selection(rules=selection.rules)
    reasons = tuple(rule for rule in selection.rules if rule.startswith(_REJECT))
    return reasons if reasons and selection == only else None


def plan_and_decode(ingest: Ingest, definition: Definition, reasons: tuple[str, ...], signature: Signature) -> list[BatchResult]:
    """Run a batch for each span of segments of which a rejected message can be read now, by the schemas of now."""
    contract, source = definition.contract, message_source(ingest.source)
    finished: list[BatchResult] = []
    source.refresh()
    rejected = rejected_segments(ingest.engine, contract, reasons)
    for start in range(0, len(rejected), MAX_SEGMENTS):
        numbers = rejected[start : start + MAX_SEGMENTS]
        selection = RejectSelection(segments=(numbers[0], numbers[-1]), reasons=reasons, schemas=source.schemas_version())
        inputs = segments_of(source, numbers, selection.schemas)
        if not inputs or not decode_rejects(ingest.engine, contract, selection, inputs).count:
            continue
        newest = pinning.newest_plan(ingest.engine, contract.name)
        plan = pinning.next_batch(definition, newest, newest.end, {})
        pinned = replace(plan, reprocess=Reprocess.DECODE, request=selection.to_request(signature.by))
        pinning.pin_batch(ingest.engine, pinned, ingest.run_id, ingest.workspace.clock)
        ingest.on_step(BatchStep.PINNED)
        finished += ingest.finish_planned(definition)
    return finished


def undecoded_notes(engine: Engine, contract: Contract, reasons: tuple[str, ...] | None) -> Warnings:
    """That rejected messages still can't be read."""
    segments = len(rejected_segments(engine, contract, reasons)) if reasons is not None else 0
    return (("rejects_not_decoded", {"dataset": contract.name, "segments": segments}),) if segments else ()
