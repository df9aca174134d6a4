"""Output of commands: a table for people, JSON for programs. Progress goes to the error stream, and only to a terminal."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.core.messages import Lang, reason_text, text
from lakeward.core.plain_text import show_plain
from lakeward.core.settings import Settings

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from lakeward.flows import FlowAnswer

# Width for a pipe, wide enough that no identifier is split.
PIPED_WIDTH = 200

Json = Annotated[bool, typer.Option("--json", help="JSON for programs · 供程序读取的 JSON")]


Cells = Mapping[str, object]
# The settings of the command that runs: they name the zone in which it shows times.
_command_settings: ContextVar[Settings | None] = ContextVar("command_settings", default=None)
# Takes a message code and its facts.
ShowProgress = Callable[[str, Mapping[str, object]], None]


def settings_of(context: typer.Context) -> Settings:
    """The settings that the console script loaded before the command."""
    settings = context.obj
    assert isinstance(settings, Settings)
    flows.set_up_log(verbose=settings.spark.verbose, as_json=settings.log_json)
    _command_settings.set(settings)
    return settings


def print_json(value: object) -> None:
    """Print JSON without escaping other scripts; answers of flows anywhere in `value` become objects."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n")


def print_message(lang: Lang, code: str, **facts: object) -> None:
    """Print one text."""
    print_messages(lang, [(code, facts)])


def print_messages(lang: Lang, messages: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    """Print texts, each a code with its facts."""
    from rich.console import Console  # noqa: PLC0415 -- help, completion and JSON do without rich

    console = Console(highlight=False, soft_wrap=True, emoji=False)
    for code, facts in messages:
        shown = {name: local_time(fact) if isinstance(fact, datetime) else fact for name, fact in facts.items()}
        console.print(show_plain(text(code, lang, **shown)), markup=False)


def print_table(lang: Lang, title: str, rows: "Sequence[Cells | FlowAnswer]", columns: Sequence[str]) -> None:
    """Print rows as a table; `title` and the column headers are message codes (`col_…`). Times are shown in the project's zone."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- as above
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = [row if isinstance(row, Mapping) else answer_cells(row) for row in rows]
    drawn = Table(title=text(title, lang), title_justify="left", header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        drawn.add_column(text(f"col_{column}", lang), justify="right" if _numeric(shown, column) else "left", overflow="fold")
    for row in shown:
        drawn.add_row(*(Text(show_plain(_cell(row.get(column)))) for column in columns))  # contents of files are not markup
    Console(width=None if sys.stdout.isatty() else PIPED_WIDTH).print(drawn)


def with_reasons(rows: Iterable[Cells], lang: Lang) -> list[Cells]:
    """Rows with their reasons in `lang`, which are recorded in English."""
    return [{**row, "reason": reason_text(str(row["reason"]), lang) if row.get("reason") else None} for row in rows]


def cells(answer: "DataclassInstance") -> dict[str, object]:
    """The fields of an answer by name, unconverted: a decimal keeps its digits."""
    return {field.name: getattr(answer, field.name) for field in fields(answer)}


def answer_cells(answer: "FlowAnswer") -> dict[str, object]:
    """The documented keys of an answer, its times unconverted: tables show them in the project's zone."""
    times = {key: value for key, value in _field_values(answer) if isinstance(value, datetime)}
    return {key: times.get(key, value) for key, value in answer.as_dict().items()}


def local_time(at: datetime) -> str:
    """The instant to the second in the project's zone, with its offset; in UTC by `--utc` or outside a project."""
    settings = _command_settings.get()
    return at.astimezone(flows.display_zone(settings) if settings else UTC).isoformat(sep=" ", timespec="seconds")


@contextmanager
def progress(lang: Lang, code: str, **facts: object) -> Iterator[ShowProgress]:
    """Show a progress text, on a terminal only; yields what replaces it by another."""
    from rich.console import Console  # noqa: PLC0415 -- as above

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _, __: None
        return
    with console.status(text(code, lang, **facts)) as status:
        yield lambda later, details: status.update(text(later, lang, **details))


def _field_values(answer: object) -> Iterator[tuple[str, object]]:
    """The fields of a dataclass, and of the answers in them."""
    for name in getattr(answer, "__dataclass_fields__", ()):
        value = getattr(answer, name)
        yield name, value
        yield from _field_values(value)


def _plain(value: object) -> object:
    return value.as_dict() if isinstance(value, flows.FlowAnswer) else str(value)


def _numeric(rows: Sequence[Cells], column: str) -> bool:
    kinds = {type(row.get(column)) for row in rows}
    return bool(kinds & {int, float}) and kinds <= {int, float, type(None)}


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_cell(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, datetime):
        return local_time(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
