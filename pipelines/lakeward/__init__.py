"""Lakeward: an industrial data lakehouse with governance built in."""
