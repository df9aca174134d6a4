"""Judges earlier batches again by the current suite, from bronze, into a separate table. Publishes nothing.

Of a gold table only the newest batch can be judged again: the table as it stands. What it was after earlier batches is gone. A batch that was published by the current suite is not judged again, nor is an unchanged rule: their verdicts hold. A new
rule that needs more than the rows of its batch can't be judged later and is UNKNOWN, which lowers the coverage.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lakeward.core.errors import UsageError
from lakeward.core.names import BatchId, Layer, RunId, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.pinning import Definition, PinnedBatch, Reprocess
from lakeward.flows.base.report import Counts
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.arrivals import arrival_verdicts
from lakeward.flows.batch.bronze_rows import bronze_rows
from lakeward.flows.batch.judge import judge_batch, suite_label
from lakeward.flows.batch.scores import latest_versions
from lakeward.flows.batch.table_scope import judge_table
from lakeward.flows.batch.verdicts import read_batch_verdicts, verdict_row
from lakeward.flows.batch.weights import check_dataset_weights
from lakeward.quality.rule import Verdict
from lakeward.quality.score_sql import received_batches_join
from lakeward.quality.suite import load_rules
from lakeward.scorecard.scores import RUNS, VERDICTS

REJUDGED = "rejudged"
# Columns of a verdict.
VERDICT_CELLS = ("outcome", "evaluated", "failed", "observed", "reason")
# Digits of the hashes in a transaction's id: the same 48 bits as a rule's version.
DIGITS = 12

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedBatch:
    """A received batch of the latest generation, and the texts it was published by; None if it was halted or killed."""

    seq: int
    contract_sha256: str | None
    suite_sha256: str | None

    def was_published_by(self, definition: Definition) -> bool:
        """Whether it was published by these texts."""
        return (self.contract_sha256, self.suite_sha256) == definition_hashes(definition)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeReport:
    """The result of judging stored batches by the current rules.

    Args:
        dataset: Name of the dataset.
        run_id: Id of the run.
        batches: Number of received batches of the latest generation.
        judged: Number of batches judged by this run.
        published: Number of batches that were published by the current rules and need no judging.
        lost: Number of batches of a gold table that can't be judged again: their rows are no longer there.
    """

    dataset: str
    run_id: RunId
    batches: int
    judged: int
    published: int
    lost: int = 0

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward score NAME --rescore --json`."""
        return fields_of(self)


def rejudge_batches(settings: Settings, name: str) -> RejudgeReport:
    """Judge every batch of the dataset's latest generation that was judged by other rules; a rerun resumes.

    Raises:
        UsageError: The project has no such dataset, it has no source, or nothing was received yet.
        ContractError, SuiteError: Its contract or suite is not valid.
    """
    workspace, run_id = open_workspace(settings), new_run_id()
    with workspace.engine() as engine:
        definition = definition_with_current_suite(workspace, engine, name)
        batches = received_batches(engine, definition)
        old = [batch for batch in batches if not batch.was_published_by(definition)]
        there = old if definition.contract.layer is Layer.SILVER else [batch for batch in old if batch is batches[-1]]
        judged = list(_judge_batches(workspace, engine, definition, there, run_id))
    log.info("rejudged", extra={"dataset": name, "run_id": run_id, "batches": len(judged)})
    counts = {"batches": len(batches), "judged": len(judged), "published": len(batches) - len(old), "lost": len(old) - len(there)}
    return RejudgeReport(dataset=name, run_id=run_id, **counts)


def definition_with_current_suite(workspace: Workspace, engine: Engine, name: str) -> Definition:
    """The contract of the generation with the current suite.

    Raises:
        As `rejudge_batches`.
    """
    workspace.project.contract(name)
    last = pinning.current_definition(engine, name)
    if last is None:
        raise UsageError("score_nothing_received", dataset=name)
    definition = replace(last, suite=workspace.suite(name))
    check_dataset_weights(workspace, name, load_rules(definition.contract, definition.suite, suite_label(name)))
    return definition


def definition_hashes(definition: Definition) -> tuple[str, str]:
    """Hashes of contract and suite, which define the rules."""
    return definition.hashes["contract_sha256"], definition.hashes["suite_sha256"]


