"""Engines, which run queries and commit tables. Importing this package imports no engine."""

from lakeward.engines.factory import EnginePool, open_engine

__all__ = ["EnginePool", "open_engine"]
