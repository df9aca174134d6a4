"""Writes the report of a risk assessment: Markdown, DOCX, or a ZIP of both reports with the evidence of every number."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.names import sha256
from lakeward.core.plain_text import escape_markdown, show_plain
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.risk.assessment import RiskAssessment, RiskField, describe_assessment
from lakeward.flows.risk.record import RiskFinding, read_assessments
from lakeward.flows.risk.rules import report_form

# Rows of one field in the report; all of them are in the evidence.
SHOWN_ROWS = 50
# Same content, same bytes: the time of a member is no evidence.
_MEMBER_TIME = (1980, 1, 1, 0, 0, 0)
Table = Sequence[Sequence[str]]
Part = tuple[int, str, str, Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReport:
    """A report that was written.

    Args:
        file: Path of the file.
        assessment: Number of the assessment.
        is_final: Whether it is final; a report before that says that it is a draft.
        filled: Number of fields that are filled.
        fields: Number of all fields.
        sha256: Hash of the file.
    """

    file: str
    assessment: str
    is_final: bool
    filled: int
    fields: int
    sha256: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward risk report --json`."""
        return fields_of(self)


def write_risk_report(settings: Settings, file: Path) -> RiskReport:
    """Write the report of the newest assessment in the language of the settings; the ending of `file` is the format: `.md`, `.docx` or `.zip`.

    Raises:
        UsageError: There is no assessment, the ending is no format, or the file exists.
        MachineError: The extra `filing` is not installed, or the file can't be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError("filing_format", found=file.suffix or "-", expected=", ".join(_WRITERS))
    if file.exists():
        raise UsageError("filing_file_exists", file=file)
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        records = read_assessments(engine)
        if not records:
            raise UsageError("risk_none_open")
        found = describe_assessment(workspace, engine, records[-1])
        seals = _newest_seals(engine)
    try:
        write(file, found, settings.lang, seals)
        digest = sha256(file.read_bytes())
    except OSError as error:
        raise MachineError("filing_not_written", file=file, reason=type(error).__name__) from error
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="filing") from error
    return RiskReport(
        file=str(file),
        assessment=found.assessment,
        is_final=found.final_at is not None,
        filled=found.filled,
        fields=len(found.fields),
        sha256=digest,
    )


def report_parts(found: RiskAssessment, lang: Lang) -> Iterator[Part]:
    """The parts of the report, in order: level of the heading, heading, a text, and a table."""
    status = text("risk_final" if found.final_at else "risk_draft", lang)
    head = text("risk_report_head", lang, assessment=found.assessment, begun=found.begun_at.date(), source=report_form().source)
    yield 1, text("risk_report_title", lang), f"{status} · {head}", ()
    for section, names in report_form().sections.items():
        yield 2, names[lang], "", ()
        for field in found.fields:
            if field.section == section:
                yield from _field_parts(field, lang)
    yield 2, text("risk_report_findings", lang), "", _finding_table(found, lang)
    yield 2, text("risk_report_evidence", lang), text("risk_report_again", lang), _evidence_table(found, lang)


def _field_parts(field: RiskField, lang: Lang) -> Iterator[Part]:
    if field.evidence is None:
        waits = text("risk_open_question", lang, owner=field.owner, due=field.due)
        yield 3, field.names[lang], field.answer or waits, ()
        return
    rows = field.evidence.rows
    more = text("risk_more_rows", lang, count=len(rows)) if len(rows) > SHOWN_ROWS else ""
    said = more if rows else text("risk_no_rows", lang)
    shown = [[_cell(row[name]) for name in row] for row in rows[:SHOWN_ROWS]]
    yield 3, f"{field.names[lang]} [{field.field}]", said, [[*rows[0]], *shown] if rows else ()


def _finding_table(found: RiskAssessment, lang: Lang) -> Table:
    columns = ("finding", "risk_kind", "risk", "place", "risk_level", "state", "remedy", "residual", "due")
    return [[text(f"col_{name}", lang) for name in columns], *(_finding_cells(each, lang) for each in found.findings)]


def _finding_cells(each: RiskFinding, lang: Lang) -> list[str]:
    rule, residual = report_form().rules[each.rule], text(f"risk_{each.residual}", lang) if each.residual else "–"
    rated = [text(f"risk_{word}", lang) for word in (each.kind, each.level, each.state)]
    return [each.finding, rated[0], rule.names[lang], each.place, *rated[1:], each.remedy or "–", residual, each.due or "–"]


def _evidence_table(found: RiskAssessment, lang: Lang) -> Table:
    head = [text(f"col_{name}", lang) for name in ("field", "rows_of_query", "versions_read", "sha256")]
    rows = [
        [
            each.field,
            str(len(each.evidence.rows)),
            ", ".join(f"{t}@{v}" for t, v in each.evidence.versions.items()) or "–",
            each.evidence.digest,
        ]
        for each in found.fields
        if each.evidence
    ]
    return [head, *rows]


def _cell(value: object) -> str:
    return "–" if value is None else str(value)


def _markdown(found: RiskAssessment, lang: Lang) -> str:
    blocks: list[str] = []
    for level, heading, said, table in report_parts(found, lang):
        blocks.append(f"{'#' * level} {heading}")
        if said:
            blocks.append(escape_markdown(said).replace("\n", "  \n"))
        if table:
            lines = [" | ".join(escape_markdown(cell).replace("\n", " ") for cell in row) for row in table]
            blocks.append("\n".join([f"| {lines[0]} |", "|" + "---|" * len(table[0]), *(f"| {line} |" for line in lines[1:])]))
    return "\n\n".join(blocks) + "\n"


def _write_markdown(file: Path, found: RiskAssessment, lang: Lang, _: object) -> None:
    file.write_text(_markdown(found, lang), encoding="utf-8")


def _write_docx(file: Path, found: RiskAssessment, lang: Lang, _: object) -> None:
    from docx import Document  # noqa: PLC0415 -- of an extra

    book = Document()
    for level, heading, said, table in report_parts(found, lang):
        book.add_heading(heading, level - 1)
        if said:
            book.add_paragraph(show_plain(said))
        if table:
            grid = book.add_table(rows=0, cols=len(table[0]), style="Table Grid")
            for row in table:
                for cell, content in zip(grid.add_row().cells, row, strict=True):
                    cell.text = show_plain(content)
    book.save(str(file))


def _write_zip(file: Path, found: RiskAssessment, _: Lang, seals: Sequence[Mapping[str, Any]]) -> None:
    """Reports in both languages, each query with its rows, the newest seals, and the hash of every member."""
    members = {f"report.{lang}.md": _markdown(found, lang).encode() for lang in Lang}
    members |= {
        f"evidence/{each.field}.json": _json(each.evidence.as_dict()) for each in found.fields if each.evidence is not None
    }
    members["findings.json"] = _json([each.as_dict() for each in found.findings])
    members["seals.json"] = _json(seals)
    sums = "".join(f"{sha256(content)}  {name}\n" for name, content in sorted(members.items()))
    with ZipFile(file, "x", ZIP_DEFLATED) as archive:
        for name, content in [*sorted(members.items()), ("SHA256SUMS", sums.encode())]:
            archive.writestr(ZipInfo(name, _MEMBER_TIME), content, ZIP_DEFLATED)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1, default=str).encode() + b"\n"


def _newest_seals(engine: Engine) -> list[dict[str, Any]]:
    """The newest seal of each log: what the evidence can be held against."""
    rows = governance.read_rows(engine, "seals", order="seal_seq")
    return [*{row["log"]: row for row in rows}.values()]


_WRITERS: Mapping[str, Callable[[Path, RiskAssessment, Lang, Sequence[Mapping[str, Any]]], None]] = {
    ".md": _write_markdown,
    ".docx": _write_docx,
    ".zip": _write_zip,
}
