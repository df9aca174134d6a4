"""Lists all problems of a contract with line and column, including conflicts with other contracts of the project.

Changes nothing. A file that is not YAML is one problem among others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from lakeward.contracts.document import Document, Fault, KeyPath, read_document, read_text
from lakeward.contracts.glossary import build_glossary, read_glossary, term_faults
from lakeward.contracts.load import validate
from lakeward.contracts.model import Contract, Kind
from lakeward.contracts.project import Project
from lakeward.contracts.standard import standard_faults
from lakeward.contracts.words import GLOSSARY_FILE
from lakeward.core.errors import ContractError
from lakeward.core.names import TableName
from lakeward.core.spelling import did_you_mean

# What every contract of the standard begins with, which its official model lets be missing.
HEADER = {"apiVersion": r"v3\.\d+\.\d+", "kind": "DataContract", "id": r".+", "version": r".+"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem and its position.

    Args:
        line, column: From 1, of the key or list item.
        code: Message code; `facts` fill the message.
        standard: It departs from the Open Data Contract Standard; else it is one that can't run here as it is.
    """

    line: int
    column: int
    code: str
    facts: Mapping[str, object]
    _: KW_ONLY
    standard: bool = False


def lint(path: Path, project: Project) -> list[Problem]:
    """Every problem of the contract at `path`, in the order of its lines.

    Raises:
        FileNotFoundError: The file does not exist.
    """
    file = project.label(path)
    try:
        document = read_document(read_text(path, file), file)
    except ContractError as error:
        return [_unreadable(error)]
    contract, faults = validate(document, project.allowed_roots)
    if contract:
        faults = [*_project_faults(contract, path, project, _model_path(document)), *_term_faults(document, project)]
        faults.sort(key=lambda fault: document.position(fault.key_path))
    departures = {(f.key_path, f.code) for f in (*document.faults, *standard_faults(document.data), *_header_faults(document))}
    return [Problem(*document.position(f.key_path), f.code, f.facts, standard=(f.key_path, f.code) in departures) for f in faults]


def lint_glossary(project: Project) -> list[Problem]:
    """Every problem of the project's glossary, in the order of its lines; none without one."""
    try:
        document = read_document(read_text(project.root / GLOSSARY_FILE, GLOSSARY_FILE), GLOSSARY_FILE)
    except FileNotFoundError:
        return []
    except ContractError as error:
        return [_unreadable(error)]
    return [Problem(*document.position(f.key_path), f.code, f.facts) for f in build_glossary(document, project.languages)[1]]


def _unreadable(error: ContractError) -> Problem:
    facts = {key: value for key, value in error.facts.items() if key != "file"}
    return Problem(int(str(facts.pop("line"))), int(str(facts.pop("column"))), error.code, facts, standard=True)


def _term_faults(document: Document, project: Project) -> Iterable[Fault]:
    try:
        return tuple(term_faults(document, read_glossary(project)))
    except ContractError:  # linting the glossary reports this
        return ()


def _header_faults(document: Document) -> Iterator[Fault]:
    if not isinstance(document.data, dict):
        yield Fault((), "contract_not_a_mapping")
        return
    for key, expected in HEADER.items():
        value = document.data.get(key)
        if not isinstance(value, str) or not re.fullmatch(expected, value):
            yield from (Fault((key,), code) for code in ("contract_missing", "contract_value"))


def _project_faults(contract: Contract, path: Path, project: Project, model_path: KeyPath) -> Iterator[Fault]:
    """Conflicts with the folder, the disk and other contracts of the project."""
    if contract.name != path.parent.name:
        yield Fault(("name",), "contract_other_name", {"found": contract.name, "expected": path.parent.name})
    if contract.model is None:
        return
    if not (path.parent / contract.model.sql).is_file():
        yield Fault((*model_path, "sql"), "contract_model_missing", {"found": str(contract.model.sql)})
    times = dict(contract.model.times)
    for table in contract.model.inputs:
        if table.name not in project.datasets():
            facts = {"found": str(table), "close": did_you_mean(table.name, project.datasets()) or "-"}
            yield Fault((*model_path, "inputs"), "contract_input_not_found", facts)
        elif table in times:
            yield from _time_column_faults(project, table, times[table], (*model_path, "times", str(table)))


def _time_column_faults(project: Project, table: TableName, name: str, key_path: KeyPath) -> Iterator[Fault]:
    try:
        columns = project.contract(table.name).columns
    except ContractError:  # linting the input's contract reports this
        return
    kinds = {column.name: column.type.kind for column in columns}
    if name not in kinds:
        yield Fault(key_path, "contract_unknown_column", {"key": str(table), "found": name, "close": did_you_mean(name, kinds)})
    elif kinds[name] is not Kind.TIMESTAMP:
        yield Fault(key_path, "contract_no_instant", {"key": str(table), "name": name, "found": str(kinds[name])})


def _model_path(document: Document) -> KeyPath:
    items = document.data.get("customProperties") or []
    return next((("customProperties", at, "value") for at, item in enumerate(items) if item.get("property") == "model"), ())
