"""Writes the filing as a form: JSON, XLSX or DOCX, in Chinese. Sources and certainty of the fields are in an appendix."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.filing.changes import needs_review
from lakeward.flows.filing.entries import LiveCatalogue, live_catalogue
from lakeward.flows.filing.form import FilingForm, FormField, filing_form
from lakeward.flows.filing.record import FiledEntry

TITLE, HEAD, BODY, APPENDIX = "重要数据和核心数据目录备案表", "一、数据处理者", "二、目录", "附录 字段依据与可信度"
APPENDIX_HEAD = ("字段", "条目", "依据", "可信度")
CERTAINTY = {"law": "法规明示", "good": "已发布标准", "own": "本系统自拟"}
DRAFT = "草稿，未备案"
DESTROYED = "已销毁或不再属于重要数据"
Rows = list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFiling:
    """A form that was written.

    Args:
        file: Path of the file.
        filing: Number of the filing; None for a draft of the entries as they are now.
        entries: Number of its entries.
    """

    file: str
    filing: int | None
    entries: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward catalogue export --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDocument:
    """The form with its texts.

    Args:
        status: Which filing it is, and of which day.
        processor: Key -> text.
        entries: Dataset -> key -> text.
    """

    form: FilingForm
    status: str
    processor: Mapping[str, str]
    entries: Mapping[str, Mapping[str, str]]

    def head_rows(self) -> Rows:
        """Name and text of each field of the head."""
        return [[field.names["zh"], self.processor.get(field.key, "")] for field in self.form.processor]

    def entry_rows(self, entry: Mapping[str, str]) -> Rows:
        """Name and text of each field of an entry."""
        return [[_label(field), entry.get(field.key, "")] for field in self.form.entry]

    def appendix_rows(self) -> Rows:
        """Name, item, source and certainty of each field."""
        fields = (*self.form.processor, *self.form.entry)
        return [[f.names["zh"], str(f.item or ""), f.source, CERTAINTY[f.certainty]] for f in fields]


def export_catalogue(settings: Settings, file: Path, *, number: int | None = None) -> ExportedFiling:
    """Write the form of filing `number`, or of the entries as they are now as a draft; the ending of `file` is the format.

    Raises:
        UsageError: There is no such filing, no entry, or the file's ending is no format; or the file exists.
        MachineError: The extra `filing` is not installed, or the file can't be written.
        DefinitionError, PolicyError: As `list_catalogue`.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError("filing_format", found=file.suffix or "-", expected=", ".join(_WRITERS))
    if file.exists():
        raise UsageError("filing_file_exists", file=file)
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        catalogue = live_catalogue(workspace, engine)
    document = _document(catalogue, number)
    try:
        write(document, file)
    except OSError as error:
        raise MachineError("filing_not_written", file=file, reason=type(error).__name__) from error
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="filing") from error
    return ExportedFiling(file=str(file), filing=number, entries=len(document.entries))


def _document(catalogue: LiveCatalogue, number: int | None) -> FormDocument:
    if number is None:
        found = {
            name: FiledEntry(items=live.items, rows=live.rows, bytes=live.bytes)
            for name, live in catalogue.entries.items()
            if not needs_review(live, catalogue.declared)
        }
        status, processor = DRAFT, catalogue.declared.processor
    else:
        filing = next((each for each in catalogue.record.filings if each.filing == number), None)
        if filing is None:
            raise UsageError("filing_unknown", filing=number)
        found = dict(catalogue.record.entries[number])
        processor = catalogue.record.processors.get(number, {})
        status = f"第 {number} 号备案，{filing.submitted_on.isoformat()} 提交"
    if not found:
        raise UsageError("filing_nothing")
    return FormDocument(
        form=filing_form(),
        status=status,
        processor=processor,
        entries={name: _texts(entry) for name, entry in sorted(found.items())},
    )


def _texts(entry: FiledEntry) -> dict[str, str]:
    sizes = {"rows": f"{entry.rows}", "bytes": f"{entry.bytes}"}
    texts = {**entry.items, **sizes}
    return {**texts, "name": f"{texts.get('name', '')}（{DESTROYED}）"} if entry.destroyed else texts


def _label(field: FormField) -> str:
    return f"{field.item} {field.names['zh']}" if field.item else field.names["zh"]


def _write_json(document: FormDocument, file: Path) -> None:
    content = {
        "title": TITLE,
        "status": document.status,
        "form": document.form.id,
        "processor": {field.key: document.processor.get(field.key) for field in document.form.processor},
        "entries": [
            {"dataset": name, **{field.key: entry.get(field.key) for field in document.form.entry}}
            for name, entry in document.entries.items()
        ],
        "appendix": [
            {"key": f.key, "name": f.names["zh"], "item": f.item, "source": f.source, "certainty": f.certainty}
            for f in (*document.form.processor, *document.form.entry)
        ],
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _write_xlsx(document: FormDocument, file: Path) -> None:
    from openpyxl import Workbook  # noqa: PLC0415 -- of an extra

    book = Workbook()
    head = book.active
    head.title = HEAD
    _fill(head, [[TITLE], [document.status], *document.head_rows()])
    names = [_label(field) for field in document.form.entry]
    rows = [[text for _, text in document.entry_rows(entry)] for entry in document.entries.values()]
    _fill(book.create_sheet(BODY), [names, *rows])
    _fill(book.create_sheet("附录"), [[APPENDIX], list(APPENDIX_HEAD), *document.appendix_rows()])
    book.save(file)


def _fill(sheet: Any, rows: Rows) -> None:
    """Texts are written as texts: one that begins with `=` is no formula."""
    for at, row in enumerate(rows, 1):
        for number, text in enumerate(row, 1):
            cell = sheet.cell(at, number, text)
            cell.data_type = "s"


def _write_docx(document: FormDocument, file: Path) -> None:
    from docx import Document  # noqa: PLC0415 -- of an extra

    book = Document()
    book.add_heading(TITLE, 0)
    book.add_paragraph(document.status)
    book.add_heading(HEAD, 1)
    _add_table(book, document.head_rows())
    book.add_heading(BODY, 1)
    for entry in document.entries.values():
        book.add_heading(entry.get("name", ""), 2)
        _add_table(book, document.entry_rows(entry))
    book.add_heading(APPENDIX, 1)
    _add_table(book, [list(APPENDIX_HEAD), *document.appendix_rows()])
    book.save(str(file))


def _add_table(book: Any, rows: Rows) -> None:
    table = book.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


_WRITERS: Mapping[str, Callable[[FormDocument, Path], None]] = {".json": _write_json, ".xlsx": _write_xlsx, ".docx": _write_docx}
