"""A command whose module is imported when it is named. Refuses to know any command."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

# What only the function of a command can say.
OF_THE_FUNCTION = ("callback", "params")


class LazyCommand(TyperCommand):
    """One command: its name and help are known, its options and its function are imported when they are first asked for.

    Args:
        place: Module of `lakeward.cli`, a colon, and the function.
    """

    def __init__(self, name: str, help: str, place: str) -> None:  # noqa: A002 -- as in the class above
        super().__init__(name, help=help, rich_markup_mode=None)
        self.place = place
        del self.callback, self.params  # so that asking for them comes to __getattr__

    def __getattr__(self, name: str) -> Any:
        if name not in OF_THE_FUNCTION:
            raise AttributeError(name)
        loaded = self._load()
        self.callback, self.params = loaded.callback, loaded.params
        return getattr(self, name)

    def _load(self) -> TyperCommand:
        module, _, function = self.place.partition(":")
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command(self.name)(getattr(import_module(f"lakeward.cli.{module}"), function))
        command = typer.main.get_command(app)
        assert isinstance(command, TyperCommand)
        return command
