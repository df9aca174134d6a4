"""Shared parts of all flows: the opened project, governance tables, the pinned definition, lineage, the report of a run.

A module here imports no other package of flows.
"""

import logging

# Without a handler of the program, Python would print the bare code of each warning to the error stream.
logging.getLogger("lakeward").addHandler(logging.NullHandler())
