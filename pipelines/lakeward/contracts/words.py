"""The words of a contract for people, in the languages of the plant, and what lacks them."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakeward.contracts.model import Column, Contract
from lakeward.contracts.placeholders import is_drafted_purpose
from lakeward.contracts.view import View
from lakeward.core.languages import split_languages, split_names
from lakeward.core.messages import Lang

GLOSSARY_FILE = "expectations/glossary.yaml"
# The address of a term in the glossary; other addresses are for people.
TERM_URL = re.compile(r"(?:[\w.-]+/)*glossary\.ya?ml#(.*)")


class WordKind(StrEnum):
    """Kinds of words for people."""

    NAME = "name"
    DESCRIPTION = "description"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordGap:
    """What lacks words of one kind in one language.

    Args:
        dataset: Whether the dataset itself lacks them.
        columns: Columns that lack them, in the contract's order.
    """

    kind: WordKind
    lang: Lang
    dataset: bool
    columns: tuple[str, ...]


def read_terms(view: View) -> tuple[str, ...]:
    """The terms of the glossary that a column refers to; what else stands there is checked against the standard."""
    listed = view.values.get("authoritativeDefinitions")
    items = [item.get("url") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    found = (TERM_URL.fullmatch(url) for url in items if isinstance(url, str))
    return tuple(match[1] for match in found if match)


def read_by_language(view: View, required: Collection[Lang] = ()) -> dict[Lang, str]:
    """The texts of a mapping with the keys `en` and `zh`; faults are collected in `view`."""
    view.allow_only(tuple(Lang))
    texts = {lang: view.text(lang, None if lang in required else "") for lang in Lang}
    return {lang: text for lang, text in texts.items() if text}


def read_domain_titles(view: View) -> dict[str, dict[Lang, str]]:
    """Domain -> its title by language, from the mapping `domains` of `project.yaml`."""
    return {name: read_by_language(view.mapping(name)) for name in view.values}


def names_of(element: Contract | Column) -> Mapping[Lang, str]:
    """The business name by language; empty where it has none."""
    return split_names(element.business_name)


def descriptions_of(element: Contract | Column) -> Mapping[Lang, str]:
    """The description by language; empty where it has none, or that of a draft."""
    drafted = isinstance(element, Contract) and is_drafted_purpose(element.description)
    return split_languages("" if drafted else element.description)


def word_gaps(contract: Contract, languages: Collection[Lang]) -> Iterator[WordGap]:
    """What lacks names and descriptions in one of the languages."""
    for kind, words_of in ((WordKind.NAME, names_of), (WordKind.DESCRIPTION, descriptions_of)):
        for lang in languages:
            lacking = tuple(column.name for column in contract.columns if not words_of(column)[lang])
            of_dataset = not words_of(contract)[lang]
            if lacking or of_dataset:
                yield WordGap(kind=kind, lang=lang, dataset=of_dataset, columns=lacking)
