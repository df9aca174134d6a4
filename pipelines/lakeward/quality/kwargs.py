"""Checks the arguments of an expectation: known names, known columns, valid values."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import SuiteError
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.quality import conditions
from lakeward.quality.catalogue import Form, argument_shapes, expectations, ignored_kwargs
from lakeward.quality.conditions.parser import PARSERS
from lakeward.quality.literals import expected_of
from lakeward.quality.records import ALL_MISSING, ANY_MISSING, NEVER
from lakeward.quality.series.shapes import SERIES_SHAPES

# Arguments that name one column, and those that name several.
SINGLE_COLUMN_ARGUMENTS = ("column", "column_A", "column_B")
COLUMN_LIST_ARGUMENTS = ("column_list",)
# Values of `ignore_row_if`, for two columns and for more.
IGNORE_WORDS_OF_PAIRS, IGNORE_WORDS_OF_LISTS = (
    tuple(words[place] for words in (ALL_MISSING, ANY_MISSING, NEVER)) for place in (0, 1)
)
# Expectations that may name a column that is not there: that is their question.
EXISTENCE_EXPECTATIONS = ("expect_column_to_exist", "expect_table_columns_to_match_ordered_list")
# Those that may expect no column at all.
HEADER_EXPECTATIONS = ("expect_table_columns_to_match_ordered_list", "expect_table_columns_to_match_set")
# Without an end they would say nothing, as sensor rules do: Great Expectations refuses them, and takes any number of the batch.
CLOSED_EXPECTATIONS = ("expect_column_values_to_be_between", "expect_column_value_lengths_to_be_between")
# Forms whose bounds may be infinite, and bins too.
INFINITE_FORMS = (Form.AGGREGATE, Form.SCHEMA, Form.GX)
_DATE_LENGTH = len("2026-03-01")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
INTERPOLATIONS = ("nearest", "lower", "higher", "midpoint", "linear")


def columns_of(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns in `kwargs`, in order."""
    single = [kwargs[key] for key in SINGLE_COLUMN_ARGUMENTS if key in kwargs]
    return (*single, *(column for key in COLUMN_LIST_ARGUMENTS for column in kwargs.get(key) or ()))


def check_kwargs(contract: Contract, type_: str, kwargs: Mapping[str, Any], *, file: str, entry_path: str) -> None:
    """Check the arguments of the expectation `type_`.

    Raises:
        SuiteError: An argument is missing, unknown or not valid, or names no column of the contract.
    """
    known = expectations()[type_]
    allowed = known.required | known.optional | ignored_kwargs()
    for key in kwargs:
        if key not in allowed:
            raise SuiteError(
                "suite_unknown_kwarg",
                file=file,
                place=entry_path,
                type=type_,
                found=key,
                expected=did_you_mean(key, sorted(allowed)),
            )
    for key in sorted(known.required):
        if kwargs.get(key) is None:
            raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg=key, expected=Phrase("phrase_value"))
    _check_values(type_, kwargs, file, entry_path)
    _check_bounds(type_, kwargs, file, entry_path)
    _check_finite(type_, kwargs, file, entry_path)
    _check_ignored(kwargs, file, entry_path)
    named = _check_condition(kwargs, file, entry_path)
    _check_columns(contract, (*(() if type_ in EXISTENCE_EXPECTATIONS else columns_of(kwargs)), *named), file, entry_path)


def _check_values(type_: str, kwargs: Mapping[str, Any], file: str, entry_path: str) -> None:
    """Arguments have the shapes that their names, or the catalogue of sensor rules, ask for."""
    if expectations()[type_].form is Form.SERIES:
        _check_shapes(kwargs, file, entry_path)
        return
    for key, value in kwargs.items():
        is_absent = value is None or (value == [] and type_ in HEADER_EXPECTATIONS)
        if key in ARGUMENT_SHAPES and not is_absent and not ARGUMENT_SHAPES[key][1](value):
            raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg=key, expected=ARGUMENT_SHAPES[key][0])


def _check_shapes(kwargs: Mapping[str, Any], file: str, entry_path: str) -> None:
    """Check the arguments of a sensor rule by the shapes in the catalogue."""
    for key, value in kwargs.items():
        shape = argument_shapes().get(key)
        if shape and value is not None and not SERIES_SHAPES[shape][1](value):
            raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg=key, expected=SERIES_SHAPES[shape][0])


def _check_bounds(type_: str, kwargs: Mapping[str, Any], file: str, entry_path: str) -> None:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    known = expectations()[type_]
    is_closed = type_ in CLOSED_EXPECTATIONS or (known.form is Form.SERIES and "min_value" in known.optional)
    if is_closed and low is None and high is None:
        raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg="min_value", expected=Phrase("phrase_bounds_kwargs"))
    ranges = (kwargs.get("quantile_ranges") or {}).get("value_ranges", ())
    if any(_is_reversed(*ends) for ends in ((low, high), *ranges)):
        raise SuiteError("suite_bounds_reversed", file=file, place=entry_path)


