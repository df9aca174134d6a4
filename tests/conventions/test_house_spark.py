"""Rows never pass through the driver, nor through Python on an executor: what would take them there stands in one place, or nowhere."""

import ast

from support import source_tree

# Ways of rows to the driver, or through Python. (`first`, `head`, `take` and `show` take a few of them there all the same.)
TO_DRIVER = {"collect", "toPandas", "toArrow", "toLocalIterator", "first", "head", "take", "tail", "show", "rdd"}
THROUGH_PYTHON = {
    "udf",
    "udtf",
    "pandas_udf",
    "foreach",
    "foreachPartition",
    "foreachBatch",
    "mapInPandas",
    "mapInArrow",
    "applyInPandas",
}
RESULTS = "pipelines/lakeward/engines/spark/results.py"


def engine():
    found = [module for module in source_tree.library() if "/engines/spark/" in module.path]
    assert len(found) > 10
    return found


def users(names):
    called = {m.path for m in engine() for node in m.nodes(ast.Call) if getattr(node.func, "attr", "") in names}
    return called | {m.path for m in engine() for node in m.nodes(ast.Attribute) if node.attr in names & {"rdd"}}


def importing_modules(names):
    return {m.path for m in engine() for node in m.nodes(ast.ImportFrom) if {alias.name for alias in node.names} & names}


def test_rows_reach_the_driver_in_one_place():
    assert users(TO_DRIVER) == {RESULTS}


def test_no_row_passes_through_python_on_an_executor():
    assert users(THROUGH_PYTHON) | importing_modules(THROUGH_PYTHON) == set()
