"""The work of an operator on a lake that stands: status, tables, verdicts, explain, lineage, maintenance, this machine."""
