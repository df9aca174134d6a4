"""Judging data that has no contract: any file, folder or table, by any suite. What `lakeward check` does."""

from lakeward.flows.checking.checking import check, explain_check

__all__ = ["check", "explain_check"]
