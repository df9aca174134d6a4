"""What every flow stands on: the opened project, governance tables, the pinned definition, lineage, the report of a run.

A module here imports no other room.
"""
