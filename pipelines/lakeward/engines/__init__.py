"""What runs queries and commits tables; importing it imports no engine."""

from lakeward.engines.factory import open_engine

__all__ = ["open_engine"]
