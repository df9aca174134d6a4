"""The command that shows how the project stands: once, or again and again until it is stopped."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.interrupts import stop_event
from lakeward.cli.render import Json, print_json, print_message, print_messages, print_table, settings_of
from lakeward.core.messages import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakeward.core.messages import Lang
    from lakeward.core.settings import Settings
    from lakeward.flows import SourceStatus

# Short words for the states of collectors; their messages are longer.
SOURCE_STATES = {
    "source_connecting": "state_connecting",
    "source_connected": "state_connected",
    "source_listening": "state_listening",
    "source_stopped": "state_stopped",
    "source_unreachable": "state_unreachable",
    "source_name_unknown": "state_name_unknown",
    "source_certificate_refused": "state_certificate_refused",
    "source_tls_failed": "state_tls_failed",
    "source_login_refused": "state_login_refused",
    "source_refused": "state_refused",
    "source_topic_refused": "state_topic_refused",
    "source_qos_lowered": "state_qos_lowered",
    "source_session_lost": "state_session_lost",
    "source_session_taken": "state_session_taken",
    "source_lost": "state_lost",
    "source_client_refused": "state_client_refused",
    "source_nodes_refused": "state_nodes_refused",
    "source_devices_silent": "state_devices_silent",
    "segment_not_landed": "state_disk",
    "segment_taken": "state_fenced",
}
SOURCE_COLUMNS = (
    *(
        "dataset",
        "state",
        "running",
        "since",
        "last_message",
        "rate",
        "clock_offset",
        "gaps",
        "silent",
        "unlanded",
        "segments",
        "rows",
        "bytes",
    ),
)
# Seconds between two looks. No option: for one with a number Typer imports what takes longer than the status.
EVERY = 2
# Clears a terminal, and moves to its top.
_CLEAR = "\x1b[2J\x1b[H"


def status(
    context: typer.Context,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again until stopped · 持续显示直至停止")] = False,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    if watch:
        watch_status(settings, as_json=as_json)
    elif as_json:
        print_json(flows.read_project_status(settings).datasets)
    else:
        print_status(settings)


def watch_status(settings: Settings, *, as_json: bool) -> None:
    """Show the status until a signal to stop: to a terminal in place, as JSON one line each time that it changed."""
    stop, last = stop_event(), ""
    while not stop.is_set():
        if as_json:
            line = json.dumps([row.as_dict() for row in flows.read_project_status(settings).datasets], ensure_ascii=False)
            if line != last:
                sys.stdout.write(f"{line}\n")
        else:
            line = _CLEAR if sys.stdout.isatty() else ""
            sys.stdout.write(line)
            print_status(settings)
            print_message(settings.lang, "status_watched", seconds=EVERY)
        sys.stdout.flush()
        last = line
        stop.wait(EVERY)


def print_status(settings: Settings) -> None:
    """Print the table of datasets, that of collectors, and what to do next."""
    project = flows.read_project_status(settings)
    found = project.datasets
    replaced = ("replaced",) if any(row.replaced for row in found) else ()
    columns = ("dataset", "last_run", "score", "failed_rules", "quarantine", "rejects", *replaced, "late", "waiting")
    print_table(
        settings.lang,
        "title_status",
        [{**row.as_dict(), "last_run": row.last_run, "late": row.late or None} for row in found],
        columns,
    )
    collected = [{"dataset": row.dataset, **_source_cells(row.source, settings.lang)} for row in found if row.source]
    if collected:
        print_table(settings.lang, "title_sources", collected, SOURCE_COLUMNS)
    guarantees = (row.guarantee for row in found if row.guarantee)
    notices = (*guarantees, *(step for row in found for step in row.next), *project.tasks, *project.stray_files)
    print_messages(settings.lang, ((notice.code, notice.facts) for notice in notices))


def _source_cells(source: SourceStatus, lang: Lang) -> Mapping[str, object]:
    state = text(SOURCE_STATES[source.state], lang) if source.state else None
    return {**source.as_dict(), "state": state, "since": source.since, "last_message": source.last_message}
