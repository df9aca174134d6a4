"""Readiness as a file for an assessor (XLSX or JSON), and an assessor's answers from such a file into the project."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.evidence.answers_file import merge_answers, written_answers
from lakeward.flows.evidence.assessor_sheet import read_answer_sheet, write_maturity_sheets
from lakeward.flows.scorecard.editions import find_edition
from lakeward.flows.scorecard.readiness import MaturityItem, show_maturity


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityFile:
    """A file of readiness that was written, or whose answers were taken in.

    Args:
        file: Path of the file.
        edition: Edition of GB/T 36073.
        items: Number of items in it; of an import, of answers.
    """

    file: str
    edition: str
    items: int

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward maturity export --json`."""
        return fields_of(self)


def export_maturity(settings: Settings, file: Path, year: str = "") -> MaturityFile:
    """Write the newest assessment with the answers; the ending of `file` is the format, `.xlsx` or `.json`.

    Args:
        year: Year of the edition; empty for the default one.

    Raises:
        UsageError: The lake has not been assessed, there is no such edition or format, or the file exists.
        MachineError: The extra `filing` is not installed, or the file can't be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError("filing_format", found=file.suffix or "-", expected=", ".join(_WRITERS))
    if file.exists():
        raise UsageError("filing_file_exists", file=file)
    edition, items = find_edition(year), show_maturity(settings, year=year)
    answers = written_answers(open_workspace(settings), edition)
    try:
        write(file, items, answers)
    except OSError as error:
        raise MachineError("filing_not_written", file=file, reason=type(error).__name__) from error
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="filing") from error
    return MaturityFile(file=str(file), edition=edition.edition, items=len(items))


def import_answers(settings: Settings, file: Path, year: str = "") -> MaturityFile:
    """Take the answers of a file (`.xlsx` or `.json`) into the project; answers to other items stay. Nothing is written if one is not valid.

    Documents that are named without a hash, and lie beside the file, get theirs.

    Raises:
        UsageError: There is no such edition or format, the file holds no answer, or it is of another edition.
        DefinitionError: An answer is not valid.
        ProtectionError: The token is not valid, or its account has none of the roles that answer.
        MachineError: The extra `filing` is not installed, or a file can't be read or written.
    """
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise UsageError("filing_format", found=file.suffix or "-", expected=", ".join(_READERS))
    workspace, edition = open_workspace(settings), find_edition(year)
    check_decision_role(identify(workspace), "readiness")
    try:
        found, answers = read(file)
    except OSError as error:
        raise MachineError("document_unreadable", file=file, reason=type(error).__name__) from error
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="filing") from error
    if found != edition.edition or not answers:
        raise UsageError("maturity_file_edition", file=file, found=ascii(found), expected=edition.edition, answers=len(answers))
    new = [_with_hashes(answer, file.parent) for answer in answers]
    merge_answers(workspace, edition, new, str(file))
    return MaturityFile(file=str(file), edition=edition.edition, items=len(new))


def _with_hashes(answer: dict[str, Any], folder: Path) -> dict[str, Any]:
    documents = answer.get("documents")
    if not isinstance(documents, list):
        return answer
    return {**answer, "documents": [_with_hash(each, folder) for each in documents]}


def _with_hash(document: object, folder: Path) -> object:
    named = {"name": document} if isinstance(document, str) else document
    if not isinstance(named, dict) or not isinstance(named.get("name"), str) or named.get("sha256"):
        return document
    path = folder / named["name"]
    return {**named, "sha256": sha256(path.read_bytes())} if path.is_file() else document


def _write_json(file: Path, items: Sequence[MaturityItem], answers: Mapping[str, dict[str, Any]]) -> None:
    content = {
        "edition": items[0].edition,
        "assessed_at": items[0].assessed_at.isoformat(),
        "items": [item.as_dict() for item in items],
        "answers": [*answers.values()],
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _read_json(file: Path) -> tuple[str, list[dict[str, Any]]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        answers = content["answers"]
        is_valid = isinstance(answers, list) and all(isinstance(answer, dict) for answer in answers)
    except (ValueError, KeyError, TypeError):
        is_valid = False
    if not is_valid:
        raise UsageError("maturity_file_form", file=file)
    return str(content.get("edition")), answers


_WRITERS: Mapping[str, Callable[[Path, Sequence[MaturityItem], Mapping[str, dict[str, Any]]], None]] = {
    ".xlsx": write_maturity_sheets,
    ".json": _write_json,
}
_READERS: Mapping[str, Callable[[Path], tuple[str, list[dict[str, Any]]]]] = {".xlsx": read_answer_sheet, ".json": _read_json}
