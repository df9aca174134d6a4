"""Judges expectations without a form in SQL by Great Expectations, on the typed batch. The only module that imports it.

A declared, bounded exception to "rows do not pass through Python" (docs/explanation/batch.md). It reads one Parquet file into pandas
and returns counts and row ids; no value of a row leaves it, not even in an error text.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from pathlib import Path
from threading import Lock
from typing import Any

from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.checks import NOTHING_TO_EVALUATE, ROW_VALUE_EXPECTATIONS, verdict_of_share
from lakeward.quality.rule import Outcome, Rule, Verdict

GX_MISSING = "needs Great Expectations: pip install '/path/to/the/clone[gx]'"
# Its own words may hold values of rows, and a log must not (docs/explanation/laws.md, 6).
GX_FAILED = "Great Expectations could not evaluate the rule on this batch"
# Row id columns, which the file has beside the contract's columns.
ROW_ID = ("_file_seq", "_row")
_ONE_AT_A_TIME = Lock()


def judge_with_gx(rules: Sequence[Rule], parquet: Path) -> tuple[Verdict, ...]:
    """Judge `rules` on the typed batch in the file `parquet`: the contract's columns, `_file_seq` and `_row`.

    Without the extra every verdict is UNKNOWN with a hint how to install it (docs/explanation/laws.md, 2).
    """
    if not rules:
        return ()
    # The list of warnings to ignore, and its contexts, belong to the whole process: one batch at a time.
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Its imports and its use of pandas raise warnings that users can't fix.
        warnings.simplefilter("ignore")
        try:
            batch = _batch(parquet)
        except ImportError:
            return tuple(Verdict(rule, Outcome.UNKNOWN, reason=GX_MISSING) for rule in rules)
        return tuple(_verdict(rule, _result(batch, rule)) for rule in rules)


def _batch(parquet: Path) -> Any:
    import great_expectations as gx  # noqa: PLC0415 (an extra, and slow to import)
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset: Any = context.data_sources.add_pandas("lakeward").add_parquet_asset("batch", path=parquet)
    return asset.add_batch_definition("whole").get_batch()


def _result(batch: Any, rule: Rule) -> Any:
    """The validation result; None if it raised."""
    from great_expectations.exceptions.exceptions import GreatExpectationsError  # noqa: PLC0415
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration  # noqa: PLC0415

    format_options = {"result_format": "COMPLETE", "unexpected_index_column_names": list(ROW_ID)}
    try:
        expectation = ExpectationConfiguration(type=rule.type, kwargs=dict(rule.kwargs)).to_domain_obj()
        result = batch.validate(expectation, result_format=format_options)
    except (GreatExpectationsError, ValueError, TypeError, KeyError):
        return None
    return None if _has_exception(result.exception_info) else result


def _has_exception(info: Any) -> bool:
    # One entry, or one per metric, depending on the expectation.
    entries = [info] if "raised_exception" in (info or {}) else (info or {}).values()
    return any(entry.get("raised_exception") for entry in entries)


def _verdict(rule: Rule, result: Any) -> Verdict:
    if result is None:
        return Verdict(rule, Outcome.UNKNOWN, reason=GX_FAILED)
    found = result.result
    if {"element_count", "unexpected_count"} <= found.keys():
        return _row_verdict(rule, found)
    observed = found.get("observed_value")
    if "observed_value" in found and observed is None and "unexpected_count" not in found:
        return Verdict(rule, Outcome.UNKNOWN, reason=NOTHING_TO_EVALUATE)
    shown = str(observed) if isinstance(observed, Real) and rule.type not in ROW_VALUE_EXPECTATIONS else None
    return Verdict(rule, Outcome.PASS if result.success else Outcome.FAIL, observed=shown, value=observed)


def _row_verdict(rule: Rule, details: Any) -> Verdict:
    evaluated = int(details["element_count"]) - int(details.get("missing_count") or 0)
    verdict = verdict_of_share(
        rule,
        int(details["element_count"]),
        evaluated,
        int(details["unexpected_count"]),
        Decimal(str(rule.kwargs.get("mostly", 1))),
    )
    if not verdict.failed:
        return verdict
    row_ids = tuple((int(row[ROW_ID[0]]), int(row[ROW_ID[1]])) for row in details.get("unexpected_index_list") or ())
    return replace(verdict, row_ids=row_ids)


def register_sensor_rules() -> None:
    """Register the sensor rules with Great Expectations in this process, so that its loader reads suites with them.

    Great Expectations can't judge them, because their verdicts need readings of earlier batches.

    Raises:
        ImportError: Great Expectations is not installed.
    """
    from great_expectations.expectations.expectation import BatchExpectation  # noqa: PLC0415 (an extra, and slow to import)

    for type_, known in expectations().items():
        if known.form is Form.SERIES:
            arguments = sorted(known.required | known.optional)
            fields = {"__annotations__": dict.fromkeys(arguments, Any), **dict.fromkeys(arguments)}
            type(
                "".join(word.capitalize() for word in type_.split("_")),
                (BatchExpectation,),
                {**fields, "_validate": _not_implemented},
            )


def _not_implemented(*_: object, **__: object) -> None:
    raise NotImplementedError("lakeward run, or lakeward check")
