"""Writes the report of an incident by the fields of the authority's plan: Markdown or DOCX. What is not known says so, and is never left out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.plain_text import escape_markdown, show_plain
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.working_calendar import working_calendar
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.incidents.record import Incident, find_incident
from lakeward.flows.incidents.rules import IncidentRules, incident_rules
from lakeward.flows.incidents.scope import IncidentScope, find_scope

TITLE, UNKNOWN = "数据安全事件报告", "尚不明确"
FOUND_BY = {"own-monitoring": "自行监测", "public-url": "公开网址", "third-party": "第三方告知"}
GRADES = {"core": "核心", "important": "重要", "general": "一般"}
CLASSES = {"research": "研发", "production": "生产", "management": "管理", "maintenance": "运维", "service": "服务"}
# Names of accounts or columns in one field; the others are counted, and are in the scope.
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReport:
    """A report that was written.

    Args:
        file: Path of the file.
        incident: Number of the incident.
        level: Level by the known amounts; None where none is known.
        must_be_reported: Whether it goes to the local authority at once; also while the level is unknown.
        unknown: Fields that nothing fills yet.
        summary_due: Last day for the summary; None while the incident is open.
    """

    file: str
    incident: str
    level: str | None
    must_be_reported: bool
    unknown: tuple[str, ...]
    summary_due: date | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward incident report --json`."""
        return fields_of(self)


def write_incident_report(settings: Settings, number: str, file: Path) -> IncidentReport:
    """Write the report of an incident; the ending of `file` is the format, `.md` or `.docx`.

    Raises:
        UsageError: There is no such incident, the ending is no format, or the file exists.
        MachineError: The extra `filing` is not installed, or the file can't be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError("filing_format", found=file.suffix or "-", expected=", ".join(_WRITERS))
    if file.exists():
        raise UsageError("filing_file_exists", file=file)
    workspace, rules = open_workspace(settings), incident_rules()
    with workspace.engine() as engine:
        incident = find_incident(engine, number)
        scope = find_scope(workspace, engine, incident)
    level = rules.level_of(incident.facts)
    known = dict(incident.facts) | _from_telemetry(workspace, incident, scope, rules)
    rows = [(field.names["zh"], known.get(field.key) or UNKNOWN) for field in rules.fields]
    try:
        write(file, f"{TITLE} {number}", [("事件", incident.title), *rows, ("依据", rules.source)])
    except OSError as error:
        raise MachineError("filing_not_written", file=file, reason=type(error).__name__) from error
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="filing") from error
    return IncidentReport(
        file=str(file),
        incident=number,
        level=level,
        must_be_reported=rules.must_be_reported(level),
        unknown=tuple(field.key for field in rules.fields if not known.get(field.key)),
        summary_due=_summary_due(workspace, incident, rules),
    )


def _summary_due(workspace: Workspace, incident: Incident, rules: IncidentRules) -> date | None:
    if incident.closed_at is None:
        return None
    closed = incident.closed_at.astimezone(ZoneInfo(workspace.project.zone)).date()
    return working_calendar().after(closed, rules.summary_days).on


def _from_telemetry(workspace: Workspace, incident: Incident, scope: IncidentScope, rules: IncidentRules) -> dict[str, str]:
    """What queries know, by field; an empty text where they know nothing."""
    level = rules.level_of(incident.facts)
    readers = sorted({f"{each.reader}（{each.consumer or '本单位'}）" for each in scope.exposures})
    unknown = f"；另有 {scope.unknown_reads} 次读取的列或版本未记录" if scope.unknown_reads else ""
    return {
        "happened": f"{_time_text(workspace, incident.since)} 至 {_time_text(workspace, incident.until) if incident.until else '尚未结束'}",
        "found_by": FOUND_BY[incident.found_by],
        "level": f"按已知数量不低于{rules.level_names[level]}" if level else "",
        "classes": "、".join(sorted({CLASSES[each.data_class] for each in scope.columns if each.data_class})),
        "grades": "、".join(sorted({GRADES[each.grade] for each in scope.columns if each.grade})),
        "volume": f"{scope.rows} 行，{scope.bytes} 字节（相关表的现状）",
        "personal": _name_list([each.column for each in scope.columns if each.is_personal]) or "无",
        "readers": (_name_list(readers) or "日志中无人读取") + unknown,
    }


def _name_list(names: list[str]) -> str:
    more = f" 等 {len(names)} 项" if len(names) > _LISTED else ""
    return "、".join(names[:_LISTED]) + more


def _time_text(workspace: Workspace, at: datetime) -> str:
    return at.astimezone(ZoneInfo(workspace.project.zone)).isoformat(sep=" ", timespec="seconds")


def _write_markdown(file: Path, title: str, rows: list[tuple[str, str]]) -> None:
    cells = (" | ".join(escape_markdown(text).replace("\n", " ") for text in row) for row in rows)
    lines = [f"# {title}", "", "| 项目 | 内容 |", "|---|---|", *(f"| {line} |" for line in cells)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_docx(file: Path, title: str, rows: list[tuple[str, str]]) -> None:
    from docx import Document  # noqa: PLC0415 -- of an extra

    book = Document()
    book.add_heading(title, 0)
    table = book.add_table(rows=0, cols=2, style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = show_plain(text)
    book.save(str(file))


_WRITERS: Mapping[str, Callable[[Path, str, list[tuple[str, str]]], None]] = {".md": _write_markdown, ".docx": _write_docx}
