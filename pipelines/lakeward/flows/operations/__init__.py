"""Operation of a lake: status, tables, verdicts, explain, lineage, maintenance, checks of the machine."""
