"""Takes quarantined rows to silver: by the rules as they are now (replay), or though rules fail (release, by a steward)."""

from collections.abc import Iterator
from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.flows.base import pinning
from lakeward.flows.base.batch_context import OnStep, Step, unwatched
from lakeward.flows.base.pinning import Again, Definition
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.finish import Finished, summary
from lakeward.flows.batch.halt import until_halted
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.batch.ingest import Ingest
from lakeward.flows.batch.judge import suite_name
from lakeward.flows.batch.run import run_dataset
from lakeward.flows.quarantine.events import Event, Kind, Signature, check_signature, record_whole
from lakeward.flows.quarantine.open_rows import REPAIRED, has_quarantine, open_rows
from lakeward.flows.quarantine.selection import Selection
from lakeward.quality.suite import load_rules


def replay_rows(
    settings: Settings, name: str, selection: Selection, signature: Signature, *, on_step: OnStep = unwatched
) -> RunReport:
    """Judge open rows again by the contract and suite as they are now, and publish those that pass; each row exactly once.

    What an earlier run left unfinished is brought to its end first, so a replay that was killed goes on.

    Raises:
        UsageError: There is no such dataset, or its rows are computed, not received.
        ContractError, SuiteError: Its contract or suite is not valid.
        ProtectionError: The selection's condition is none.
    """
    return _again(settings, name, (Again.REPLAY, selection, signature), on_step)


def release_rows(
    settings: Settings, name: str, selection: Selection, signature: Signature, *, on_step: OnStep = unwatched
) -> RunReport:
    """Publish open rows though rules of the suite fail; those that can't be typed, or lack what is required, stay set aside.

    Raises:
        UsageError: As `replay_rows`; or no reason is given, or no rows are named.
        ProtectionError: It takes a steward.
    """
    check_signature(signature, "release", steward=True)
    if selection.everything:
        raise UsageError("quarantine_selection_needed", command="release", dataset=name)
    return _again(settings, name, (Again.RELEASE, selection, signature), on_step)


def release_batch(settings: Settings, name: str, seq: int, signature: Signature) -> RunReport:
    """Let the batch at which the dataset waits be published, and run the dataset.

    Raises:
        UsageError: The dataset does not wait at this batch, or no reason is given.
        ProtectionError: It takes a steward.
    """
    check_signature(signature, "release", steward=True)
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    with workspace.engine(contract) as engine, engine.turn(name):
        if halted_batches(engine).get(name) != seq:
            raise UsageError("batch_not_halted", dataset=name, batch=seq)
        event = Event(
            dataset=name,
            kind=Kind.RELEASE,
            number=seq,
            upto_seq=seq,
            signature=signature,
            at=workspace.clock.now(),
            batch_seq=seq,
        )
        record_whole(engine, event, f"halted/{name}")
    return run_dataset(settings, name)


def received_contract(workspace: Workspace, name: str) -> Contract:
    """The contract of a dataset whose rows are received.

    Raises:
        UsageError: There is no such dataset, or its rows are computed: they are computed anew, never repaired.
    """
    contract = workspace.project.contract(name)
    if contract.layer is Layer.GOLD:
        inputs = ", ".join(map(str, contract.model.inputs)) if contract.model else "-"
        raise UsageError("quarantine_computed", dataset=name, inputs=inputs)
    return contract


Wish = tuple[Again, Selection, Signature]


def _again(settings: Settings, name: str, wish: Wish, on_step: OnStep) -> RunReport:
    workspace = open_workspace(settings)
    contract = received_contract(workspace, name)
    wanted = Definition(contract, workspace.suite(name))
    load_rules(contract, wanted.suite, suite_name(name))
    run_id = new_run_id()
    with workspace.engine(contract) as engine, engine.turn(name):
        ingest = Ingest(workspace=workspace, engine=engine, source=workspace.source(contract), run_id=run_id, on_step=on_step)
        last = pinning.applied(engine, name)
        finished = list(until_halted(ingest.unfinished(last))) if last else []
        if not any(batch.halted for batch in finished) and has_quarantine(engine, name):
            definition = pinning.apply(engine, wanted, run_id, workspace.clock)
            finished += until_halted(_planned(ingest, definition, wish))
    workspace.deliver()
    return summary(name, run_id, finished, () if finished else (("quarantine_nothing_open", {"dataset": name}),))


def _planned(ingest: Ingest, definition: Definition, wish: Wish) -> Iterator[Finished]:
    """Plan a batch of the rows that are wished for, if any is open, and bring it to its end."""
    kind, selection, signature = wish
    landed = False
    while not landed:
        newest = pinning.newest_plan(ingest.engine, definition.contract.name)
        if not _due(ingest.engine, definition, wish, newest.seq + 1):
            return
        plan = pinning.next_batch(definition, newest, newest.end, {})
        pinned = replace(plan, again=kind, request=selection.request(signature))
        landed = pinning.pin(ingest.engine, pinned, ingest.run_id, ingest.workspace.clock)
        ingest.on_step(Step.PINNED)
        yield from ingest.unfinished(definition)


def _due(engine: Engine, definition: Definition, wish: Wish, before: int) -> bool:
    """Whether any row is meant; for a replay of all that is open, whether any was repaired, or is under other rules by now.

    A replay that can't end otherwise than the last one would only make the tables longer.
    """
    kind, selection, _ = wish
    rows = engine.materialise("open_rows", open_rows(engine, definition.contract, before))
    places = selection.places(rows, engine.types(rows))
    new = f"({REPAIRED} OR _batch_seq NOT IN ({_judged_alike(engine, definition)}))"
    due = new if kind is Again.REPLAY and selection.everything else "TRUE"
    return bool(engine.fetch(f"SELECT 1 FROM {rows} SEMI JOIN ({places}) USING (_file_seq, _row) WHERE {due} LIMIT 1"))


def _judged_alike(engine: Engine, definition: Definition) -> str:
    """SELECT of the batches that were judged by this contract and suite."""
    if engine.info(pinning.RUNS) is None:
        return "SELECT 0 AS batch_seq WHERE FALSE"
    same = {name: value for name, value in definition.hashes.items() if name != "model_sha256"}
    own = equals(dataset=definition.contract.name, generation=definition.generation, **same)
    return f"SELECT batch_seq FROM {pinning.RUNS} WHERE {own}"
