"""The notebooks tell a story over public functions: short, without outputs, without code of their own, and they run."""

import ast
import json
from pathlib import Path

import pytest

from support import source_tree

NOTEBOOKS = sorted(path for path in source_tree.files() if path.startswith("notebooks/") and path.endswith(".ipynb"))
# What a notebook shows, beside pictures and tables of its own.
SHOWN = {
    "notebooks/01_find_and_query.ipynb": ("gold.oee_hourly", "image/png", "data-steward"),
    "notebooks/02_why_a_batch_failed.ipynb": ("closed_after_opened", "image/png", "orders_2026-03-02.csv", "***"),
    "notebooks/03_score_by_hand.ipynb": (
        "by hand: 99.63, shown: 99.63, the same: True",
        "by the query: 99.63, shown: 99.63, the same: True",
    ),
}
# More cells are a program, not a story.
MOST_CELLS = 20


def cells(path):
    return json.loads((source_tree.ROOT / path).read_text(encoding="utf-8"))["cells"]


def code(path):
    return "\n".join("".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code")


@pytest.fixture(scope="module")
def lake(shipped_copy):
    return Path(shipped_copy.start)


def test_every_notebook_is_known():
    assert set(NOTEBOOKS) == set(SHOWN)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_is_short_stripped_and_defines_nothing(path):
    assert 0 < len(cells(path)) <= MOST_CELLS
    assert [cell for cell in cells(path) if cell.get("outputs") or cell.get("execution_count")] == []
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in ast.walk(ast.parse(code(path))) if isinstance(node, defining)] == []


@pytest.mark.sampled(1)
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_runs_over_the_shipped_lake(path, lake):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    story = nbformat.read(source_tree.ROOT / path, as_version=4)
    nbclient.NotebookClient(story, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(lake)}}).execute()
    shown = json.dumps([cell.get("outputs", []) for cell in story.cells], ensure_ascii=False)
    assert [text for text in SHOWN[path] if text not in shown] == []
