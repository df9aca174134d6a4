"""Reads an assessor's answers on items without live evidence. Strict, because an error would give a false score.

Item numbers are valid only within an edition, so a file of another edition is an error.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lakeward.contracts.document import Document, Fault, read_document, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.maturity.arithmetic import clause_score
from lakeward.maturity.catalogue import Catalogue

KEYS: Mapping[str, KeyDoc] = {
    "edition": KeyDoc(
        "text", "Edition that the item numbers are of, as the catalogue writes it: `GB/T 36073-2025`.", required=True
    ),
    "answers": KeyDoc("list", "One mapping of the keys below per item.", "none"),
}
ANSWER_KEYS: Mapping[str, KeyDoc] = {
    "item": KeyDoc("text", "Number of the item, in quotes: `'6.1'`. An item stands once.", required=True),
    "who": KeyDoc("text", "The assessor.", required=True),
    "when": KeyDoc("date", "Day of the assessment, such as `2026-11-20`.", required=True),
    "reason": KeyDoc("text", "Why the answer differs from what live evidence proposes.", required=True),
    "documents": KeyDoc(
        "list", "What the assessor saw: links, or mappings of the document keys below; at least one.", required=True
    ),
    "conformity": KeyDoc(
        "mapping", "Level `'1'` to `'5'` -> a list with the conformity of each clause of that level, in per cent.", required=True
    ),
}
DOCUMENT_KEYS: Mapping[str, KeyDoc] = {
    "name": KeyDoc("text", "Link or name of the document.", required=True),
    "sha256": KeyDoc("text", "SHA-256 of the document, 64 hex digits.", "none"),
    "date": KeyDoc("date", "Day of the document.", "none"),
    "page": KeyDoc("text", "Page or clause.", "none"),
}
LEVELS = 5
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDocument:
    """A document that an assessor saw.

    Args:
        name: Link or name.
        sha256: Hash of its content; None if it is not known.
        date: Day of the document, in ISO 8601; None if it is not known.
        page: Page or clause; None for the whole document.
    """

    name: str
    sha256: str | None = None
    date: str | None = None
    page: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `document_facts`."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessorAnswer:
    """An assessor's grade of one item.

    Args:
        score: 0 to 5, from the conformities of the item's clauses.
        reason: Why it differs from the proposal.
        documents: Names of the documents seen; at least one.
        document_facts: The same documents, with hash, day and page where they are known.
        verified: Whether an account signed it; not where it was written into the file by hand.
    """

    item: str
    score: Decimal
    who: str
    when: date
    reason: str
    documents: tuple[str, ...]
    document_facts: tuple[AnswerDocument, ...] = ()
    verified: bool = False


def read_answers(text: str, file: str, catalogue: Catalogue, today: date) -> tuple[AssessorAnswer, ...]:
    """The answers in `text`.

    Args:
        file: Its name in messages.
        today: Last day that an answer may have.

    Raises:
        DefinitionError: The file is not valid, or has an answer of a later day, an unknown item or edition; the first fault is reported with its line.
    """
    try:
        document = read_document(text, file)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    view = _root(document, faults)
    _edition(view, catalogue)
    answers = tuple(_answer(each, catalogue, today) for each in view.mappings("answers"))
    _check_distinct_items(view, answers)
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return answers


def _root(document: Document, faults: list[Fault]) -> View:
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(KEYS)
    return view


def _edition(view: View, catalogue: Catalogue) -> None:
    edition = view.text("edition")
    if edition and edition != catalogue.edition:
        view.fail("edition", "maturity_edition", found=safe_repr(edition), expected=catalogue.edition)


def _answer(view: View, catalogue: Catalogue, today: date) -> AssessorAnswer:
    view.allow_only(ANSWER_KEYS)
    item = view.text("item", expected=Phrase("phrase_item"))
    if item and item not in {known.number for known in catalogue.items}:
        view.fail("item", "maturity_unknown_item", found=safe_repr(item), edition=catalogue.edition)
    documents = view.entry("documents", Phrase("phrase_documents"), _documents) or ()
    when = view.entry("when", Phrase("phrase_day", example="2026-11-20"), _date)
    if when and when > today:
        view.fail("when", "maturity_when", found=when.isoformat(), today=today.isoformat())
    return AssessorAnswer(
        item=item,
        score=_score(view, catalogue),
        who=view.text("who"),
        when=when or date.min,
        reason=view.text("reason"),
        documents=tuple(each.name for each in documents),
        document_facts=documents,
    )


def _documents(value: Any) -> tuple[AnswerDocument, ...] | None:
    found = [_document(each) for each in value] if isinstance(value, list) else []
    return tuple(each for each in found if each) if found and all(found) else None


def _document(value: Any) -> AnswerDocument | None:
    if isinstance(value, str):
        return AnswerDocument(name=value) if value.strip() else None
    if not isinstance(value, Mapping) or not set(value) <= set(DOCUMENT_KEYS):
        return None
    texts = {key: str(text) for key, text in value.items() if text is not None}
    is_valid = bool(texts.get("name", "").strip()) and _DIGEST.fullmatch(texts.get("sha256", "0" * 64))
    return AnswerDocument(**texts) if is_valid and ("date" not in texts or _date(texts["date"])) else None


def _score(view: View, catalogue: Catalogue) -> Decimal:
    allowed = catalogue.conformities
    expected = Phrase("phrase_conformity", values=", ".join(map(str, allowed)))
    levels = view.entry("conformity", expected, lambda value: _conformities(value, allowed))
    return clause_score(levels or ())


def _conformities(value: Any, allowed: tuple[int, ...]) -> list[list[Decimal]] | None:
    if not isinstance(value, Mapping) or set(value) != {str(level) for level in range(1, LEVELS + 1)}:
        return None
    levels = [value[str(level)] for level in range(1, LEVELS + 1)]
    is_valid = all(
        isinstance(clauses, list) and clauses and all(type(c) is int and c in allowed for c in clauses) for clauses in levels
    )
    return [[Decimal(clause) / 100 for clause in clauses] for clauses in levels] if is_valid else None


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _check_distinct_items(view: View, answers: tuple[AssessorAnswer, ...]) -> None:
    seen: set[str] = set()
    for at, answer in enumerate(answers):
        if answer.item in seen:
            view.faults.append(Fault(("answers", at, "item"), "maturity_item_twice", {"item": safe_repr(answer.item)}))
        seen.add(answer.item)
