"""Processes of their own that start at once: forked from one that has imported what flows need, which takes a second each time.

That one has imported no deltalake, whose threads a fork loses, and opened no database. It begins with the first such process: the
variables of the environment are those of then.
"""

import multiprocessing
from multiprocessing.context import ForkServerContext

# What a flow imports until it opens a table.
IMPORTED = ["duckdb", "lakeward_lineage", "lakeward_lineage.facets", "lakeward.flows.batch.ingest", "support.quarantine_line"]


def quick_processes() -> ForkServerContext:
    """Starts processes as `multiprocessing.get_context("spawn")` does."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    return context
