"""How many rows of a batch a table holds, from what the footers of the batch's own files said when they were written.

The flows count each table after each commit; a Spark job for a number that Delta's log has would cost a small batch most of its time.
Refuses files that mix batches: their rows are counted one by one.
"""

import re

from lakeward.core.names import TableName

_COUNT = re.compile(r"SELECT count\(\*\) AS (\w+) FROM (\w+\.\w+) WHERE _batch_seq = (\d+)")


def asked(query: str) -> tuple[str, TableName, int] | None:
    """The name of the number, the table and the batch, where the query asks for nothing else."""
    found = _COUNT.fullmatch(query)
    return (found[1], TableName.parse(found[2]), int(found[3])) if found else None
