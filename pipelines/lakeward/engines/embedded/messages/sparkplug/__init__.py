"""Sparkplug B on DuckDB: a declared exception to "rows do not pass through Python", bounded by blocks of messages."""
