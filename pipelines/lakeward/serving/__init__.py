"""Serving: one locked DuckDB session per principal, over views that the policy made for it."""
