"""The page of commands: each with its help in both languages, its arguments and its options."""

from collections.abc import Iterator
from typing import Any

import typer

from generate.markdown import code, page, table
from lakeward.cli.app import make_app
from lakeward.core.messages import Lang

INTRODUCTION = """\
Every command takes `--project DIR` (default: the project at or above the working folder), `--lang en` or `--lang zh`, `--utc`, `-v`, and `--help`, anywhere
on the line; `lakeward --version` prints the version. [Completion](../how-to/complete-commands.md) is there for bash, zsh and fish.
`--json` prints an answer for programs: its keys are in [JSON answers](json.md). How a command ends is in
[Exit codes](exit-codes.md)."""
HEAD = ("argument or option", "meaning")


def commands() -> str:
    """The page, in Markdown."""
    chinese = dict(every_command(Lang.ZH))
    parts = [part for words, command in every_command(Lang.EN) for part in _command(words, command, chinese[words])]
    return page("Commands", "`lakeward/cli/` and `lakeward/core/messages/cli.yaml`", INTRODUCTION, *parts)


def every_command(lang: Lang) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, in the order of `lakeward --help`, groups last."""
    made: Any = make_app(lang)
    yield from _below((), typer.main.get_command(made) if isinstance(made, typer.Typer) else made)


def _below(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, member in getattr(command, "commands", {}).items():
        yield from _below((*words, name), member)
    if not hasattr(command, "commands"):
        yield words, command


def _command(words: tuple[str, ...], english: Any, chinese: Any) -> list[str]:
    context = typer.Context(english, info_name=" ".join(("lakeward", *words)))
    records = [parameter.get_help_record(context) for parameter in english.params]
    rows = [(code(record[0].strip()), record[1]) for record in records if record]
    heading = f"## {code('lakeward ' + ' '.join(words))}"
    return [heading, _help(english.help, "Example:"), _help(chinese.help, "例："), *([table(HEAD, rows)] if rows else [])]


def _help(text: str, example: str) -> str:
    """The help with its example as code."""
    said, mark, shown = text.partition(example)
    return f"{said}{mark} {code(shown.strip())}" if mark else text
