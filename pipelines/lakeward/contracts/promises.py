"""What an ODCS contract promises of values (`quality`, `unique`, `enum`, `logicalTypeOptions`) as expectations of Great Expectations."""

from collections.abc import Iterator, Mapping
from typing import Any

Promise = tuple[str, str, dict[str, Any] | None]
# Bounds of the standard: which side, and whether the end itself is left out.
_BOUNDS = {
    "minimum": ("min_value", False),
    "exclusiveMinimum": ("min_value", True),
    "maximum": ("max_value", False),
    "exclusiveMaximum": ("max_value", True),
}
_LENGTHS = {"minLength": "min_value", "maxLength": "max_value"}
# Metrics of the standard, old names too, that no row may fail, and the expectation that says so.
_METRICS = {
    **dict.fromkeys(("nullValues", "nullCheck", "missingValues"), "expect_column_values_to_not_be_null"),
    **dict.fromkeys(("duplicateValues", "duplicateCount", "uniqueCheck"), "expect_column_values_to_be_unique"),
}
_ROW_BOUNDS = {
    "mustBe": ("min_value", "max_value", 0),
    "mustBeGreaterThan": ("min_value", None, 1),
    "mustBeGreaterOrEqualTo": ("min_value", None, 0),
    "mustBeLessThan": (None, "max_value", -1),
    "mustBeLessOrEqualTo": (None, "max_value", 0),
}
_READ_OPTIONS = {*_BOUNDS, *_LENGTHS, "pattern"}


def expectations_of(promises: Mapping[str, Any], column: str | None, kind: str) -> Iterator[Promise]:
    """Each promise: its key, what it says in a word, and its expectation; None where none stands for it.

    Args:
        promises: The keys of a schema object or a column that promise something.
        column: None: they are of the whole object.
        kind: The column's logical type.
    """
    if promises.get("unique"):
        yield "unique", "true", _expectation("expect_column_values_to_be_unique", column=column)
    if promises.get("enum"):
        yield _enum(promises["enum"], column)
    yield from _options(promises.get("logicalTypeOptions") or {}, column, kind)
    for rule in promises.get("quality") or ():
        yield _quality(rule, column)


def _expectation(type_: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": type_, "kwargs": kwargs, "meta": {}}


def _enum(enum: Any, column: str | None) -> Promise:
    entries = enum if isinstance(enum, list) else []
    values = [entry.get("value") if isinstance(entry, dict) else entry for entry in entries]
    is_plain = bool(values) and all(isinstance(value, str | int | float | bool) for value in values)
    return (
        "enum",
        "values",
        _expectation("expect_column_values_to_be_in_set", column=column, value_set=values) if is_plain else None,
    )


def _options(options: Mapping[str, Any], column: str | None, kind: str) -> Iterator[Promise]:
    bounds: dict[str, Any] = {}
    for key, (side, is_strict) in _BOUNDS.items():
        value = options.get(key)
        if value is not None and not isinstance(value, bool) and kind in ("integer", "number", "date", "timestamp"):
            bounds |= {side: value} | ({f"strict_{side[:3]}": True} if is_strict else {})
    if bounds:
        yield "logicalTypeOptions", "bounds", _expectation("expect_column_values_to_be_between", column=column, **bounds)
    lengths = {side: options[key] for key, side in _LENGTHS.items() if isinstance(options.get(key), int)}
    if lengths and kind == "string":
        yield "logicalTypeOptions", "lengths", _expectation("expect_column_value_lengths_to_be_between", column=column, **lengths)
    if isinstance(options.get("pattern"), str) and kind == "string":
        pattern = f"^(?:{options['pattern']})$"
        yield "logicalTypeOptions", "pattern", _expectation("expect_column_values_to_match_regex", column=column, regex=pattern)
    for key in options.keys() - _READ_OPTIONS:
        yield "logicalTypeOptions", key, None


def _quality(rule: Mapping[str, Any], column: str | None) -> Promise:
    metric = str(rule.get("metric") or rule.get("rule") or rule.get("type") or "-")
    if column and metric in _METRICS and rule.get("mustBe") == 0:
        return "quality", metric, _expectation(_METRICS[metric], column=column)
    if column is None and metric == "rowCount":
        return "quality", metric, _row_count(rule)
    valid = (rule.get("arguments") or {}).get("validValues") or rule.get("validValues")
    if column and metric in ("invalidValues", "validValues") and isinstance(valid, list) and rule.get("mustBe", 0) == 0:
        return "quality", metric, _expectation("expect_column_values_to_be_in_set", column=column, value_set=valid)
    return "quality", metric, None


def _row_count(rule: Mapping[str, Any]) -> dict[str, Any] | None:
    bounds: dict[str, Any] = {}
    for key, (low, high, step) in _ROW_BOUNDS.items():
        value = rule.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            bounds |= {side: value + step for side in (low, high) if side}
    return _expectation("expect_table_row_count_to_be_between", **bounds) if bounds else None
