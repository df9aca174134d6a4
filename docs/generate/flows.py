"""The page of the public flows: which functions and values there are, by room. The site fills in their docstrings."""

import inspect
from collections import defaultdict
from importlib import import_module

from generate.markdown import page
from lakeward import flows

INTRODUCTION = """\
What the command line does, Python code can do: one function per command or task, imported from `lakeward.flows`. Most take
`Settings.load(…)` ([Settings](settings.md)) first. They raise the errors of [Exit codes and errors](../reference/exit-codes.md).

```python
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.flows import run_dataset

report = run_dataset(Settings.load(Path("plant")), "press_line")
```"""
# Room -> its title on the page, in the order of a reader; the last one stands for values from other packages.
ROOMS = {
    "authoring": "Make a project",
    "batch": "Run batches",
    "collecting": "Collect from brokers",
    "operations": "Look after a lake",
    "backup": "Back up and restore a lake",
    "checking": "Check any data",
    "quarantine": "Select quarantined rows",
    "steward": "Work on quarantined rows",
    "suggest": "Suggest rules",
    "scoring": "Score",
    "grading": "Grade",
    "serving": "Serve",
    "server": "Serve other machines",
    "lineage": "Follow, import and audit lineage",
    "filing": "Catalogue and file important data",
    "assets": "Count what data cost",
    "evidence": "Keep evidence of data management",
    "notices": "Notify people",
    "incidents": "Handle incidents",
    "risk": "Assess risks",
    "audit": "Prove who read and decided what",
    "scorecard": "Assess and show",
    "portal": "Open the portal",
    "base": "Common to all",
    "": "Values",
}
# They have a page of their own.
ELSEWHERE = {"Connection", "Rows"}


def public_flows() -> str:
    """The page, in Markdown."""
    rooms: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(dir(flows)) - ELSEWHERE):
        module = getattr(flows, name).__module__
        room = module.removeprefix(f"{flows.__name__}.").partition(".")[0] if module.startswith(f"{flows.__name__}.") else ""
        rooms[room].append(f"::: {module}.{name}")
    parts = [part for room, title in ROOMS.items() if rooms[room] for part in (f"## {title}", _about(room), *rooms.pop(room))]
    if any(rooms.values()):
        raise KeyError(*rooms)
    return page("Public flows", "`lakeward/flows/__init__.py`", INTRODUCTION, *parts)


def _about(room: str) -> str:
    """The first sentence of the room's docstring."""
    if not room:
        return "What flows take and return, from other packages."
    said = inspect.getdoc(import_module(f"{flows.__name__}.{room}")) or ""
    return said.partition("\n")[0]
