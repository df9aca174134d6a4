"""A rule's `row_condition`: read from each form that suites have, written as SQL, or refused where its meaning is not certain."""

from lakeward.quality.conditions.read import Reading, read
from lakeward.quality.conditions.tree import columns
from lakeward.quality.conditions.write import write

__all__ = ["Reading", "columns", "read", "write"]
