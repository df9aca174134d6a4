"""Row expectations on texts: patterns, lengths, forms of time, JSON. On other types Great Expectations looks at Python's text of a value."""

from collections.abc import Callable, Mapping

from lakeward.contracts.model import Kind
from lakeward.core.sql import literal as text
from lakeward.quality.bounds import outside
from lakeward.quality.patterns import anywhere, to_re2
from lakeward.quality.scope import Kwargs, Predicate, Scope, mapped
from lakeward.quality.strptime import valid_time

# What the engine's reader of JSON takes and Python's does not, once strings are out of the way: a comma before an end, and words for
# infinities and NaN other than JavaScript's. The reverse is half a surrogate pair, and nesting beyond Python's stack.
STRINGS = r'"([^"\\]|\\.)*"'
LENIENT = r",[ \t\n\r]*[\]}]"
WORDS = r"[a-zA-Z]+"
KNOWN = "('true', 'false', 'null', 'NaN', 'Infinity', 'e', 'E')"


def _text(kwargs: Kwargs, scope: Scope) -> str | None:
    column = scope.columns[kwargs["column"]]
    return column.value if column.column.type.kind is Kind.STRING else None


def _regex(*, wanted: bool) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        value, column = _text(kwargs, scope), scope.columns[kwargs["column"]]
        patterns = [to_re2(pattern) for pattern in kwargs.get("regex_list") or [kwargs.get("regex", "(?s).*")]]
        if value is None or None in patterns:
            return None
        joined = _joined([f"regexp_full_match({value}, {text(anywhere(pattern or ''))})" for pattern in patterns], kwargs)
        return mapped(f"NOT ({joined})" if wanted else joined, column)

    return predicate


def _like(*, wanted: bool) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        value, column = _text(kwargs, scope), scope.columns[kwargs["column"]]
        if value is None:
            return None
        escape = f" ESCAPE {text(kwargs['escape'])}" if kwargs.get("escape") else ""
        listed = kwargs.get("like_pattern_list") or [kwargs["like_pattern"]]
        joined = _joined([f"{value} LIKE {text(pattern)}{escape}" for pattern in listed], kwargs)
        return mapped(f"NOT ({joined})" if wanted else joined, column)

    return predicate


def _joined(matches: list[str], kwargs: Kwargs) -> str:
    return (" AND " if kwargs.get("match_on") == "all" else " OR ").join(matches)


def _lengths(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text(kwargs, scope)
    if value is None:
        return None
    bounds = {"min_value": kwargs["value"], "max_value": kwargs["value"]} if "value" in kwargs else kwargs
    return mapped(outside(f"length({value})", bounds, repr), scope.columns[kwargs["column"]])


def _strftime(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text(kwargs, scope)
    valid = valid_time(value, kwargs["strftime_format"]) if value else None
    return mapped(f"{value} IS NOT NULL AND NOT ({valid})", scope.columns[kwargs["column"]]) if valid else None


def _json(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text(kwargs, scope)
    if value is None:
        return None
    bare = f"regexp_replace({value}, {text(STRINGS)}, '\"\"', 'gs')"
    words = f"list_filter(regexp_extract_all({bare}, {text(WORDS)}), lambda word: word NOT IN {KNOWN})"
    strict = f"json_valid({value}) AND NOT regexp_matches({bare}, {text(LENIENT)}) AND len({words}) = 0"
    return mapped(f"NOT ({strict})", scope.columns[kwargs["column"]])


TEXTS: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_values_to_match_regex": _regex(wanted=True),
    "expect_column_values_to_match_regex_list": _regex(wanted=True),
    "expect_column_values_to_not_match_regex": _regex(wanted=False),
    "expect_column_values_to_not_match_regex_list": _regex(wanted=False),
    "expect_column_values_to_match_like_pattern": _like(wanted=True),
    "expect_column_values_to_match_like_pattern_list": _like(wanted=True),
    "expect_column_values_to_not_match_like_pattern": _like(wanted=False),
    "expect_column_values_to_not_match_like_pattern_list": _like(wanted=False),
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _lengths,
    "expect_column_values_to_match_strftime_format": _strftime,
    "expect_column_values_to_be_json_parseable": _json,
}
