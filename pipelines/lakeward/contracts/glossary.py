"""The glossary of a project: terms with definitions in the languages of the plant, to which columns refer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lakeward.contracts.document import Document, Fault, read_document, read_text, safe_repr
from lakeward.contracts.project import Project
from lakeward.contracts.view import View
from lakeward.contracts.words import GLOSSARY_FILE, TERM_URL, read_by_language
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Lang
from lakeward.core.spelling import did_you_mean

# Letters of any script: a term is named as the plant names it.
TERM_ID = re.compile(r"[\w-]{1,64}")
KEYS: Mapping[str, KeyDoc] = {
    "terms": KeyDoc(
        "mapping", "Id of a term (letters of any script, digits, `_` and `-`, at most 64) -> its keys below.", "none"
    ),
}
TERM_KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc("mapping", "The term, by language: `en`, `zh`; in each language of the plant.", required=True),
    "definition": KeyDoc("mapping", "What it means, by language, as `name`.", required=True),
    "owner": KeyDoc("text", "Who answers for the definition.", required=True),
    "state": KeyDoc("`draft` or `approved`", "Columns refer to approved terms only.", "`draft`"),
    "synonyms": KeyDoc("list of texts", "Other words for it, in any language; search finds the term by them.", "none"),
}


class TermState(StrEnum):
    """State of a term."""

    DRAFT = "draft"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term.

    Args:
        id: Its name in references.
        names, definitions: By language.
        owner: Who answers for the definition.
        synonyms: Other words for it.
    """

    id: str
    names: Mapping[Lang, str]
    definitions: Mapping[Lang, str]
    owner: str
    state: TermState
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glossary:
    """The terms of a project by id; none without a file."""

    terms: Mapping[str, Term] = field(default_factory=dict)

    def find(self, words: str) -> Term | None:
        """The approved term that is named so, in any language or by a synonym; None if there is none, or several."""
        wanted = words.strip().casefold()
        found = [term for term in self.terms.values() if term.state is TermState.APPROVED and wanted in _known_by(term)]
        return found[0] if len(found) == 1 else None


def read_glossary(project: Project) -> Glossary:
    """The glossary of a project.

    Raises:
        ContractError: Its file is not valid; with the first place where it is not.
    """
    try:
        document = read_document(read_text(project.root / GLOSSARY_FILE, GLOSSARY_FILE), GLOSSARY_FILE)
    except FileNotFoundError:
        return Glossary()
    glossary, faults = build_glossary(document, project.languages)
    if faults:
        raise document.error(faults[0])
    return glossary


def build_glossary(document: Document, languages: tuple[Lang, ...]) -> tuple[Glossary, list[Fault]]:
    """The glossary of a document, and every fault by line.

    Args:
        languages: Languages that each term needs.
    """
    faults = [*document.faults]
    if not isinstance(document.data, dict):
        return Glossary(), [*faults, Fault((), "contract_not_a_mapping")]
    top = View(document.data, (), faults)
    top.allow_only(KEYS)
    listed = top.mapping("terms")
    terms = {str(name): _term(listed, str(name), languages) for name in listed.values}
    return Glossary(terms), sorted(faults, key=lambda fault: document.position(fault.key_path))


def term_faults(document: Document, glossary: Glossary) -> Iterator[Fault]:
    """The references of a valid contract's columns to terms that are not there, or not approved."""
    for at, column in enumerate(document.data["schema"][0]["properties"]):
        for place, item in enumerate(column.get("authoritativeDefinitions") or ()):
            match = TERM_URL.fullmatch(str(item.get("url")))
            path = ("schema", 0, "properties", at, "authoritativeDefinitions", place, "url")
            if match and match[1] not in glossary.terms:
                close = did_you_mean(match[1], glossary.terms) or "-"
                yield Fault(path, "term_unknown", {"found": safe_repr(match[1]), "close": close})
            elif match and glossary.terms[match[1]].state is not TermState.APPROVED:
                yield Fault(path, "term_not_approved", {"found": safe_repr(match[1])})


def _known_by(term: Term) -> set[str]:
    return {word.casefold() for word in (*term.names.values(), *term.synonyms)}


def _term(listed: View, name: str, languages: tuple[Lang, ...]) -> Term:
    if not TERM_ID.fullmatch(name):
        listed.fail(name, "term_id", found=safe_repr(name))
    view = listed.mapping(name)
    view.allow_only(TERM_KEYS)
    return Term(
        id=name,
        names=read_by_language(view.mapping("name"), languages),
        definitions=read_by_language(view.mapping("definition"), languages),
        owner=view.text("owner"),
        state=view.choice("state", tuple(TermState), TermState.DRAFT),
        synonyms=view.texts("synonyms"),
    )