def _check_finite(type_: str, kwargs: Mapping[str, Any], file: str, entry_path: str) -> None:
    if expectations()[type_].form in INFINITE_FORMS or type_ == CLOSED_EXPECTATIONS[0]:
        return
    for key, value in kwargs.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg=key, expected=Phrase("phrase_finite"))


def _is_reversed(low: Any, high: Any) -> bool:
    """Numbers, or texts that begin with a date; other texts have the order of their column."""
    dates = all(isinstance(end, str) and _DATE.match(end) for end in (low, high))
    return low[:_DATE_LENGTH] > high[:_DATE_LENGTH] if dates else _is_number(low) and _is_number(high) and low > high


def _check_ignored(kwargs: Mapping[str, Any], file: str, entry_path: str) -> None:
    words = IGNORE_WORDS_OF_PAIRS if "column_A" in kwargs else IGNORE_WORDS_OF_LISTS
    if kwargs.get("ignore_row_if", words[0]) not in words:
        raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg="ignore_row_if", expected=", ".join(words))


def _check_condition(kwargs: Mapping[str, Any], file: str, entry_path: str) -> tuple[str, ...]:
    """Check the columns in the condition."""
    if not kwargs.get("row_condition"):
        return ()
    if isinstance(kwargs["row_condition"], str) and kwargs.get("condition_parser") is None:
        raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg="condition_parser", expected=", ".join(PARSERS))
    try:
        reading = conditions.parse(kwargs)
    except ValueError as error:
        raise SuiteError("suite_kwarg", file=file, place=entry_path, kwarg="row_condition", expected=expected_of(error)) from None
    return conditions.columns(reading.condition) if reading else ()


def _check_columns(contract: Contract, columns: Iterable[str], file: str, entry_path: str) -> None:
    names = [known.name for known in contract.columns]
    for column in columns:
        if column not in names:
            raise SuiteError(
                "suite_unknown_column", file=file, place=entry_path, found=column, expected=did_you_mean(str(column), names)
            )


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(item, str) for item in value)


def _is_patterns(value: Any) -> bool:
    return _is_names(value) and all(_is_pattern(item) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, list) and len(item) == 2 for item in value)


def _is_quantiles(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("quantiles"), list) or not _is_pairs(value.get("value_ranges")):
        return False
    shares, ranges = value["quantiles"], value["value_ranges"]
    ends = [end for both in ranges for end in both if end is not None]
    return len(shares) == len(ranges) and all(_is_share(share) for share in shares) and all(_is_number(end) for end in ends)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# Form of each argument: its text for messages, and a test.
ARGUMENT_SHAPES: Mapping[str, tuple[str | Phrase, Callable[[Any], bool]]] = {
    **dict.fromkeys(SINGLE_COLUMN_ARGUMENTS, (Phrase("phrase_column"), _is_text)),
    **dict.fromkeys((*COLUMN_LIST_ARGUMENTS, "column_set", "type_list"), (Phrase("phrase_names"), _is_names)),
    **dict.fromkeys(
        ("strict_min", "strict_max", "or_equal", "exact_match", "double_sided", "strictly", "ties_okay"),
        (Phrase("phrase_flag"), _is_bool),
    ),
    "mostly": (Phrase("phrase_share"), _is_share),
    "value_set": (Phrase("phrase_list"), lambda value: isinstance(value, list)),
    "regex": (Phrase("phrase_pattern"), _is_pattern),
    "regex_list": (Phrase("phrase_patterns"), _is_patterns),
    "like_pattern": (Phrase("phrase_text"), _is_text),
    "like_pattern_list": (Phrase("phrase_texts"), _is_names),
    "escape": (Phrase("phrase_character"), lambda value: _is_text(value) and len(value) == 1),
    "match_on": (Phrase("phrase_either", first="any", second="all"), lambda value: value in ("any", "all")),
    "condition_parser": (", ".join(PARSERS), lambda value: value in PARSERS),
    "value_pairs_set": (Phrase("phrase_pairs"), _is_pairs),
    "quantile_ranges": (Phrase("phrase_quantiles"), _is_quantiles),
    "allow_relative_error": (
        ", ".join(("true", "false", *INTERPOLATIONS)),
        lambda value: isinstance(value, bool) or value in INTERPOLATIONS,
    ),
    **dict.fromkeys(("threshold", "sum_total", "multiplier"), (Phrase("phrase_number"), _is_number)),
    "method": (Phrase("phrase_either", first="iqr", second="std"), lambda value: value in ("iqr", "std")),
    "strftime_format": (Phrase("phrase_text"), _is_text),
    "type_": (Phrase("phrase_type_name"), _is_text),
}
