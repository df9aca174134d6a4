"""Records lineage of each step: START before it, COMPLETE or FAIL after it, in the durable outbox.

A resumed batch sends a lost COMPLETE event again with the same id. Events never contain data values.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lakeward.contracts.batch import BatchInput
from lakeward.contracts.model import Contract
from lakeward.core.errors import DefinitionError
from lakeward.core.names import Layer, TableName
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.batch_context import BatchContext
from lakeward.quality.rule import Verdict
from lakeward_lineage import (
    Assertion,
    AssertionOutcome,
    ColumnLineage,
    Dataset,
    LineageError,
    Origin,
    Owner,
    Parent,
    Processor,
    SchemaField,
    Statistics,
    Step,
    TransformationKind,
    column_lineage,
    complete,
    edges,
    fail,
    start,
)


@contextmanager
def trace_step(context: BatchContext, layer: Layer, inputs: Sequence[Dataset]) -> Iterator[list[Dataset]]:
    """One step as an OpenLineage run; the caller adds what the step wrote to the list."""
    flow = context.pinned.reprocess or ("curate" if layer is Layer.GOLD else "ingest")
    parent = Parent(f"{flow}.{context.contract.name}", context.run_id)
    step = Step(
        project=context.project,
        job=f"{flow}.{context.contract.name}.{layer}",
        batch=context.pinned.id,
        inputs=tuple(inputs),
        outputs=(),
        parent=parent,
        processor=Processor(*context.engine.product),
    )
    context.outbox.append(start(step, context.started_at))
    outputs: list[Dataset] = []
    succeeded = False
    try:
        with context.span(str(layer)):
            yield outputs
        succeeded = True
    finally:
        if not succeeded:
            context.outbox.append(fail(step, context.clock.now(), f"step {layer} of batch {context.pinned.seq} did not end"))
    event = complete(replace(step, outputs=tuple(outputs)), context.clock.now())
    context.outbox.append(event)
    context.lineage_events.append(event)


def landing_dataset(contract: Contract, inputs: Sequence[BatchInput]) -> Dataset:
    """The files of a batch."""
    fields = tuple(SchemaField(c.source_name, "text") for c in contract.columns)
    statistics = Statistics(size=sum(i.size for i in inputs), files=len(inputs))
    return Dataset(f"landing.{contract.name}", fields=fields, statistics=statistics)


def bronze_lineage(contract: Contract) -> ColumnLineage:
    """Column lineage of bronze: every column comes from the same column of the file."""
    table = f"landing.{contract.name}"
    return ColumnLineage({c.name: (Origin(table, c.source_name, TransformationKind.IDENTITY),) for c in contract.columns})


def batch_lineage(table: TableName, conversions: Mapping[str, Sequence[str]]) -> ColumnLineage:
    """Column lineage of a batch of a table, as `query_lineage` has it, which parses the SELECT.

    Args:
        conversions: The table's columns that each column is converted from; empty: it is the one of its name.
    """
    made = {
        name: [Origin(str(table), source, TransformationKind.TRANSFORMATION) for source in sorted(sources)]
        or [Origin(str(table), name, TransformationKind.IDENTITY)]
        for name, sources in conversions.items()
    }
    columns = {name: tuple(origins) for name, origins in made.items()}
    return ColumnLineage(columns, (Origin(str(table), "_batch_seq", TransformationKind.FILTER),))


def query_lineage(engine: Engine, contract: Contract, sql: str, tables: Sequence[TableName]) -> ColumnLineage:
    """Column lineage of a SELECT over tables of the lake.

    Raises:
        DefinitionError: The lineage of the SELECT can't be derived.
    """
    schema = {str(t): {name: str(kind) for name, kind in engine.types(t).items()} for t in tables if engine.info(t)}
    try:
        return column_lineage(sql, schema)
    except LineageError as error:
        raise DefinitionError("lineage_failed", dataset=contract.name, reason=error) from error


def layer_dataset(
    context: BatchContext, layer: Layer, rows: int, *, lineage: ColumnLineage | None = None, verdicts: Sequence[Verdict] = ()
) -> Dataset:
    """A table of the dataset that this step read or wrote."""
    return table_dataset(context.engine, context.table(layer), rows, context.contract.owner, lineage=lineage, verdicts=verdicts)


def table_dataset(
    engine: Engine,
    name: TableName,
    rows: int,
    owner: str = "",
    lineage: ColumnLineage | None = None,
    verdicts: Sequence[Verdict] = (),
) -> Dataset:
    """A table of the lake with its schema, version and path; only its name if it does not exist yet."""
    info = engine.info(name)
    if info is None:
        return Dataset(str(name), statistics=Statistics(rows))
    fields = tuple(SchemaField(c.name, str(c.type), c.comment or None) for c in info.columns)
    owners = (Owner(f"user:{owner}", "owner"),) if owner else ()
    assertions = tuple(_assertion(verdict) for verdict in verdicts)
    return Dataset(
        str(name),
        namespace=None,
        path=info.path,
        fields=fields,
        version=info.version,
        owners=owners,
        assertions=assertions,
        statistics=Statistics(rows),
        lineage=lineage,
    )


def append_edges(context: BatchContext) -> None:
    """Store the column edges of completed steps in `governance.lineage_edges`."""
    head = {"dataset": context.contract.name, "batch_seq": context.pinned.seq, "observed_at": context.clock.now()}
    rows = [{**head, **edge} for event in context.lineage_events for edge in edge_rows(event)]
    governance.append_rows(context.engine, "lineage_edges", rows, context.txn)


def edge_rows(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of `governance.lineage_edges` for a completed step."""
    for edge in edges([event]):
        source, target = edge.source, edge.target
        yield {
            "run_id": event["run"]["runId"],
            "job": edge.job,
            "from_table": source.table,
            "from_column": source.column or None,
            "to_table": target.table,
            "to_column": target.column or None,
            "kind": edge.kind,
        }


def _assertion(verdict: Verdict) -> Assertion:
    rule = verdict.rule
    column = rule.columns[0] if len(rule.columns) == 1 else None
    outcome = AssertionOutcome(str(verdict.outcome))
    return Assertion(
        rule=rule.id,
        check=rule.type,
        outcome=outcome,
        column=column,
        severity=str(rule.severity),
        evaluated=verdict.evaluated,
        failed=verdict.failed,
    )
