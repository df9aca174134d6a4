"""Completion in a shell: the script that a user loads once, and the words that may come next on a line.

A shell calls this at every key press, so only the module of the command on the line is imported.
"""

import re
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib import resources
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from lakeward.cli.app import GLOBAL, SHOW_UTC, VERBOSE
from lakeward.core.messages import Lang, text

# First argument of a call by a script; then the shell and the words of the line, up to the current one.
COMPLETE = "--complete"


class Shell(StrEnum):
    """A shell with a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


# Start of the example in a help text.
EXAMPLE = re.compile("Example: |例：")
# Separator between a word and its help; bash shows no help.
BETWEEN = {Shell.ZSH: ":", Shell.FISH: "\t"}


def completion(shell: Annotated[Shell, typer.Argument(help="Shell · 命令行外壳")]) -> None:
    """Print the script that completes lines in a shell."""
    script = resources.files(__package__) / "shells" / f"lakeward.{shell}"
    sys.stdout.write(script.read_text(encoding="utf-8"))


def write_next(root: TyperGroup, asked: list[str], lang: Lang) -> None:
    """Print the words that may come next, one per line; none if only the shell knows them, such as file names."""
    shell, *words = asked
    *before, begun = words or [""]
    for word, meaning in _next(root, before, begun, lang):
        if word.startswith(begun):
            sys.stdout.write(f"{word}{BETWEEN[Shell(shell)]}{meaning}\n" if shell in BETWEEN else f"{word}\n")


def _next(root: TyperGroup, before: list[str], begun: str, lang: Lang) -> Iterator[tuple[str, str]]:
    """The words that may come next, each with its meaning."""
    command, option = _where(root, before)
    if option == "--lang":
        yield from ((each, "") for each in Lang)
    elif option is None and begun.startswith("-"):
        yield from _options(command, lang)
    elif option is None and isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            yield name, EXAMPLE.split(member.help or "")[0].strip()


def _where(root: TyperGroup, before: list[str]) -> tuple[TyperGroup | TyperCommand, str | None]:
    """The command on the line so far, and the option whose value comes next."""
    command: TyperGroup | TyperCommand = root
    option = None
    for word in before:
        if option:
            option = None
        elif word.startswith("-"):
            option = word if word in GLOBAL or word in _with_value(command) else None
        elif isinstance(command, TyperGroup):
            member = command.commands.get(word)
            command = member if isinstance(member, TyperGroup | TyperCommand) else command
    return command, option


def _with_value(command: TyperGroup | TyperCommand) -> set[str]:
    found = (param for param in command.params if isinstance(param, TyperOption) and not param.is_flag)
    return {name for param in found for name in param.opts}


def _options(command: TyperGroup | TyperCommand, lang: Lang) -> Iterator[tuple[str, str]]:
    for param in command.params:
        if isinstance(param, TyperOption):
            yield from ((name, param.help or "") for name in param.opts)
    for name in (*GLOBAL, VERBOSE[0], SHOW_UTC, "--help"):
        yield name, text(f"option_{name.strip('-')}", lang)
