"""The plan that judges a batch in one query: conversion, row rules, aggregates and proofs of uniqueness in a single scan.

A relation is written as after FROM: a name, or a SELECT in brackets. The plan only writes SQL; the flow runs it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakeward.contracts.model import Contract, DataType
from lakeward.core.sql import identifier
from lakeward.engines.tables import RowStatistics
from lakeward.quality.check_columns import add_check_columns
from lakeward.quality.checks import Check, GxCheck, RowCheck, SeriesCheck, UniqueCheck
from lakeward.quality.compile import compile_rule
from lakeward.quality.convert import ConvertedColumn, convert_column
from lakeward.quality.grid import Grid, grids
from lakeward.quality.identity import row_identity
from lakeward.quality.proofs import prove
from lakeward.quality.rule import Outcome, Rule, Severity, Verdict
from lakeward.quality.scope import Scope
from lakeward.quality.series.plan import SeriesPlan, make_series_plan
from lakeward.quality.series.source_record import NO_RECORD, SourceRecord
from lakeward.quality.split import Diversion, split
from lakeward.quality.sql import select, stack
from lakeward.quality.unit_conversion import in_units


def compile_plan(
    contract: Contract, rules: Sequence[Rule], types: Mapping[str, DataType], statistics: RowStatistics | None = None
) -> "JudgePlan":
    """Compile `rules` for a batch.

    Args:
        contract: The contract that rows are converted to.
        rules: The rules of `load_rules`.
        types: Types of the batch's columns in bronze, in order; columns that are not in the contract are passed through.
        statistics: Statistics of the batch's rows from file metadata; rules that they prove are not evaluated.
    """
    columns = in_units(
        contract,
        {column.name: convert_column(contract, index, types[column.name]) for index, column in enumerate(contract.columns)},
    )
    scope = Scope(columns, contract.record_format.zone)
    checks = tuple(compile_rule(rule, scope, index) for index, rule in enumerate(rules))
    settled = [prove(rule, scope, statistics) for rule in rules] if statistics else []
    keys = [
        frozenset(contract.primary_key),
        *(frozenset(check.rule.columns) for check in checks if isinstance(check, UniqueCheck)),
    ]
    return JudgePlan(
        contract=contract,
        columns=columns,
        checks=checks,
        stored_columns=tuple(types),
        proven_verdicts={verdict.rule.id: verdict for verdict in settled if verdict},
        grids=grids(keys, columns, statistics),
    )


def diverting_rule_ids(verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Ids of the rules that quarantine rows: failed rules of severity `quarantine` or `halt`.

    When a steward releases a halted batch, the rows that fail the halting rule are still quarantined.
    A rule whose `mostly` is met has passed and quarantines nothing: its threshold allows these failures.
    """
    return frozenset(v.rule.id for v in verdicts if v.outcome is Outcome.FAIL and v.rule.severity is not Severity.WARN)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """The SQL that judges one batch, and the verdicts from its results.

    Args:
        proven_verdicts: Verdicts of rules decided by statistics, by id.
        grids: Keys that a grid can prove unique before the scan.
        counts_batch: Whether its facts say how often keys repeat, and the bounds of times.
    """

    contract: Contract
    columns: Mapping[str, ConvertedColumn]
    checks: tuple[Check, ...]
    stored_columns: tuple[str, ...]
    proven_verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    grids: tuple[Grid, ...] = ()
    counts_batch: bool = True

    @property
    def gx_rules(self) -> tuple[Rule, ...]:
        """Rules that only Great Expectations can judge."""
        return tuple(check.rule for check in self.checks if isinstance(check, GxCheck))

    def series(self, source: SourceRecord = NO_RECORD, *, all_row_ids: bool = False) -> SeriesPlan:
        """The plan of the sensor rules; row ids are for those that quarantine rows, or for all with `all_row_ids`."""
        rules = [check.rule for check in self.checks if isinstance(check, SeriesCheck)]
        return make_series_plan(self.contract, self.columns, rules, source, all_row_ids=all_row_ids)

    def typed_select(self, rows: str) -> str:
        """SELECT of the contract's columns in the contract's types, then all other columns of bronze."""
        return f"SELECT {self._typed_items()} FROM {self.converted_relation(rows)}"

    def facts_select(self, rows: str, by: str | None = None, distinct: Collection[frozenset[str]] = ()) -> str:
        """SELECT of one row: `rows`, `key_repeats`, `time_min`, `time_max`, the counts of `other_units`, and `m0, m1, …`: the rules' measures.

        `key_repeats` is a proof by hash: 0 means that keys are unique; None without a key, as are the times without a time
        column. With `by`, a column of `rows`: one row of facts per value of it, which is `part`. For keys in `distinct`, proven
        by a grid, no hash is counted.
        """
        checks = checks_to_run(self)
        flags = {check.flag: check.fails for check in checks if isinstance(check, RowCheck)}
        items = {"rows": "count(*)"} | (self._batch_facts(distinct) if self.counts_batch else {})
        items |= {alias: measure for measure, alias in measure_aliases(self).items()}
        unique = (check for check in self._unique_checks() if _contains_distinct_key(distinct, check.rule.columns))
        items |= {measure_aliases(self)[check.measures()["proof"]]: "0" for check in unique}
        judged = f"{stack(add_check_columns(self.converted_relation(rows), checks), [flags])} AS judged"
        if by is None:
            return f"SELECT {select(items)} FROM {judged}"
        return f"SELECT {identifier(by)} AS part, {select(items)} FROM {judged} GROUP BY {identifier(by)}"

    def other_units(self, facts: Mapping[str, Any]) -> dict[str, int]:
        """Readings that keep a unit that is none of the contract's, by column, where there are any."""
        counts = {name.partition(":")[2]: facts[name] for name in self._other_units()}
        return {column: count for column, count in counts.items() if count}

    def suspect_rules(self, facts: Mapping[str, Any]) -> tuple[Rule, ...]:
        """Rules of uniqueness whose proof failed, so that repeated keys must be counted."""
        aliases = measure_aliases(self)
        return tuple(check.rule for check in self._unique_checks() if facts[aliases[check.measures()["proof"]]])

    def repeated_keys_select(self, rule: Rule, rows: str) -> str:
        """SELECT of the repeated keys of the batch: `k0, k1, …` and `copies`, their number of rows."""
        check = next(check for check in self._unique_checks() if check.rule.id == rule.id)
        keys = [f"k{i}" for i in range(len(check.keys))]
        return (
            f"SELECT {', '.join(keys)}, count(*) AS copies FROM ("
            f"SELECT {select(dict(zip(keys, check.keys, strict=True)))} FROM {self.converted_relation(rows)} AS typed WHERE {check.present}"
            f") AS keyed GROUP BY {', '.join(keys)} HAVING count(*) > 1"
        )

    def verdicts(
        self, facts: Mapping[str, Any], repeated: Mapping[str, int] | None = None, gx_verdicts: Iterable[Verdict] = ()
    ) -> tuple[Verdict, ...]:
        """One verdict per rule, in the order of the rules.

        Args:
            facts: The row of `facts_select`.
            repeated: For each of `suspect_rules`, by id: rows with a repeated key (the sum of `copies`).
            gx_verdicts: Verdicts of Great Expectations on the rules of `gx_rules`.
        """
        known_verdicts = {**self.proven_verdicts, **{verdict.rule.id: verdict for verdict in gx_verdicts}}
        aliases, counts = measure_aliases(self), repeated or {}
        found = {
            check.rule.id: {role: facts[aliases[measure]] for role, measure in check.measures().items()}
            | ({"repeated": counts[check.rule.id]} if check.rule.id in counts else {})
            for check in checks_to_run(self)
        }
        return tuple(known_verdicts.get(check.rule.id) or check.verdict(found[check.rule.id]) for check in self.checks)

    def split(self, rows: str, ids: Collection[str], relations: Mapping[str, str] | None = None) -> tuple[str, str | None]:
        """The batch as two SELECTs: typed good rows; bad rows as in bronze, with `_reasons` and `_rules`.

        A row is bad if it fails a quarantining rule: `_reasons` is the JSON list of the failed rules' ids, `_rules` the JSON map
            of
        these ids to versions.

        Args:
            rows: The batch as in bronze.
            ids: Ids from `diverting_rule_ids`; if empty, no row is bad and there is no second SELECT.
            relations: For a rule of uniqueness the relation of `repeated_keys_select`; for a rule of Great Expectations the
                relation of row ids (`_file_seq`, `_row`) of its failing rows, without which it quarantines nothing.
        """
        stored = ", ".join(identifier(column) for column in self.stored_columns)
        diversion = Diversion(tuple(check for check in self.checks if check.rule.id in ids), relations or {})
        return split(self.converted_relation(rows), diversion, self._typed_items(), stored)

    def converted_relation(self, rows: str) -> str:
        """`rows` with the converted columns `columns`, as a relation."""
        depth = max((len(column.layers) for column in self.columns.values()), default=0)
        layers: list[dict[str, str]] = [{} for _ in range(depth)]
        for column in self.columns.values():
            for depth_index, layer in enumerate(column.layers):
                layers[depth_index] |= layer
        return stack(rows, layers)

    def _typed_items(self) -> str:
        items = {identifier(column): self.columns[column].output for column in self.columns}
        items |= {identifier(column): identifier(column) for column in self.stored_columns if column not in self.columns}
        return select(items)

    def _unique_checks(self) -> list[UniqueCheck]:
        return [check for check in self.checks if isinstance(check, UniqueCheck)]

    def _batch_facts(self, distinct: Collection[frozenset[str]]) -> dict[str, str]:
        units = {identifier(name): f"count_if({condition})" for name, condition in self._other_units().items()}
        return self._key_facts(distinct) | self._time_facts() | units

    def _other_units(self) -> dict[str, str]:
        """Conditions of readings that keep another unit than the contract's, by the names of their counts."""
        return {f"other_units:{name}": one.other_unit for name, one in self.columns.items() if one.other_unit}

    def _key_facts(self, distinct: Collection[frozenset[str]]) -> dict[str, str]:
        same = row_identity(self.contract)
        if same is None:
            return {"key_repeats": "CAST(NULL AS BIGINT)"}
        if _contains_distinct_key(distinct, same.keys):
            return {"key_repeats": "CAST(0 AS BIGINT)"}
        keys = tuple(self.columns[column].output for column in same.keys)
        # A rule on the same key already counts its hashes; a row that it ignores counts as a repeat, which proves nothing.
        counted = (check.hashes for check in self._unique_checks() if check.keys == keys)
        own = f"count(DISTINCT hash({', '.join(keys)}))"
        return {"key_repeats": f"count(*) - {next(counted, own)}"}

    def _time_facts(self) -> dict[str, str]:
        time = self.contract.time_column
        value = self.columns[time].value if time else "CAST(NULL AS TIMESTAMPTZ)"
        return {"time_min": f"min({value})", "time_max": f"max({value})"}


def checks_to_run(plan: JudgePlan) -> list[Check]:
    """The checks that need to read rows."""
    return [check for check in plan.checks if check.rule.id not in plan.proven_verdicts]


def measure_aliases(plan: JudgePlan) -> dict[str, str]:
    """The measures of the rules, each once though many rules need it, such as a column's count; and its name in the facts."""
    measures = dict.fromkeys(measure for check in checks_to_run(plan) for measure in check.measures().values())
    return {measure: f"m{index}" for index, measure in enumerate(measures)}


def needs_row_ids(plan: JudgePlan) -> bool:
    """Whether a rule reads the previous row, so that rows need their ids `_file_seq` and `_row`."""
    return any(isinstance(check, RowCheck) and check.matches for check in plan.checks)


def _contains_distinct_key(distinct: Collection[frozenset[str]], columns: Iterable[str]) -> bool:
    """Whether `columns` contain one of the `distinct` keys and so are distinct, too."""
    return any(key <= set(columns) for key in distinct)
