"""Translates a rule's `row_condition` from each form in suites to SQL; a condition without a certain meaning is an error."""

from lakeward.quality.conditions.parser import ParsedCondition, parse
from lakeward.quality.conditions.sql_writer import to_sql
from lakeward.quality.conditions.tree import columns

__all__ = ["ParsedCondition", "columns", "parse", "to_sql"]
