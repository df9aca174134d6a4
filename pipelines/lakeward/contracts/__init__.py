"""Frozen models of a contract; loading, lint and diff."""
