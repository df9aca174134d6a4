"""Shared parts of all flows: the opened project, governance tables, the pinned definition, lineage, the report of a run.

A module here imports no other package of flows.
"""
