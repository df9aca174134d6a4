"""Commands for lineage beyond one run: import, audit, restore, impact."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakeward import flows
from lakeward.cli.render import Json, print_json, print_message, print_table, settings_of
from lakeward.core.errors import ExitCode
from lakeward.core.messages import Lang, text

if TYPE_CHECKING:
    from lakeward.flows import ImpactHop, LineageFinding

Files = Annotated[list[Path], typer.Argument(help="Files of OpenLineage events · OpenLineage 事件文件")]
Field = Annotated[str, typer.Argument(help="TABLE or TABLE.COLUMN · 表或表.列")]


def import_(context: typer.Context, files: Files, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.import_lineage(settings, files)
    if as_json:
        print_json(found)
    else:
        facts = {"read": found.read, "stored": found.stored, "known": found.known, "refused": len(found.refused)}
        print_message(settings.lang, "lineage_imported", **facts)
        rows = [
            {
                "source": event.source,
                "number": event.number,
                "reason": text(event.reason.code, settings.lang, **event.reason.facts),
            }
            for event in found.refused
        ]
        if rows:
            print_table(settings.lang, "title_lineage_refused", rows, ("source", "number", "reason"))
    if found.refused:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def audit(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.audit_lineage(settings)
    if as_json:
        print_json(found)
    elif found:
        rows = [_finding_cells(finding, settings.lang) for finding in found]
        print_table(settings.lang, "title_lineage_audit", rows, ("kind", "dataset", "reason", "owner", "repair"))
    else:
        print_message(settings.lang, "lineage_audit_clean")
    if found:
        raise typer.Exit(ExitCode.JUDGED_FAILED)


def restore(context: typer.Context, *, as_json: Json = False) -> None:
    settings = settings_of(context)
    found = flows.restore_events(settings)
    if as_json:
        print_json(found)
    elif found:
        print_table(settings.lang, "title_lineage_restored", found, ("job", "restored", "unrecorded"))
    else:
        print_message(settings.lang, "lineage_restored_none")


def impact(
    context: typer.Context,
    name: Field,
    *,
    event: Annotated[str | None, typer.Option("--event", help="Write a notice of this change · 写入变更公告")] = None,
    as_json: Json = False,
) -> None:
    settings = settings_of(context)
    found = flows.lineage_impact(settings, name, event=event)
    if as_json:
        print_json(found)
        return
    columns = [_hop_cells(hop) for hop in found if hop.effect == "value"]
    tables = [{**hop.as_dict(), "table": hop.field} for hop in found if hop.effect == "table"]
    if columns:
        shown = ("depth", "field", "via", "kind", "owner", "grade", "roles", "shares")
        print_table(settings.lang, "title_lineage_impact", columns, shown)
    if tables:
        print_table(settings.lang, "title_lineage_impact_tables", tables, ("depth", "table", "via", "kind", "owner"))
    if not found:
        print_message(settings.lang, "lineage_impact_none", name=name)
    if event is not None:
        owners = {hop.owner for hop in found if hop.owner}
        print_message(settings.lang, "change_noticed", fields=len(found), owners=len(owners))


def _finding_cells(finding: LineageFinding, lang: Lang) -> dict[str, object]:
    cells = finding.as_dict()
    return {**cells, "reason": text(finding.code, lang, **finding.facts)}


def _hop_cells(hop: ImpactHop) -> dict[str, object]:
    level = "" if hop.level is None else f" {hop.level}"
    roles = ", ".join(f"{found.role} {found.action}" for found in hop.roles)
    grade = f"{hop.grade}{level}" if hop.grade else None
    return {**hop.as_dict(), "grade": grade, "roles": roles or None, "shares": ", ".join(hop.shares) or None}
