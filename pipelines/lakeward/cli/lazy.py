"""Groups and commands that import a command's module only when the command is named.

Knows no command itself.
"""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

# Attributes that need the function of a command.
OF_THE_FUNCTION = ("callback", "params")


class CommandGroup(TyperGroup):
    """A group of commands, or all commands.

    Attributes:
        default: The command that is meant where none is named; None for none.
    """

    default: str | None = None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See the base class."""
        if self.default and args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """See the base class."""
        return _off(super().get_help_option(ctx))


class LazyCommand(TyperCommand):
    """One command with its name and help; its options and its function are imported at their first use.

    Args:
        place: Module of `lakeward.cli`, a colon, and the function.
    """

    def __init__(self, name: str, help: str, place: str) -> None:  # noqa: A002 -- as in the class above
        super().__init__(name, help=help, rich_markup_mode=None)
        self.place = place
        del self.callback, self.params  # so that access to them calls __getattr__

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """See the base class."""
        return _off(super().get_help_option(ctx))

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


def _off(flag: TyperOption | None) -> TyperOption | None:
    """The flag with an explicit default of off: for a missing default, Typer imports pydantic."""
    if flag is not None:
        flag.default = False
    return flag
