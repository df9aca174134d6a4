"""Row expectations on texts: patterns, lengths, forms of time, JSON. Other types: Python's text of a value."""

from collections.abc import Callable, Mapping

from lakeward.contracts.model import Kind
from lakeward.core.sql import literal as text
from lakeward.quality.bounds import outside
from lakeward.quality.patterns import match_anywhere, to_re2
from lakeward.quality.scope import Kwargs, Predicate, Scope, column_predicate
from lakeward.quality.strptime import valid_time

# JSON that the engine's parser accepts and Python's does not, outside strings: a trailing comma, a negative NaN, and names of
# infinities and NaN other than JavaScript's. The reverse: a lone surrogate, and nesting beyond Python's stack.
STRINGS = r'"([^"\\]|\\.)*"'
LENIENT = r",[ \t\n\r]*[\]}]|-NaN"
WORD_PATTERN = r"[a-zA-Z]+"
JSON_WORDS = "('true', 'false', 'null', 'NaN', 'Infinity', 'e', 'E')"


def _text_value(kwargs: Kwargs, scope: Scope) -> str | None:
    column = scope.columns[kwargs["column"]]
    return column.value if column.column.type.kind is Kind.STRING else None


def _regex_predicate(*, must_match: bool) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        value, column = _text_value(kwargs, scope), scope.columns[kwargs["column"]]
        patterns = [to_re2(pattern) for pattern in kwargs.get("regex_list") or [kwargs.get("regex", "(?s).*")]]
        if value is None or None in patterns:
            return None
        joined = _combine_matches(
            [f"regexp_full_match({value}, {text(match_anywhere(pattern or ''))})" for pattern in patterns], kwargs
        )
        return column_predicate(f"NOT ({joined})" if must_match else joined, column)

    return predicate


def _like_predicate(*, must_match: bool) -> Callable[[Kwargs, Scope], Predicate | None]:
    def predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
        value, column = _text_value(kwargs, scope), scope.columns[kwargs["column"]]
        if value is None:
            return None
        escape = f" ESCAPE {text(kwargs['escape'])}" if kwargs.get("escape") else ""
        listed = kwargs.get("like_pattern_list") or [kwargs["like_pattern"]]
        joined = _combine_matches([f"{value} LIKE {text(pattern)}{escape}" for pattern in listed], kwargs)
        return column_predicate(f"NOT ({joined})" if must_match else joined, column)

    return predicate


def _combine_matches(matches: list[str], kwargs: Kwargs) -> str:
    return (" AND " if kwargs.get("match_on") == "all" else " OR ").join(matches)


def _length_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text_value(kwargs, scope)
    if value is None:
        return None
    bounds = {"min_value": kwargs["value"], "max_value": kwargs["value"]} if "value" in kwargs else kwargs
    return column_predicate(outside(f"length({value})", bounds, repr), scope.columns[kwargs["column"]])


def _strftime_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text_value(kwargs, scope)
    valid = valid_time(value, kwargs["strftime_format"]) if value else None
    return column_predicate(f"{value} IS NOT NULL AND NOT ({valid})", scope.columns[kwargs["column"]]) if valid else None


def _json_predicate(kwargs: Kwargs, scope: Scope) -> Predicate | None:
    value = _text_value(kwargs, scope)
    if value is None:
        return None
    bare = f"regexp_replace({value}, {text(STRINGS)}, '\"\"', 'gs')"
    words = f"list_filter(regexp_extract_all({bare}, {text(WORD_PATTERN)}), lambda word: word NOT IN {JSON_WORDS})"
    strict = f"json_valid({value}) AND NOT regexp_matches({bare}, {text(LENIENT)}) AND len({words}) = 0"
    return column_predicate(f"NOT ({strict})", scope.columns[kwargs["column"]])


TEXT_PREDICATES: Mapping[str, Callable[[Kwargs, Scope], Predicate | None]] = {
    "expect_column_values_to_match_regex": _regex_predicate(must_match=True),
    "expect_column_values_to_match_regex_list": _regex_predicate(must_match=True),
    "expect_column_values_to_not_match_regex": _regex_predicate(must_match=False),
    "expect_column_values_to_not_match_regex_list": _regex_predicate(must_match=False),
    "expect_column_values_to_match_like_pattern": _like_predicate(must_match=True),
    "expect_column_values_to_match_like_pattern_list": _like_predicate(must_match=True),
    "expect_column_values_to_not_match_like_pattern": _like_predicate(must_match=False),
    "expect_column_values_to_not_match_like_pattern_list": _like_predicate(must_match=False),
    "expect_column_value_lengths_to_be_between": _length_predicate,
    "expect_column_value_lengths_to_equal": _length_predicate,
    "expect_column_values_to_match_strftime_format": _strftime_predicate,
    "expect_column_values_to_be_json_parseable": _json_predicate,
}
