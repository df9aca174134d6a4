"""Writes verdicts as JSON of Great Expectations' `ExpectationSuiteValidationResult`, which its loader reads.

Never contains the value of a failing row: the result is that of `result_format` SUMMARY with `partial_unexpected_count` 0.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from lakeward.quality.catalogue import Form, expectations
from lakeward.quality.gx_details import details
from lakeward.quality.gx_success import SET_COUNTS, gx_success
from lakeward.quality.rule import Outcome, Severity, Verdict

# The release of this format.
GX_VERSION = "1.24.1"
# Map expectations without missing values, since they test for missing values.
_NULL_EXPECTATIONS = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")
# Its value for no exception.
_NO_EXCEPTION = {"raised_exception": False, "exception_traceback": None, "exception_message": None}
_GX_SEVERITIES = ("critical", "warning", "info")


def validation_result(
    suite: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], verdicts: Sequence[Verdict], *, show_values: bool
) -> dict[str, Any]:
    """The result of a suite, as from `ExpectationSuiteValidationResult.to_json_dict`.

    Args:
        suite: The suite, for its name and parameters.
        entries: The suite's expectations, as written, one per verdict.
        show_values: Whether observed values that are the value of a row, such as a maximum, may be shown.
    """
    results = [_result(entry, verdict, show_values=show_values) for entry, verdict in zip(entries, verdicts, strict=True)]
    passed, count = sum(result["success"] for result in results), len(results)
    return {
        "success": passed == count,
        "results": results,
        "suite_name": suite.get("name"),
        "suite_parameters": suite.get("suite_parameters") or {},
        "statistics": {
            "evaluated_expectations": count,
            "successful_expectations": passed,
            "unsuccessful_expectations": count - passed,
            "success_percent": passed / count * 100 if count else None,
        },
        "meta": {"great_expectations_version": GX_VERSION},
        "id": None,
    }


def _result(entry: Mapping[str, Any], verdict: Verdict, *, show_values: bool) -> dict[str, Any]:
    success = gx_success(verdict)
    raised = {"raised_exception": True, "exception_traceback": None, "exception_message": verdict.reason}
    return {
        "success": bool(success),
        "expectation_config": _config(entry, verdict),
        "result": {} if success is None else _result_fields(verdict, show_values=show_values),
        "meta": {"lakeward": _lakeward_meta(verdict)},
        "exception_info": raised if success is None else _NO_EXCEPTION,
    }


def _config(entry: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    written = entry.get("severity")
    milder = "warning" if verdict.rule.severity is Severity.WARN else "critical"
    severity = written if written in _GX_SEVERITIES else milder if written else "critical"
    config = {"type": entry["type"], "kwargs": entry["kwargs"], "meta": entry.get("meta") or {}, "severity": severity}
    return config | {key: entry[key] for key in ("id", "notes", "description") if entry.get(key)}


def _lakeward_meta(verdict: Verdict) -> dict[str, Any]:
    """Lakeward's fields of the result."""
    rule = verdict.rule
    return {
        "rule_id": rule.id,
        "outcome": str(verdict.outcome),
        "evaluated": verdict.evaluated,
        "failed": verdict.failed,
        "observed": verdict.observed,
        "dimension": str(rule.dimension),
        "severity": str(rule.severity),
        "reason": verdict.reason,
        "proof": verdict.proof,
    }


def _result_fields(verdict: Verdict, *, show_values: bool) -> dict[str, Any]:
    if verdict.failed is not None and verdict.elements is not None:
        return _counts(verdict, verdict.elements, verdict.evaluated or 0, verdict.failed)
    if verdict.value is None and verdict.outcome is not Outcome.UNKNOWN and verdict.rule.type == "expect_column_to_exist":
        return {}
    if isinstance(verdict.value, Mapping) and not SET_COUNTS.isdisjoint(verdict.value):
        return {"observed_value": None} | {name: count for name, count in verdict.value.items() if name in SET_COUNTS}
    return {"observed_value": _json_value(verdict.value) if show_values or _is_safe_to_show(verdict) else None} | details(verdict)


def _is_safe_to_show(verdict: Verdict) -> bool:
    """Whether the observed value is no row's value: names and types of columns, or the number that every verdict shows."""
    return expectations()[verdict.rule.type].form is Form.SCHEMA or str(verdict.value) == verdict.observed


def _counts(verdict: Verdict, elements: int, evaluated: int, failed: int) -> dict[str, Any]:
    of_evaluated = _percent(failed, evaluated)
    found: dict[str, Any] = {
        "element_count": elements,
        "unexpected_count": failed,
        "unexpected_percent": of_evaluated,
        "partial_unexpected_list": [],
    }
    if verdict.rule.type in _NULL_EXPECTATIONS:
        return found
    return found | {
        "missing_count": elements - evaluated,
        "missing_percent": _percent(elements - evaluated, elements),
        "unexpected_percent_total": _percent(failed, elements),
        "unexpected_percent_nonmissing": of_evaluated,
    }


def _percent(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole else None


def _json_value(value: Any) -> Any:
    """The value in JSON types; other values, such as NaN, as text."""
    return json.loads(json.dumps(value, default=_json_default), parse_constant=str)


def _json_default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return list(value)
    return value.tolist() if hasattr(value, "tolist") else str(value)  # numpy types from Great Expectations