def received_batches(engine: Engine, definition: Definition) -> list[ReceivedBatch]:
    """The received batches of this generation that were judged, oldest first."""
    at = latest_versions(engine, (VERDICTS, RUNS))
    if RUNS not in at:
        return []
    same = "USING (dataset, generation, batch_seq)"
    own = equals(dataset=definition.contract.name, generation=definition.generation)
    found = engine.fetch(f"""
        SELECT batch_seq, contract_sha256, suite_sha256
        FROM (SELECT DISTINCT dataset, generation, batch_seq FROM {VERDICTS} WHERE {own}) AS judgements{received_batches_join()}
        LEFT JOIN (SELECT * FROM {RUNS} WHERE {own}) AS published {same} ORDER BY batch_seq""")
    return [ReceivedBatch(row["batch_seq"], row["contract_sha256"], row["suite_sha256"]) for row in found]


def _judge_batches(
    workspace: Workspace, engine: Engine, definition: Definition, batches: list[ReceivedBatch], run_id: RunId
) -> Iterator[int]:
    contract, suite = definition_hashes(definition)
    app = f"{REJUDGED}/{definition.contract.name}/{definition.generation}/{contract[:DIGITS]}{suite[:DIGITS]}"
    last_seq = engine.txn(governance.table_spec(REJUDGED).name, app)
    remaining = [batch for batch in batches if batch.seq > last_seq]
    published = _published_verdicts(engine, definition) if remaining else {}
    for batch in remaining:
        context = _replay_context(workspace, engine, definition, batch, run_id)
        comparable = published if batch.contract_sha256 == contract else {}
        found = _judge_table(context) if definition.model else _judge_received(context)
        verdicts = [_rejudged_row(context, verdict, comparable) for verdict in found]
        governance.append_rows(engine, REJUDGED, verdicts, Txn(app, batch.seq))
        yield batch.seq


def _judge_received(context: BatchContext) -> tuple[Verdict, ...]:
    judged = judge_batch(context, context.engine.define("batch_rows", bronze_rows(context))).verdicts
    bronze, rejects = context.count(Layer.BRONZE), context.count(Layer.REJECTS)
    arrivals = arrival_verdicts(context, Counts(rows_in=bronze + rejects, bronze=bronze, rejects=rejects), judged)
    # What the batch replaced when it was published can't be seen afterwards: that verdict stands.
    return (*judged, *arrivals, *read_batch_verdicts(context))


def _judge_table(context: BatchContext) -> tuple[Verdict, ...]:
    """The verdicts on a gold table as it stands: as after one more batch that computes nothing."""
    after = replace(context, pinned=replace(context.pinned, seq=context.pinned.seq + 1))
    ids = "CAST(0 AS BIGINT) AS _batch_seq, CAST(0 AS BIGINT) AS _file_seq, CAST(0 AS BIGINT) AS _row"
    query = f"SELECT *, {ids} FROM ({context.pinned.definition.model}) WHERE FALSE"
    rows = context.engine.define("computed", query)
    return judge_table(after, judge_batch(after, rows), str(rows), "FALSE")


# Stored verdicts by batch, rule and version.
PublishedVerdicts = Mapping[tuple[int, str, str], Mapping[str, Any]]


def _published_verdicts(engine: Engine, definition: Definition) -> PublishedVerdicts:
    found = governance.read_rows(engine, "verdicts", dataset=definition.contract.name, generation=definition.generation)
    return {(row["batch_seq"], row["rule_id"], row["rule_version"]): {name: row[name] for name in VERDICT_CELLS} for row in found}


def _rejudged_row(context: BatchContext, verdict: Verdict, published: PublishedVerdicts) -> dict[str, Any]:
    contract, suite = definition_hashes(context.pinned.definition)
    same = published.get((context.pinned.seq, verdict.rule.id, verdict.rule.version), {})
    return {**verdict_row(context, verdict), **same, "contract_sha256": contract, "suite_sha256": suite}


def _replay_context(
    workspace: Workspace, engine: Engine, definition: Definition, batch: ReceivedBatch, run_id: RunId
) -> BatchContext:
    """The context of a batch that is judged again, without earlier batches."""
    pinned = PinnedBatch(
        definition=definition, seq=batch.seq, id=BatchId(""), start=0, end=0, inputs={}, reprocess=Reprocess.REPLAY
    )
    return BatchContext.begin(workspace, engine, pinned, run_id)
