"""What is known of a batch's source, for its sensor rules: the limits of the mapping as a relation, and the spans of its events."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from lakeward.engines.protocols import Engine
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.batch.series_limits import CHANGES_ONLY, SeriesLimits, is_limited, line_names, series_limits
from lakeward.flows.batch.source_spans import source_spans
from lakeward.quality.rule import Rule, Verdict
from lakeward.quality.series.mapped import INTERVAL, MAPPED_RULES
from lakeward.quality.series.source_record import LIMIT_COLUMNS, NO_RECORD, SourceRecord

# Lines of the mapping that a verdict names.
MAX_LINES = 20


@dataclass(frozen=True, slots=True)
class BatchSource:
    """The source of a batch; by itself one of which nothing is known.

    Args:
        dataset: Its stored events are those of this dataset.
        folder: Folder of its landed files in the lake, for people.
        changes_only: See `SourceRecord.changes_only`.
    """

    dataset: str = ""
    folder: str = ""
    limits: SeriesLimits = field(default_factory=SeriesLimits)
    changes_only: bool = False

    @classmethod
    def of_batch(cls, context: BatchContext) -> "BatchSource":
        """What is known before the batch is judged."""
        folder = f"{context.landing.parent.name}/{context.landing.name}"
        changes_only = isinstance(context.contract.source, CHANGES_ONLY)
        return cls(context.contract.name, folder, series_limits(context), changes_only)

    def record(self, engine: Engine, rules: Iterable[Rule], first: datetime | None, last: datetime | None) -> SourceRecord:
        """The record for a batch whose times are from `first` to `last`."""
        told = [rule for rule in rules if rule.type in MAPPED_RULES or rule.kwargs.get("source_events")]
        if not told or not self.dataset:
            return NO_RECORD
        needs_events = any(rule.type == INTERVAL or rule.kwargs.get("source_events") for rule in told)
        spans = source_spans(engine, self.dataset, first, last) if needs_events else NO_RECORD
        spans = replace(spans, changes_only=self.changes_only)
        # An event speaks of addresses: what else the mapping says, which series have them, is only then of use.
        read = [row for row in self.limits.rows if spans.has_scopes or is_limited(row)]
        if not read:
            return spans
        rows = engine.literal_rows(LIMIT_COLUMNS, [list(row.values()) for row in read])
        return replace(spans, limits=str(engine.materialise("series_limits", rows)), units=self.limits.units)

    def with_lines(self, engine: Engine, verdict: Verdict, lines: str) -> Verdict:
        """The verdict of a rule of the mapping, with the lines whose series fail.

        Args:
            lines: SELECT of them.
        """
        found = engine.fetch(f"SELECT * FROM ({lines}) AS found ORDER BY version, line LIMIT {MAX_LINES}")
        observed = json.loads(verdict.observed or "{}") | {"mapping": list(line_names(self.folder, found))}
        return replace(verdict, observed=json.dumps(observed, ensure_ascii=False))


NO_SOURCE = BatchSource()
