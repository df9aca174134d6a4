"""Compares Lakeward on DuckDB with Great Expectations on pandas, over one table and many expectations."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.quality.gx_success import gx_success
from lakeward.quality.plan import compile_plan
from support.judging import PLACE, column, contract, rules_of

# Sums are made in another order: the last digits of doubles may differ.
CLOSE = 1e-9
# pandas lists the modes of a dictionary column in the order of its dictionary, which is no order of the values.
UNORDERED = {"expect_column_most_common_value_to_be_in_set"}
SCHEMA = {
    "x": (Kind.DOUBLE, pa.float64()),
    "y": (Kind.DOUBLE, pa.float64()),
    "n": (Kind.INTEGER, pa.int64()),
    "m": (Kind.INTEGER, pa.int64()),
    "s": (Kind.STRING, pa.string()),
    "u": (Kind.STRING, pa.string()),
    "c": (Kind.STRING, pa.dictionary(pa.int32(), pa.string())),
    "d": (Kind.DECIMAL, pa.decimal128(12, 4)),
    "t": (Kind.TIMESTAMP, pa.timestamp("us", "UTC")),
    "k": (Kind.DATE, pa.date32()),
    "b": (Kind.BOOLEAN, pa.bool_()),
}
COLUMNS = {name: column(name, kind, *((12, 4) if kind is Kind.DECIMAL else ())) for name, (kind, _) in SCHEMA.items()}
CONTRACT = contract(*COLUMNS.values(), format_=FileFormat.PARQUET)
STORED: dict[str, DataType] = {c.name: c.type for c in CONTRACT.columns}


@dataclass(frozen=True)
class JudgeResult:
    """The result of one of them: success (None if it raised or did not judge), counts by Great Expectations' names, observed value."""

    success: bool | None
    counts: dict[str, Any]
    observed: Any
    compiled: bool = True

    def agrees(self, other: "JudgeResult") -> bool:
        known = self.counts.keys() & other.counts.keys()
        return (
            self.success is other.success
            and all(nearly_equal(self.counts[name], other.counts[name]) for name in known)
            and nearly_equal(self.observed, other.observed)
        )


RAISED = JudgeResult(None, {}, None)


def nearly_equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return all(nearly_equal(left[key], right[key]) for key in left.keys() & right.keys())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(nearly_equal, left, right))
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right or math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE)
    return left == right


def table(rows: list[dict]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], type_) for name, (_, type_) in SCHEMA.items()})


def entry(case: tuple[str, dict]) -> dict:
    return {"type": f"expect_{case[0]}", "kwargs": case[1]}


def judge_by_lakeward(data: pa.Table, cases: list[tuple[str, dict]]) -> list[JudgeResult]:
    rules = rules_of(CONTRACT, *[entry(case) | {"meta": {"lakeward": {"id": str(i)}}} for i, case in enumerate(cases)])
    plan = compile_plan(CONTRACT, rules, STORED | PLACE)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    placed = data.append_column("_file", pa.array(["f"] * len(data), pa.string()))
    placed = placed.append_column("_file_seq", pa.array([1] * len(data), pa.int64()))
    con.register("given", placed.append_column("_row", pa.array(range(len(data)), pa.int64())))
    casts = ", ".join(
        f'CAST("{n}" AS VARCHAR) AS "{n}"' if n == "c" else f'"{n}"' for n in [*SCHEMA, "_file", "_file_seq", "_row"]
    )
    con.execute(f"CREATE TABLE batch AS SELECT {casts} FROM given")
    cursor = con.execute(plan.facts_select("batch"))
    facts = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
    repeated = {
        rule.id: con.execute(f"SELECT sum(copies)::BIGINT FROM ({plan.repeated_keys_select(rule, 'batch')})").fetchone()[0]
        for rule in plan.suspect_rules(facts)
    }
    foreign = {rule.id for rule in plan.gx_rules}
    verdicts = {verdict.rule.id: verdict for verdict in plan.verdicts(facts, repeated)}
    return [_from_verdict(verdicts[str(i)], compiled=str(i) not in foreign) for i in range(len(cases))]


def _from_verdict(verdict, *, compiled: bool) -> JudgeResult:
    counts = {}
    if verdict.failed is not None:
        counts = row_counts(verdict.elements, verdict.evaluated, verdict.failed)
    value = verdict.value
    if verdict.rule.type.startswith("expect_column_distinct"):
        counts, value = value, None
    return JudgeResult(gx_success(verdict), counts, as_json_value(value), compiled)


def row_counts(elements: int, evaluated: int, failed: int) -> dict[str, Any]:
    percent = failed / evaluated * 100 if evaluated and elements else None
    counts = {"element_count": elements, "unexpected_count": failed, "unexpected_percent": percent}
    if elements:
        counts |= {
            "missing_percent": (elements - evaluated) / elements * 100,
            "unexpected_percent_total": failed / elements * 100,
        }
    return counts | {"missing_count": elements - evaluated}


def judge_by_gx(data: pa.Table, cases: list[tuple[str, dict]]) -> list[JudgeResult]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _judge_by_gx(data, cases)


def _judge_by_gx(data: pa.Table, cases: list[tuple[str, dict]]) -> list[JudgeResult]:
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("t")
    batch = asset.add_batch_definition_whole_dataframe("w").get_batch({"dataframe": data.to_pandas()})
    suite = ExpectationSuite("s", expectations=[known for i, case in enumerate(cases) if (known := _to_gx_expectation(case, i))])
    results = batch.validate(suite, result_format="SUMMARY").results
    found = {result.expectation_config.meta["number"]: _from_gx_result(result) for result in results}
    return [found.get(i, RAISED) for i in range(len(cases))]


def _to_gx_expectation(case: tuple[str, dict], number: int):
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        return ExpectationConfiguration(**entry(case), meta={"number": number}).to_domain_obj()
    except ValueError:
        return None


def _from_gx_result(result) -> JudgeResult:
    info = result.exception_info or {}
    entries = [info] if "raised_exception" in info else info.values()
    if any(item.get("raised_exception") for item in entries):
        return RAISED
    found = result.to_json_dict()["result"]
    counts = {key: value for key, value in found.items() if key.endswith(("count", "percent", "percent_total"))}
    observed = found.get("observed_value")
    if isinstance(observed, list) and result.expectation_config.type in UNORDERED:
        observed = sorted(observed)
    return JudgeResult(
        bool(result.success),
        counts,
        None if observed == "NaT" or (isinstance(observed, float) and math.isnan(observed)) else observed,
    )


def as_json_value(value: Any) -> Any:
    """`value` as JSON has it, in Great Expectations' own spelling."""
    if isinstance(value, dict):
        return {key: as_json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json_value(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
