"""All sensor rules of a suite as one query, with one row per series: counts, ids of failing rows and the new context.

Only writes SQL: the flow runs it, provides the context and stores the new one.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.payload import RECORDS_PER_MESSAGE
from lakeward.core.messages import Phrase
from lakeward.quality import conditions
from lakeward.quality.checks import verdict_of_share
from lakeward.quality.convert import ConvertedColumn
from lakeward.quality.rule import Outcome, Rule, Severity, Verdict
from lakeward.quality.scope import Scope
from lakeward.quality.series.arguments import ArgumentError, SeriesArguments
from lakeward.quality.series.balance import balance
from lakeward.quality.series.clocks import no_clock_skew
from lakeward.quality.series.codes import quality_code_share
from lakeward.quality.series.flat import not_flat
from lakeward.quality.series.gaps import no_gap
from lakeward.quality.series.mapped import MAPPED_RULES
from lakeward.quality.series.order import timestamps_in_order
from lakeward.quality.series.query import ARRIVAL_BLOCK, SeriesInput, SeriesQuery, state_value_field
from lakeward.quality.series.rates import rate_of_change_between
from lakeward.quality.series.repeats import no_duplicate_timestamps
from lakeward.quality.series.rule_sql import ROWS_PER_FILE, SeriesField, SeriesRuleSql
from lakeward.quality.series.selector import SeriesSelector, selector_of, state_series_selector
from lakeward.quality.series.source_record import NO_RECORD, SourceRecord
from lakeward.quality.series.spikes import no_spike
from lakeward.quality.series.states import range_by_state
from lakeward.quality.series.units import unit_unchanged
from lakeward.quality.sql import select

ROW_ID = ("_file_seq", "_row")

SERIES_RULES: Mapping[str, Callable[[SeriesArguments, int], SeriesRuleSql]] = {
    "expect_series_balance": balance,
    "expect_series_no_clock_skew": no_clock_skew,
    "expect_series_no_duplicate_timestamps": no_duplicate_timestamps,
    "expect_series_no_gap": no_gap,
    "expect_series_no_spike": no_spike,
    "expect_series_not_flat": not_flat,
    "expect_series_quality_code_share": quality_code_share,
    "expect_series_range_by_state": range_by_state,
    "expect_series_rate_of_change_between": rate_of_change_between,
    "expect_series_timestamps_in_order": timestamps_in_order,
    "expect_series_unit_unchanged": unit_unchanged,
}


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """The sensor rules of a suite, by the number of their columns in the query.

    Args:
        values: Expressions of the converted columns that they read, by their names in the query.
        misfits: By number of a rule, why it does not match the data: data without a contract can lack a time column.
        excuses: By number of a rule, for what it counts readings that it does not evaluate.
        limits: See `SourceRecord.limits`.
        arrival_block: See `SeriesInput.arrival_block`.
    """

    rules: tuple[Rule, ...]
    queries: tuple[SeriesQuery, ...]
    values: Mapping[str, str]
    misfits: Mapping[int, str]
    _: KW_ONLY
    excuses: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    limits: str | None = None
    arrival_block: int = ARRIVAL_BLOCK

    def without_context(self) -> "SeriesPlan":
        """The plan for rows without their neighbours: rules over neighbours are not evaluated."""
        kept = (
            {n: rule_sql for n, rule_sql in query.rule_sqls.items() if not rule_sql.context_readings} for query in self.queries
        )
        queries = (
            replace(query, rule_sqls=pieces, carried_fields=())
            for query, pieces in zip(self.queries, kept, strict=True)
            if pieces
        )
        return replace(self, queries=tuple(queries))

    def sql(self, source: SeriesInput) -> str:
        """SELECT of one row per query and series, see `SeriesQuery.sql`; only if there are queries."""
        received_column = [source.received_at] if source.received_at else []
        # Only the required columns are converted, once: each query reads these rows again.
        values = [expression if expression == name else f"{expression} AS {name}" for name, expression in self.values.items()]
        rows = f"SELECT {', '.join((*values, *ROW_ID, *received_column))} FROM {source.rows}"
        narrow = replace(source, rows="series_rows", limits=self.limits, arrival_block=self.arrival_block)
        parts = " UNION ALL ".join(query.sql(narrow, range(len(self.rules))) for query in self.queries)
        return f"WITH series_rows AS MATERIALIZED ({rows}) {parts}"

    def sums_select(self, judged: str) -> str:
        """SELECT of one row, by number of the rule: readings evaluated `e`, failed `f`, and excused, from the relation `judged`."""
        names = [f"{kind}{n}" for n in range(len(self.rules)) for kind in ("e", "f", *self.excuses.get(n, ()))]
        items = {name: f"coalesce(sum({name}), 0)" for name in names}
        return f"SELECT {select(items)} FROM {judged}"

    def verdicts(self, sums: Mapping[str, Any]) -> tuple[Verdict, ...]:
        """One verdict per rule, from the row of `sums_select`; UNKNOWN without readings, or if it does not match the data."""
        return tuple(
            Verdict(rule, Outcome.UNKNOWN, reason=self.misfits[n])
            if n in self.misfits
            else _verdict(rule, sums[f"e{n}"], sums[f"f{n}"], {name: int(sums[f"{name}{n}"]) for name in self.excuses.get(n, ())})
            for n, rule in enumerate(self.rules)
        )

    def failing_lines_select(self, rule_id: str, judged: str) -> str:
        """SELECT of `version, line`: the lines of the mapping whose series fail a rule that follows from it."""
        number = next(number for number, rule in enumerate(self.rules) if rule.id == rule_id)
        failing = f"(SELECT series, unnest(p{number}) AS place FROM {judged})"
        read = "lim.series = bad.series AND bad.place >= lim.first_place AND bad.place < lim.end_place"
        return f"SELECT DISTINCT lim.version, lim.line FROM {self.limits} AS lim JOIN {failing} AS bad ON {read}"

    def row_ids_select(self, rule_id: str, judged: str) -> str:
        """SELECT of the ids (`_file_seq`, `_row`) of the rows that fail a rule; only for rules that can quarantine rows."""
        number = next(number for number, rule in enumerate(self.rules) if rule.id == rule_id)
        rows = f"(SELECT unnest(p{number}) AS place FROM {judged})"
        return f"SELECT place // {ROWS_PER_FILE} AS _file_seq, place % {ROWS_PER_FILE} AS _row FROM {rows}"


def make_series_plan(
    contract: Contract,
    columns: Mapping[str, ConvertedColumn],
    rules: Sequence[Rule],
    source: SourceRecord = NO_RECORD,
    *,
    all_row_ids: bool = False,
) -> SeriesPlan:
    """Compile the sensor rules `rules` for a batch whose converted columns are `columns`.

    Args:
        source: What is known of the batch's source.
        all_row_ids: Whether row ids are returned for every rule, of any severity.
    """
    rules_by_selector: dict[SeriesSelector, dict[int, SeriesRuleSql]] = {}
    unfit: dict[int, str] = {}
    excuses: dict[int, tuple[str, ...]] = {}
    state_selectors: dict[SeriesField, SeriesSelector] = {}
    values: dict[str, str] = {}
    named = _named_values(columns)
    for number, rule in enumerate(rules):
        try:
            selector, rule_sql = compile_series_rule(contract, named, rule, number, source)
        except ArgumentError as error:
            unfit[number] = str(error)
            continue
        rules_by_selector.setdefault(selector, {})[number] = rule_sql
        excuses |= {number: tuple(rule_sql.excused)} if rule_sql.excused else {}
        args = SeriesArguments(contract, named, rule.kwargs)
        read = (*args.required_columns(), *(field.column for field in rule_sql.columns))
        values |= {named[name].value: columns[name].value for name in read}
        state_selectors |= {
            field: state_series_selector(args, field.state_series) for field in rule_sql.columns if field.state_series
        }
    divert = frozenset(n for n, rule in enumerate(rules) if all_row_ids or _needs_places(rule))
    versions = {number: rule.version for number, rule in enumerate(rules)}
    queries = (
        SeriesQuery(
            selector=selector,
            rule_sqls=of,
            versions=versions,
            diverting_numbers=divert,
            state_selectors=state_selectors,
            excuses=tuple(excuses.items()),
        )
        for selector, of in rules_by_selector.items()
    )
    states = (replace(query, excuses=tuple(excuses.items())) for query in _state_queries(state_selectors))
    plan = SeriesPlan(tuple(rules), (*queries, *states), values, unfit, excuses=excuses, limits=source.limits)
    return replace(plan, arrival_block=_arrival_block(contract))


def compile_series_rule(
    contract: Contract, columns: Mapping[str, ConvertedColumn], rule: Rule, number: int, source: SourceRecord = NO_RECORD
) -> tuple[SeriesSelector, SeriesRuleSql]:
    """Compile rule number `number`: its selector and its SQL.

    Raises:
        ArgumentError: It does not match the contract.
    """
    args = SeriesArguments(contract, columns, rule.kwargs, source)
    compile_rule = MAPPED_RULES.get(rule.type) or SERIES_RULES[rule.type]
    return selector_of(args, _condition(args)), compile_rule(args, number)


def _needs_places(rule: Rule) -> bool:
    """Whether the failing rows of a rule are asked for: they go to quarantine, or name lines of the mapping."""
    return rule.severity is not Severity.WARN or rule.type in MAPPED_RULES


def _arrival_block(contract: Contract) -> int:
    payload = contract.record_format.payload
    return ARRIVAL_BLOCK * (RECORDS_PER_MESSAGE if payload and payload.holds_several else 1)


def _named_values(columns: Mapping[str, ConvertedColumn]) -> dict[str, ConvertedColumn]:
    """The columns, each with a name for its value: what an expression is made of is not in the rows that the queries read."""
    return {
        name: replace(column, value=f"_named{place}") if "(" in column.value or " " in column.value else column
        for place, (name, column) in enumerate(columns.items())
    }


def _condition(args: SeriesArguments) -> str | None:
    if not args.get("row_condition"):
        return None
    reading = conditions.parse(args.kwargs)
    if reading is None:
        raise ArgumentError("row_condition", Phrase("phrase_sql_form"))
    return conditions.to_sql(reading, Scope(args.columns, args.contract.record_format.zone))


def _state_queries(state_selectors: Mapping[SeriesField, SeriesSelector]) -> tuple[SeriesQuery, ...]:
    """Queries without rules, which store the last value of state series."""
    kept = {
        selector: tuple(
            state_value_field(field) for field, field_selector in state_selectors.items() if field_selector == selector
        )
        for selector in state_selectors.values()
    }
    return tuple(
        SeriesQuery(
            selector=selector,
            rule_sqls={},
            versions={},
            diverting_numbers=frozenset(),
            state_selectors={},
            carried_fields=tuple(dict.fromkeys(fields)),
        )
        for selector, fields in kept.items()
    )


def _verdict(rule: Rule, evaluated: int, failed: int, excused: Mapping[str, int]) -> Verdict:
    verdict = verdict_of_share(rule, int(evaluated), int(evaluated), int(failed), Decimal(str(rule.kwargs.get("mostly", 1))))
    counted = {name: count for name, count in excused.items() if count}
    return replace(verdict, observed=json.dumps(counted)) if counted else verdict
