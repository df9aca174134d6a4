"""One table, many expectations, two judges: ours on DuckDB, and Great Expectations on pandas, in one validation."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.quality.gx_success import gx_success
from lakeward.quality.plan import make_plan
from support.judging import PLACE, column, contract, rules_of

# Sums are made in another order: the last digits of doubles may differ.
CLOSE = 1e-9
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
PROMISED = contract(*COLUMNS.values(), format_=FileFormat.PARQUET)
STORED: dict[str, DataType] = {c.name: c.type for c in PROMISED.columns}


@dataclass(frozen=True)
class Answer:
    """What one judge says: success (None: it raised, or nobody judged), counts by Great Expectations' names, what was observed."""

    success: bool | None
    counts: dict[str, Any]
    observed: Any
    compiled: bool = True

    def agrees(self, other: "Answer") -> bool:
        known = self.counts.keys() & other.counts.keys()
        return (
            self.success is other.success
            and all(close(self.counts[name], other.counts[name]) for name in known)
            and close(self.observed, other.observed)
        )


RAISED = Answer(None, {}, None)


def close(mine: Any, theirs: Any) -> bool:
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return all(close(mine[key], theirs[key]) for key in mine.keys() & theirs.keys())
    if isinstance(mine, list) and isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(close, mine, theirs))
    if isinstance(mine, int | float) and isinstance(theirs, int | float):
        return mine == theirs or math.isclose(mine, theirs, rel_tol=CLOSE, abs_tol=CLOSE)
    return mine == theirs


def table(rows: list[dict]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], type_) for name, (_, type_) in SCHEMA.items()})


def entry(case: tuple[str, dict]) -> dict:
    return {"type": f"expect_{case[0]}", "kwargs": case[1]}


def ours(data: pa.Table, cases: list[tuple[str, dict]]) -> list[Answer]:
    rules = rules_of(PROMISED, *[entry(case) | {"meta": {"lakeward": {"id": str(i)}}} for i, case in enumerate(cases)])
    plan = make_plan(PROMISED, rules, STORED | PLACE)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    placed = data.append_column("_file", pa.array(["f"] * len(data), pa.string()))
    placed = placed.append_column("_file_seq", pa.array([1] * len(data), pa.int64()))
    con.register("given", placed.append_column("_row", pa.array(range(len(data)), pa.int64())))
    casts = ", ".join(
        f'CAST("{n}" AS VARCHAR) AS "{n}"' if n == "c" else f'"{n}"' for n in [*SCHEMA, "_file", "_file_seq", "_row"]
    )
    con.execute(f"CREATE TABLE batch AS SELECT {casts} FROM given")
    cursor = con.execute(plan.facts("batch"))
    facts = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
    repeated = {
        rule.id: con.execute(f"SELECT sum(copies)::BIGINT FROM ({plan.repeats(rule, 'batch')})").fetchone()[0]
        for rule in plan.suspects(facts)
    }
    foreign = {rule.id for rule in plan.foreign}
    verdicts = {verdict.rule.id: verdict for verdict in plan.verdicts(facts, repeated)}
    return [_ours(verdicts[str(i)], compiled=str(i) not in foreign) for i in range(len(cases))]


def _ours(verdict, *, compiled: bool) -> Answer:
    counts = {}
    if verdict.failed is not None:
        counts = counted(verdict.elements, verdict.evaluated, verdict.failed)
    value = verdict.value
    if verdict.rule.type.startswith("expect_column_distinct"):
        counts, value = value, None
    return Answer(gx_success(verdict), counts, plain(value), compiled)


def counted(elements: int, evaluated: int, failed: int) -> dict[str, Any]:
    percent = failed / evaluated * 100 if evaluated and elements else None
    counts = {"element_count": elements, "unexpected_count": failed, "unexpected_percent": percent}
    if elements:
        counts |= {
            "missing_percent": (elements - evaluated) / elements * 100,
            "unexpected_percent_total": failed / elements * 100,
        }
    return counts | {"missing_count": elements - evaluated}


def theirs(data: pa.Table, cases: list[tuple[str, dict]]) -> list[Answer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _theirs(data, cases)


def _theirs(data: pa.Table, cases: list[tuple[str, dict]]) -> list[Answer]:
    import great_expectations as gx
    from great_expectations.core import ExpectationSuite
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("t")
    batch = asset.add_batch_definition_whole_dataframe("w").get_batch({"dataframe": data.to_pandas()})
    suite = ExpectationSuite("s", expectations=[known for i, case in enumerate(cases) if (known := _accepted(case, i))])
    results = batch.validate(suite, result_format="SUMMARY").results
    found = {result.expectation_config.meta["number"]: _their(result) for result in results}
    return [found.get(i, RAISED) for i in range(len(cases))]


def _accepted(case: tuple[str, dict], number: int):
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        return ExpectationConfiguration(**entry(case), meta={"number": number}).to_domain_obj()
    except ValueError:
        return None


def _their(result) -> Answer:
    info = result.exception_info or {}
    entries = [info] if "raised_exception" in info else info.values()
    if any(item.get("raised_exception") for item in entries):
        return RAISED
    found = result.to_json_dict()["result"]
    counts = {key: value for key, value in found.items() if key.endswith(("count", "percent", "percent_total"))}
    observed = found.get("observed_value")
    return Answer(
        bool(result.success),
        counts,
        None if observed == "NaT" or (isinstance(observed, float) and math.isnan(observed)) else observed,
    )


def plain(value: Any) -> Any:
    """`value` as JSON has it, in Great Expectations' own spelling."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
