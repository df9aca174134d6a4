"""The arguments of an expectation: known names, known columns, values of the right shape."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import SuiteError
from lakeward.quality.catalogue import expectations

# Arguments that name one column, and those that name several.
ONE = ("column", "column_A", "column_B")
SEVERAL = ("column_list",)
IGNORE = (
    "all_values_are_missing",
    "any_value_is_missing",
    "never",
    "both_values_are_missing",
    "either_value_is_missing",
    "neither",
)


def close(found: str, known: Iterable[str]) -> str:
    """The nearest of `known` to `found`, or all of them when none is near and they are few."""
    names = [str(name) for name in known]
    near = difflib.get_close_matches(found, names, n=3, cutoff=0.5)
    return ", ".join(near or names[:10])


def columns_of(kwargs: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that `kwargs` name, in their order."""
    single = [kwargs[key] for key in ONE if key in kwargs]
    return (*single, *(column for key in SEVERAL for column in kwargs.get(key) or ()))


def check_kwargs(contract: Contract, type_: str, kwargs: Mapping[str, Any], *, file: str, at: str) -> None:
    """Check the arguments of the expectation `type_`.

    Raises:
        SuiteError: One is missing, unknown, of the wrong shape, or names no column of the contract.
    """
    known = expectations()[type_]
    allowed = known.required | known.optional
    for key in kwargs:
        if key not in allowed:
            raise SuiteError(
                "suite_unknown_kwarg", file=file, place=at, type=type_, found=key, expected=close(key, sorted(allowed))
            )
    for key in sorted(known.required):
        if kwargs.get(key) is None:
            raise SuiteError("suite_kwarg", file=file, place=at, kwarg=key, expected="a value")
    for key, value in kwargs.items():
        if key in SHAPES and value is not None and not SHAPES[key][1](value):
            raise SuiteError("suite_kwarg", file=file, place=at, kwarg=key, expected=SHAPES[key][0])
    _check_bounds(type_, kwargs, file, at)
    _check_columns(contract, kwargs, file, at)


def _check_bounds(type_: str, kwargs: Mapping[str, Any], file: str, at: str) -> None:
    open_ = kwargs.get("min_value") is None and kwargs.get("max_value") is None
    if type_.endswith("_between") and open_:
        raise SuiteError("suite_kwarg", file=file, place=at, kwarg="min_value", expected="min_value, max_value or both")


def _check_columns(contract: Contract, kwargs: Mapping[str, Any], file: str, at: str) -> None:
    names = [column.name for column in contract.columns]
    for column in columns_of(kwargs):
        if column not in names:
            raise SuiteError("suite_unknown_column", file=file, place=at, found=column, expected=close(str(column), names))


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


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


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


# What each argument must be, in words and as a test.
SHAPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(ONE, ("a column's name", _is_text)),
    **dict.fromkeys((*SEVERAL, "column_set", "type_list"), ("a list of names", _is_names)),
    **dict.fromkeys(("strict_min", "strict_max", "or_equal", "exact_match"), ("true or false", _is_bool)),
    "mostly": ("a number from 0 to 1", _is_share),
    "value_set": ("a list", lambda value: isinstance(value, list)),
    "regex": ("a regular expression of Python", _is_pattern),
    "regex_list": ("a list of regular expressions of Python", _is_patterns),
    "like_pattern": ("a text", _is_text),
    "like_pattern_list": ("a list of texts", _is_names),
    "escape": ("one character", lambda value: _is_text(value) and len(value) == 1),
    "match_on": ("any or all", lambda value: value in ("any", "all")),
    "ignore_row_if": (", ".join(IGNORE), lambda value: value in IGNORE),
    "type_": ("the name of a type", _is_text),
}
