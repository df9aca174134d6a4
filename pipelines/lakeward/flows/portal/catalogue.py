"""Keeps the words of the project in the read model: datasets, columns, domains, terms, and what search finds them by."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakeward.contracts.glossary import Glossary, read_glossary
from lakeward.contracts.model import Column, Contract
from lakeward.contracts.project import Project
from lakeward.contracts.sla import DAY
from lakeward.contracts.words import GLOSSARY_FILE, descriptions_of, names_of
from lakeward.core.errors import ContractError
from lakeward.core.messages import Lang, pack_facts
from lakeward.core.sql import literal
from lakeward.engines.embedded.read_file import FileReading, FileWriting
from lakeward.flows.portal.words import search_text

SCHEMA = """
CREATE TABLE IF NOT EXISTS catalogue.files(dataset VARCHAR, stamp VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.datasets(dataset VARCHAR, layer VARCHAR, owner VARCHAR, domain VARCHAR, version VARCHAR,
  name_en VARCHAR, name_zh VARCHAR, about_en VARCHAR, about_zh VARCHAR, allowed_seconds BIGINT, columns BIGINT, data_class VARCHAR,
  proposed_key VARCHAR, domain_en VARCHAR, domain_zh VARCHAR, fault VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.columns(dataset VARCHAR, position BIGINT, "column" VARCHAR, type VARCHAR, unit VARCHAR,
  source_name VARCHAR, name_en VARCHAR, name_zh VARCHAR, about_en VARCHAR, about_zh VARCHAR, required BIGINT, key_position BIGINT);
CREATE TABLE IF NOT EXISTS catalogue.column_terms(dataset VARCHAR, "column" VARCHAR, term VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.terms(dataset VARCHAR, term VARCHAR, name_en VARCHAR, name_zh VARCHAR, about_en VARCHAR,
  about_zh VARCHAR, owner VARCHAR, state VARCHAR, synonyms VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.faults(dataset VARCHAR, code VARCHAR, facts VARCHAR);
CREATE TABLE IF NOT EXISTS catalogue.search(kind VARCHAR, dataset VARCHAR, name VARCHAR, hay VARCHAR);
"""
TABLES = ("datasets", "columns", "column_terms", "terms", "faults", "search", "files")
# What stands for a dataset where words are of none; no dataset is called so.
DOMAINS, GLOSSARY = "*domains", "*glossary"


@dataclass(frozen=True, slots=True)
class CatalogueChanges:
    """Files of words that differ from those that the read model was made of.

    Args:
        stamps: Dataset, or what stands for one, -> size, inode and time of its file now.
        read: Those that are new or changed.
        gone: Those that the project does not have any more.
    """

    stamps: Mapping[str, str]
    read: frozenset[str]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.read or self.gone)


def catalogue_changes(project: Project, known: Mapping[str, str]) -> CatalogueChanges:
    """What changed since the files had these stamps."""
    stamps = {name: _stamp(project, name) for name in project.datasets()}
    stamps |= {GLOSSARY: _glossary_stamp(project), DOMAINS: repr(sorted(project.domain_titles.items()))}
    read = {name for name, stamp in stamps.items() if known.get(name) != stamp}
    if DOMAINS in read:  # the title of its domain is a word of a dataset
        read |= stamps.keys()
    return CatalogueChanges(stamps, frozenset(read), frozenset(known.keys() - stamps.keys()))


def known_stamps(reading: FileReading) -> dict[str, str]:
    """The stamps that the read model was made of."""
    return {row["dataset"]: row["stamp"] for row in reading.fetch("FROM catalogue.files")}


def update_catalogue(writer: FileWriting, project: Project, changes: CatalogueChanges) -> None:
    """Replace the words of changed files; a contract or glossary that is not valid is listed with the code of its fault."""
    changed = ", ".join(map(literal, sorted(changes.read | changes.gone)))
    for table in TABLES if changed else ():
        writer.execute(f"DELETE FROM catalogue.{table} WHERE dataset IN ({changed})")
    contracts = {name: _contract_or_fault(project, name) for name in sorted(changes.read - {DOMAINS, GLOSSARY})}
    valid = [contract for contract in contracts.values() if isinstance(contract, Contract)]
    writer.insert("catalogue.datasets", [_dataset_row(project, name, found) for name, found in contracts.items()])
    writer.insert("catalogue.columns", [row for contract in valid for row in _column_rows(contract)])
    writer.insert("catalogue.column_terms", [row for contract in valid for row in _column_terms(contract)])
    titles = project.domain_titles
    writer.insert("catalogue.search", [row for name, found in contracts.items() for row in _search_rows(name, found, titles)])
    if GLOSSARY in changes.read:
        _insert_glossary(writer, project)
    writer.insert("catalogue.files", [(name, changes.stamps[name]) for name in sorted(changes.read)])


def dataset_rows(project: Project) -> list[tuple[object, ...]]:
    """The rows of `catalogue.datasets` of every dataset of the project."""
    return [_dataset_row(project, name, _contract_or_fault(project, name)) for name in project.datasets()]


def _stamp(project: Project, name: str) -> str:
    found = project.contract_path(name).stat()
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"


def _glossary_stamp(project: Project) -> str:
    """Of the file and of the languages that its terms need."""
    try:
        found = (project.root / GLOSSARY_FILE).stat()
    except OSError:
        return "-"
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{' '.join(project.languages)}"


def _insert_glossary(writer: FileWriting, project: Project) -> None:
    try:
        glossary = read_glossary(project)
    except (ContractError, OSError) as error:
        code, facts = (
            (error.code, error.facts) if isinstance(error, ContractError) else ("glossary_unreadable", {"file": GLOSSARY_FILE})
        )
        writer.insert("catalogue.faults", [(GLOSSARY, code, json.dumps(pack_facts(facts)))])
        return
    writer.insert("catalogue.terms", list(_term_rows(glossary)))
    writer.insert("catalogue.search", list(_term_search_rows(glossary)))


def _term_rows(glossary: Glossary) -> Iterable[tuple[object, ...]]:
    for term in glossary.terms.values():
        words = (*_pair(term.names), *_pair(term.definitions))
        yield GLOSSARY, term.id, *words, term.owner, str(term.state), json.dumps(term.synonyms, ensure_ascii=False)


def _term_search_rows(glossary: Glossary) -> Iterable[tuple[object, ...]]:
    for term in glossary.terms.values():
        words = (term.id, *term.names.values(), *term.synonyms, *term.definitions.values())
        yield "term", GLOSSARY, term.id, search_text(words)


def _contract_or_fault(project: Project, name: str) -> Contract | str:
    """The contract, or the message code of why it is not valid."""
    try:
        return project.contract(name)
    except ContractError as error:
        return error.code


def _pair(words: Mapping[Lang, str]) -> tuple[str | None, str | None]:
    """The words in English and in Chinese."""
    return words.get(Lang.EN) or None, words.get(Lang.ZH) or None


def _dataset_row(project: Project, name: str, found: Contract | str) -> tuple[object, ...]:
    if isinstance(found, str):
        return name, *(None,) * 14, found
    allowed = found.sla.freshness_seconds or project.latency_days * DAY
    words = (*_pair(names_of(found)), *_pair(descriptions_of(found)))
    head = (name, str(found.layer), found.owner or None, found.domain or None, found.version, *words)
    key, title = ", ".join(found.proposed_key) or None, _pair(project.domain_titles.get(found.domain, {}))
    return *head, allowed, len(found.columns), found.data_class, key, *title, None


def _column_rows(contract: Contract) -> Iterable[tuple[object, ...]]:
    for position, column in enumerate(contract.columns, 1):
        key = contract.primary_key.index(column.name) + 1 if column.name in contract.primary_key else None
        source = column.source_name if column.source_name != column.name else None
        words = (source, *_pair(names_of(column)), *_pair(descriptions_of(column)))
        yield contract.name, position, column.name, str(column.type), column.unit, *words, int(column.required), key


def _column_terms(contract: Contract) -> Iterable[tuple[str, str, str]]:
    return ((contract.name, column.name, term) for column in contract.columns for term in column.terms)


def _search_rows(name: str, found: Contract | str, titles: Mapping[str, Mapping[Lang, str]]) -> Iterable[tuple[object, ...]]:
    if isinstance(found, str):
        yield "dataset", name, name, search_text([name])
        return
    title = titles.get(found.domain, {}).values()
    yield "dataset", name, name, search_text([name, found.owner, found.domain, *title, *_words(found)])
    for column in found.columns:
        yield "column", name, column.name, search_text([column.name, *column.source_names, *_words(column)])


def _words(element: Contract | Column) -> tuple[str, ...]:
    return *names_of(element).values(), *descriptions_of(element).values()
