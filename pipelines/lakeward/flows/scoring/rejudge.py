"""Judges batches of earlier days by the suite as it is now, from bronze. Publishes nothing: what it finds lies in a table of its own.

A batch that was published by the suite of today needs no second look, nor does a rule that is the same: what they said stands. A new
rule that needs more than the rows of its batch can't be judged in hindsight, and is UNKNOWN: the coverage says so.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.names import BatchId, RunId, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.batch_context import Work
from lakeward.flows.base.pinning import Again, Definition, PinnedBatch
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.finish import verdict_row
from lakeward.flows.batch.ingest import bronze_rows
from lakeward.flows.batch.judge import judge, suite_name
from lakeward.flows.batch.scores import versions_of
from lakeward.flows.batch.weights import check_weights
from lakeward.quality.rule import Verdict
from lakeward.quality.score_sql import received
from lakeward.quality.suite import load_rules
from lakeward.scorecard.scores import RUNS, VERDICTS

REJUDGED = "rejudged"
# What a rule said of a batch.
SAID = ("outcome", "evaluated", "failed", "observed", "reason")
# Digits of the hashes in a transaction's id: the same 48 bits as a rule's version.
DIGITS = 12

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """A received batch of the latest generation, and the texts it was published by; None: it is halted, or its run was killed."""

    seq: int
    contract_sha256: str | None
    suite_sha256: str | None

    def by(self, definition: Definition) -> bool:
        """Whether it was published by these texts."""
        return (self.contract_sha256, self.suite_sha256) == hashes(definition)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeReport:
    """What judging by the rules of today came to.

    Args:
        batches: All received batches of the latest generation.
        judged: Judged by this run.
        published: Published by the rules of today, so that they needed no judging.
    """

    dataset: str
    run_id: RunId
    batches: int
    judged: int
    published: int

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score NAME --rescore --json`."""
        return fields_of(self)


def rejudge(settings: Settings, name: str) -> RejudgeReport:
    """Judge every batch of the dataset's latest generation that other rules judged; a rerun goes on where the last one ended.

    Raises:
        UsageError: The project has no such dataset, it has no source, or nothing was received yet.
        ContractError, SuiteError: Its contract or suite is not valid.
    """
    workspace, run_id = open_workspace(settings), new_run_id()
    with workspace.engine() as engine:
        definition = today(workspace, engine, name)
        batches = received_batches(engine, definition)
        old = [batch for batch in batches if not batch.by(definition)]
        judged = list(_judged(workspace, engine, definition, old, run_id))
    log.info("rejudged", extra={"dataset": name, "run_id": run_id, "batches": len(judged)})
    return RejudgeReport(dataset=name, run_id=run_id, batches=len(batches), judged=len(judged), published=len(batches) - len(old))


def today(workspace: Workspace, engine: Engine, name: str) -> Definition:
    """The contract that the generation stands on, with the suite as it is now.

    Raises:
        As `rejudge`.
    """
    workspace.source(workspace.project.contract(name))
    last = pinning.applied(engine, name)
    if last is None:
        raise UsageError("score_nothing_received", dataset=name)
    definition = replace(last, suite=workspace.suite(name))
    check_weights(workspace, name, load_rules(definition.contract, definition.suite, suite_name(name)))
    return definition


def hashes(definition: Definition) -> tuple[str, str]:
    """What rules follow from: of contract and suite."""
    return definition.hashes["contract_sha256"], definition.hashes["suite_sha256"]


def received_batches(engine: Engine, definition: Definition) -> list[Received]:
    """The received batches of this generation that were judged, oldest first."""
    at = versions_of(engine, (VERDICTS, RUNS))
    if RUNS not in at:
        return []
    same = "USING (dataset, generation, batch_seq)"
    own = equals(dataset=definition.contract.name, generation=definition.generation)
    found = engine.fetch(f"""
        SELECT batch_seq, contract_sha256, suite_sha256
        FROM (SELECT DISTINCT dataset, generation, batch_seq FROM {VERDICTS} WHERE {own}) AS judgements{received()}
        LEFT JOIN (SELECT * FROM {RUNS} WHERE {own}) AS published {same} ORDER BY batch_seq""")
    return [Received(row["batch_seq"], row["contract_sha256"], row["suite_sha256"]) for row in found]


def _judged(
    workspace: Workspace, engine: Engine, definition: Definition, batches: list[Received], run_id: RunId
) -> Iterator[int]:
    contract, suite = hashes(definition)
    app = f"{REJUDGED}/{definition.contract.name}/{definition.generation}/{contract[:DIGITS]}{suite[:DIGITS]}"
    done = engine.txn(governance.spec(REJUDGED).name, app)
    left = [batch for batch in batches if batch.seq > done]
    said = _said(engine, definition) if left else {}
    for batch in left:
        work = _work(workspace, engine, definition, batch, run_id)
        rows = engine.define("batch_rows", bronze_rows(work))
        known = said if batch.contract_sha256 == contract else {}
        verdicts = [_row(work, verdict, known) for verdict in judge(work, rows).verdicts]
        governance.record(engine, REJUDGED, verdicts, Txn(app, batch.seq))
        yield batch.seq


# What a version of a rule said of a batch, by batch, rule and version.
Said = Mapping[tuple[int, str, str], Mapping[str, Any]]


def _said(engine: Engine, definition: Definition) -> Said:
    found = governance.rows(engine, "verdicts", dataset=definition.contract.name, generation=definition.generation)
    return {(row["batch_seq"], row["rule_id"], row["rule_version"]): {name: row[name] for name in SAID} for row in found}


def _row(work: Work, verdict: Verdict, said: Said) -> dict[str, Any]:
    contract, suite = hashes(work.pinned.definition)
    same = said.get((work.pinned.seq, verdict.rule.id, verdict.rule.version), {})
    return {**verdict_row(work, verdict), **same, "contract_sha256": contract, "suite_sha256": suite}


def _work(workspace: Workspace, engine: Engine, definition: Definition, batch: Received, run_id: RunId) -> Work:
    """The batch as one that comes again: without the batches that came before it."""
    pinned = PinnedBatch(definition=definition, seq=batch.seq, id=BatchId(""), start=0, end=0, inputs={}, again=Again.REPLAY)
    return Work.begin(workspace, engine, pinned, run_id)
