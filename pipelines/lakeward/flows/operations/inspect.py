"""Lists tables, runs and verdicts of a lake."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lakeward.core.names import RunId, TableName
from lakeward.core.settings import Settings
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.report import Counts
from lakeward.flows.base.workspace import open_workspace
from lakeward.quality.rule import Dimension, Outcome, Severity
from lakeward.quality.score_sql import LATE_FLOWS, REWORK_FLOWS


@dataclass(frozen=True, slots=True)
class LakeTable:
    """A Delta table of the lake, at its newest version.

    Args:
        table: Name, as `layer.name`.
        path: Folder or URL of the table.
        version: Newest Delta version.
        rows: Number of rows in this version, from the statistics in the Delta log.
    """

    table: TableName
    path: str
    version: int
    rows: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward tables --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetTotals:
    """Totals over all finished batches of a dataset.

    Args:
        dataset: Name of the dataset.
        run_id: Id of the newest run; None before the first batch.
        batches: Number of finished batches.
        counts: Rows of these batches, by stage.
        score: Quality score of the newest received batch, 0 to 100; None if nothing was measured.
    """

    dataset: str
    run_id: RunId | None
    batches: int
    counts: Counts
    score: Decimal | None

    def as_dict(self) -> dict[str, object]:
        """The keys of `RunReport.as_dict` up to the score."""
        score = None if self.score is None else float(self.score)
        named = {"dataset": self.dataset, "run_id": self.run_id, "batches": self.batches}
        return {**named, **self.counts.as_dict(), "score": score}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """The verdict of one rule on one batch, from `governance.verdicts`; see `quality.rule.Verdict`.

    Args:
        run_id: Id of the run that judged the batch.
        dataset: Name of the dataset.
        batch_seq: Number of the batch.
        generation: Number of the generation; it rises with each rebuild.
        rule_id: Id of the rule.
        rule_version: Hash of the rule's configuration.
        expectation: Type of the expectation.
        columns: Names of the columns that the rule reads.
        severity: What a failure does to the batch.
        dimension: Quality dimension of GB/T 36344-2018.
        outcome: The verdict.
        evaluated: Number of rows that the rule was evaluated on (values, for an aggregate; 1 for a schema rule); None if it was
            not evaluated.
        failed: Number of these rows that failed; None for aggregate and schema rules.
        observed: The aggregate that was judged, as text.
        reason: Reason for UNKNOWN; None for other verdicts.
        proof: What decided the rule without reading rows, such as file statistics; None if rows were read.
        judged_at: Time of the verdict.
    """

    run_id: RunId
    dataset: str
    batch_seq: int
    generation: int
    rule_id: str
    rule_version: str
    expectation: str
    columns: tuple[str, ...]
    severity: Severity
    dimension: Dimension
    outcome: Outcome
    evaluated: int | None
    failed: int | None
    observed: str | None
    reason: str | None
    proof: str | None = None
    judged_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward verdicts --json`."""
        return fields_of(self)


def list_tables(settings: Settings) -> list[LakeTable]:
    """Every Delta table of the lake."""
    with open_workspace(settings).engine() as engine:
        return [LakeTable(t.name, t.path, t.version, t.rows) for t in engine.tables()]


def list_runs(settings: Settings) -> list[DatasetTotals]:
    """Per dataset, the totals over its finished batches."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = governance.read_rows(engine, "runs", order="generation, batch_seq")
    by_batch = {(row["dataset"], row["batch_seq"]): row for row in found}
    return [
        _dataset_total(name, [row for (dataset, _), row in by_batch.items() if dataset == name])
        for name in workspace.project.datasets()
    ]


def _dataset_total(name: str, runs: list[dict[str, Any]]) -> DatasetTotals:
    counts = sum((_moved_counts(row) for row in runs), Counts())
    score = next((row["score"] for row in reversed(runs) if row["flow"] not in LATE_FLOWS and row["rows_in"]), None)
    last = runs[-1]["run_id"] if runs else None
    return DatasetTotals(dataset=name, run_id=last, batches=len(runs), counts=counts, score=score)


def _moved_counts(run: Mapping[str, Any]) -> Counts:
    """Counts of a batch for the totals: a replay receives nothing, and its rows leave quarantine."""
    counts = Counts(**{key: run.get(key) or 0 for key in Counts().as_dict()})
    if run["flow"] not in REWORK_FLOWS:
        return counts
    return replace(counts, rows_in=0, bronze=0, quarantine=counts.quarantine - counts.rows_in)


def list_verdicts(settings: Settings, name: str, *, all_batches: bool = False) -> list[StoredVerdict]:
    """Verdicts of the dataset's newest batch, or of `every` batch.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    workspace.project.contract(name)
    with workspace.engine() as engine:
        found = governance.read_rows(engine, "verdicts", order="batch_seq, generation, rule_id", dataset=name)
    newest = max(((row["generation"], row["batch_seq"]) for row in found), default=None)
    selected = found if all_batches else [row for row in found if (row["generation"], row["batch_seq"]) == newest]
    return [_verdict(row) for row in selected]


def _verdict(row: Mapping[str, Any]) -> StoredVerdict:
    kinds = {"severity": Severity(row["severity"]), "dimension": Dimension(row["dimension"]), "outcome": Outcome(row["outcome"])}
    return StoredVerdict(**{**row, **kinds, "columns": tuple(json.loads(row["columns"]))})
