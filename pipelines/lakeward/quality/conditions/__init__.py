"""A rule's `row_condition`: read from each form that suites have, written as SQL, or refused where its meaning is not certain."""

from lakeward.quality.conditions.parser import ParsedCondition, parse
from lakeward.quality.conditions.sql_writer import to_sql
from lakeward.quality.conditions.tree import columns

__all__ = ["ParsedCondition", "columns", "parse", "to_sql"]
