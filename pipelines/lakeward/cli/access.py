"""Commands about the logs: seal and verify them, and who read what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode

if TYPE_CHECKING:
    from lakeward.core.messages import Lang
    from lakeward.flows import LogVerification

STATES = ("log", "entries", "before_chain", "sealed", "signed", "seals", "sealed_at", "key_id")


def seal(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.seal_logs(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_seals", found, ("log", "seal", "entries", "tree_size", "root", "key_id", "sent_to"))
    else:
        print_message(settings.lang, "seal_nothing_new")


def verify(
    context: typer.Context,
    *,
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="File of checkpoints from outside the lake · 湖外留存的检查点文件")
    ] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.verify_logs(settings, checkpoint or ())
    if as_json:
        print_json(found)
    else:
        print_verification(settings.lang, found)
    if found.faults:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def print_verification(lang: Lang, found: LogVerification) -> None:
    """Print figures, faults and notes."""
    if found.logs:
        print_table(lang, "title_logs", found.logs, STATES)
    for fault in found.faults:
        names = ", ".join(fault.entries) + (" …" if fault.count > len(fault.entries) else "")
        print_message(lang, f"log_fault_{fault.kind}", log=fault.log, entries=names, count=fault.count)
    for note in found.notes:
        print_message(lang, note.code, **note.facts)
    print_message(lang, "access_faults" if found.faults else "access_sound")
