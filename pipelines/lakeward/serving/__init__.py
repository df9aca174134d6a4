"""Serving: one locked DuckDB session per principal, over views made by the policy."""
