"""Lineage beyond one run: events of other programs, the audit of the graph, and what a change touches."""
