"""Keeps the words of the project's contracts in the read model: datasets, columns, and what search finds them by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakeward.contracts.model import Column, Contract
from lakeward.contracts.project import Project
from lakeward.contracts.sla import DAY
from lakeward.core.errors import ContractError
from lakeward.core.languages import split_languages
from lakeward.core.messages import Lang
from lakeward.engines.embedded.read_file import FileReading, FileWriting
from lakeward.flows.portal.words import search_text

SCHEMA = """
CREATE TABLE IF NOT EXISTS catalogue.files(dataset VARCHAR, stamp VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.datasets(dataset VARCHAR, layer VARCHAR, owner VARCHAR, domain VARCHAR, version VARCHAR,
  about_en VARCHAR, about_zh VARCHAR, allowed_seconds BIGINT, columns BIGINT, data_class VARCHAR, proposed_key VARCHAR, fault VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.columns(dataset VARCHAR, position BIGINT, "column" VARCHAR, type VARCHAR, unit VARCHAR,
  source_name VARCHAR, about_en VARCHAR, about_zh VARCHAR, required BIGINT, key_position BIGINT);
CREATE TABLE IF NOT EXISTS catalogue.search(kind VARCHAR, dataset VARCHAR, name VARCHAR, hay VARCHAR);
"""
TABLES = ("datasets", "columns", "search", "files")


@dataclass(frozen=True, slots=True)
class CatalogueChanges:
    """Contract files that differ from those that the read model was made of.

    Args:
        stamps: Dataset -> size, inode and time of its contract now.
        read: Datasets whose contract is new or changed.
        gone: Datasets that the project does not have any more.
    """

    stamps: Mapping[str, str]
    read: frozenset[str]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.read or self.gone)


def catalogue_changes(project: Project, known: Mapping[str, str]) -> CatalogueChanges:
    """What changed since the contracts had these stamps."""
    stamps = {name: _stamp(project, name) for name in project.datasets()}
    read = {name for name, stamp in stamps.items() if known.get(name) != stamp}
    return CatalogueChanges(stamps, frozenset(read), frozenset(known.keys() - stamps.keys()))


def known_stamps(reading: FileReading) -> dict[str, str]:
    """The stamps that the read model was made of."""
    return {row["dataset"]: row["stamp"] for row in reading.fetch("FROM catalogue.files")}


def update_catalogue(writer: FileWriting, project: Project, changes: CatalogueChanges) -> None:
    """Replace the words of changed contracts; a contract that is not valid is listed with the code of its fault."""
    changed = sorted(changes.read | changes.gone)
    for table in TABLES:
        writer.execute(f"DELETE FROM catalogue.{table} WHERE dataset IN (SELECT unnest(?))", [changed])
    contracts = {name: _contract_or_fault(project, name) for name in sorted(changes.read)}
    valid = [contract for contract in contracts.values() if isinstance(contract, Contract)]
    writer.insert("catalogue.datasets", [_dataset_row(project, name, found) for name, found in contracts.items()])
    writer.insert("catalogue.columns", [row for contract in valid for row in _column_rows(contract)])
    writer.insert("catalogue.search", [row for name, found in contracts.items() for row in _search_rows(name, found)])
    writer.insert("catalogue.files", [(name, changes.stamps[name]) for name in contracts])


def _stamp(project: Project, name: str) -> str:
    found = project.contract_path(name).stat()
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _contract_or_fault(project: Project, name: str) -> Contract | str:
    """The contract, or the message code of why it is not valid."""
    try:
        return project.contract(name)
    except ContractError as error:
        return error.code


def _dataset_row(project: Project, name: str, found: Contract | str) -> tuple[object, ...]:
    if isinstance(found, str):
        return name, *(None,) * 10, found
    about = split_languages(found.description)
    allowed = found.sla.freshness_seconds or project.latency_days * DAY
    words = (about[Lang.EN] or None, about[Lang.ZH] or None)
    head = (name, str(found.layer), found.owner or None, found.domain or None, found.version, *words)
    return *head, allowed, len(found.columns), found.data_class, ", ".join(found.proposed_key) or None, None


def _column_rows(contract: Contract) -> Iterable[tuple[object, ...]]:
    for position, column in enumerate(contract.columns, 1):
        about = split_languages(column.description)
        key = contract.primary_key.index(column.name) + 1 if column.name in contract.primary_key else None
        source = column.source_name if column.source_name != column.name else None
        words = (source, about[Lang.EN] or None, about[Lang.ZH] or None)
        yield contract.name, position, column.name, str(column.type), column.unit, *words, int(column.required), key


def _search_rows(name: str, found: Contract | str) -> Iterable[tuple[object, ...]]:
    if isinstance(found, str):
        yield "dataset", name, name, search_text([name])
        return
    yield "dataset", name, name, search_text([name, found.owner, found.domain, *split_languages(found.description).values()])
    for column in found.columns:
        yield "column", name, column.name, search_text(_column_words(column))


def _column_words(column: Column) -> tuple[str, ...]:
    return column.name, *column.source_names, *split_languages(column.description).values()
