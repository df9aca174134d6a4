"""Engines, which run queries and commit tables. Importing this package imports no engine."""

from lakeward.engines.factory import open_engine

__all__ = ["open_engine"]
