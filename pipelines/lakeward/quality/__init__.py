"""Judges a batch: compiles rules to SQL and derives verdicts. Opens no table and runs no query."""
