"""What a run says of the files of a batch: columns they lack and bring, names that may be renamed, and files rejected whole."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from lakeward.contracts.batch import OTHER_ENCODING, FileReport
from lakeward.contracts.column_match import MISSING_COLUMN, OTHER_COLUMNS
from lakeward.contracts.model import Contract
from lakeward.contracts.record_format import FileFormat
from lakeward.core.shares import percent
from lakeward.core.spelling import NEAR
from lakeward.flows.base.report import Counts, Warnings
from lakeward.flows.batch.other_columns import OtherColumns, shorten_names

Note = tuple[str, dict[str, object]]

# Unknown columns that are listed, and that are compared with the names of missing ones.
_MOST_LISTED, _MOST_COMPARED = 100, 1_000
_BRACKETS, _SIGNS = re.compile(r"[(（\[【].*?[)）\]】]"), re.compile(r"[\W_]+")


def file_notes(contract: Contract, reports: Sequence[FileReport], others: Mapping[int, OtherColumns]) -> Warnings:
    """The notes on all files, in their order; what is rejected whole by its code (see `base.report.FAILING_NOTES`).

    Args:
        others: What is known of the files with other columns, by number.
    """
    return tuple(note for report in reports for note in _notes_on(contract, report, others))


def reject_notes(contract: Contract, counts: Counts, batch: int) -> Warnings:
    """The note on a batch of whose records too many are rejects."""
    limit = contract.limits.rejected_share
    if counts.rejects <= limit * counts.rows_in:
        return ()
    share = counts.rejects / counts.rows_in
    shares = {"share": percent(share), "limit": f"{limit:.1%}"}
    return (("batch_rejects", {"dataset": contract.name, "batch": batch, **shares, **_received(counts)}),)


def _received(counts: Counts) -> dict[str, object]:
    return {"rejects": counts.rejects, "rows_in": counts.rows_in}


def _notes_on(contract: Contract, report: FileReport, others: Mapping[int, OtherColumns]) -> Iterator[Note]:
    file: dict[str, object] = {"file": report.name}
    if report.fault == OTHER_COLUMNS:
        yield from _other_columns_notes(contract, report, others.get(report.seq))
    elif report.fault == OTHER_ENCODING:
        yield (
            "file_other_encoding",
            {**file, "dataset": contract.name, "expected": contract.record_format.encoding, "found": "UTF-8"},
        )
    elif report.fault and report.fault != MISSING_COLUMN:
        yield "file_rejected", {**file, "dataset": contract.name, "reason": report.fault}
    elif not report.records:
        yield "file_without_records", file
    if report.likely_encoding:
        declared = contract.record_format.encoding
        yield "file_likely_encoding", {**file, "dataset": contract.name, "expected": declared, "found": report.likely_encoding}
    for lines in report.omitted:
        yield f"file_{lines.key}_lines", {**file, "lines": lines.count, "line": lines.first}
    yield from _column_notes(contract, report)


def _column_notes(contract: Contract, report: FileReport) -> Iterator[Note]:
    """What the file has of the contract's columns, and beside them; no names that may be values."""
    file: dict[str, object] = {"file": report.name}
    shown = report.has_known_names or contract.record_format.format not in (FileFormat.CSV, FileFormat.XLSX)
    if report.unknown and not shown:
        yield "file_unknown_names", file
    listed = (*report.unknown[:_MOST_LISTED], *(["…"] if len(report.unknown) > _MOST_LISTED else []))
    lists = {"file_unknown_columns": listed if shown else (), "file_missing_columns": report.missing}
    if contract.record_format.format is not FileFormat.JSONL:  # there a key that is nowhere may have had no value
        lists["file_absent_columns"] = report.absent
    for code, columns in lists.items():
        if columns:
            yield code, {**file, "columns": ", ".join(columns)}
    if shown:
        yield from _rename_notes(contract, report)


def _other_columns_notes(contract: Contract, report: FileReport, other: OtherColumns | None) -> Iterator[Note]:
    expected = shorten_names([column.source_name for column in contract.columns])
    facts: dict[str, object] = {
        "file": report.name,
        "dataset": contract.name,
        "limit": f"{contract.limits.columns_found:.0%}",
        "expected": expected,
    }
    if other and other.found:
        yield "file_other_columns", {**facts, "found": other.found}
    else:
        yield "file_without_header", facts
    if other and other.written:
        yield "file_other_dialect", {"file": report.name, "found": other.written, "expected": other.declared}


def _rename_notes(contract: Contract, report: FileReport) -> Iterator[Note]:
    """For each column that the file lacks, the unknown one that is most like it by name."""
    left = list(report.unknown[:_MOST_COMPARED])
    for column in contract.columns:
        if column.source_name not in (*report.missing, *report.absent):
            continue
        name = max(left, key=lambda other: _likeness(column.source_name, other), default=None)
        if name is not None and _likeness(column.source_name, name) >= NEAR:
            left.remove(name)
            facts = {"file": report.name, "dataset": contract.name, "column": column.name}
            yield "file_renamed_column", {**facts, "found": name, "expected": column.source_name}


def _likeness(name: str, other: str) -> float:
    """How alike two names are, 0 to 1, units in brackets and signs left out."""
    one, two = (_SIGNS.sub("", _BRACKETS.sub("", text)).casefold() or text for text in (name, other))
    return difflib.SequenceMatcher(None, one, two).ratio()
