"""Judging a batch: rules in, SQL and verdicts out. Values only; it opens no table and runs no query."""
