"""The page of commands that read stored values."""

from generate.markdown import code, page, table
from lakeward.flows.serving.value_commands import VALUE_COMMANDS

INTRODUCTION = """\
Judging inside a run is no reader. What a person or a program reads of the lake goes through one of these commands; any other command shows
names, counts and states. How roles see columns is in the [policy](policies.md); entries are in
[`governance.access_log`](governance.md)."""


def value_commands() -> str:
    """The page, in Markdown."""
    rows = [(code(one.command), one.reads, one.role, one.entry, one.mask) for one in VALUE_COMMANDS]
    listed = table(("command", "reads", "role", "entry in the access log", "protection"), rows)
    return page("Commands that read values", "`lakeward/flows/serving/value_commands.py`", INTRODUCTION, listed)
