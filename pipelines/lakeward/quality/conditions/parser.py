"""Detects the form of a `row_condition` and parses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.core.messages import Phrase
from lakeward.quality.conditions.objects import from_objects
from lakeward.quality.conditions.pandas_text import from_pandas
from lakeward.quality.conditions.tree import Condition, UntranslatableError


def _from_spark(text: str) -> Condition:
    from lakeward.quality.conditions.sql_text import from_spark  # noqa: PLC0415 -- imports sqlglot: 0.2 s that most suites spare

    return from_spark(text)


def _from_great_expectations(text: str) -> Condition:
    from lakeward.quality.conditions.sql_text import from_great_expectations  # noqa: PLC0415 -- as above

    return from_great_expectations(text)


PARSERS = {
    "pandas": from_pandas,
    "python": from_pandas,
    "spark": _from_spark,
    "great_expectations": _from_great_expectations,
    "great_expectations__experimental__": _from_great_expectations,
}
# Only in Spark SQL a comparison with NULL is unknown.
THREE_VALUED = ("spark",)


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """A parsed condition.

    Args:
        two_valued: Whether a comparison with a missing value is false, as in pandas; otherwise it is unknown, as in SQL.
    """

    condition: Condition
    two_valued: bool


def parse(kwargs: Mapping[str, Any]) -> ParsedCondition | None:
    """Parse the `row_condition` of an expectation's arguments; None if only Great Expectations can evaluate it.

    Raises:
        ValueError: It has an unknown form; the text is the expected form.
    """
    condition, parser = kwargs["row_condition"], kwargs.get("condition_parser") or "pandas"
    if isinstance(condition, Mapping) and condition.get("type") == "pass_through":
        condition = condition.get("pass_through_filter")
    if isinstance(condition, Mapping):
        return ParsedCondition(from_objects(condition), two_valued=True)
    if not isinstance(condition, str):
        raise ValueError(Phrase("phrase_condition_text"))  # noqa: TRY004 (what it says is the value)
    try:
        return ParsedCondition(PARSERS[parser](condition), parser not in THREE_VALUED)
    except UntranslatableError:
        return None
