"""Names for people, proposed from headers: the header's words, or both languages of a term of the glossary that is called so."""

import re
from collections.abc import Iterator

from lakeward.contracts.glossary import Glossary
from lakeward.contracts.words import GLOSSARY_FILE
from lakeward.core.languages import CHINESE
from lakeward.core.messages import Lang
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.layout_text import yaml_value

# A unit in brackets at the end of a header is no part of the name.
_BRACKETS = re.compile(r"\s*[(（\[【][^()（）\[\]【】]*[)）\]】]\s*$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GAPS = re.compile(r"[\s_]+")
# Headers that name no content.
_PLACES = re.compile(r"(column|unnamed|field|c|列)?[ _:]*\d*", re.IGNORECASE)


def business_name_lines(column: ColumnProfile, glossary: Glossary) -> Iterator[str]:
    """The lines of a drafted column that name it for people; none where its header says nothing."""
    words = "" if column.joined_names else header_words(column.source_name, has_unit=column.unit is not None)
    if not words:
        return
    term = glossary.find(column.source_name) or glossary.find(words)
    if term is None:
        other = "English" if CHINESE.search(words) else "Chinese"
        yield f"        businessName: {yaml_value(words)}      # the words of the header; add the {other} name: English / 中文"
        return
    names = " / ".join(term.names[lang] for lang in Lang if lang in term.names)
    yield f"        businessName: {yaml_value(names)}      # proposed: the header is a name of the term {term.id} in the glossary"
    url = yaml_value(f"{GLOSSARY_FILE}#{term.id}")
    yield f"        authoritativeDefinitions: [{{type: glossary, url: {url}}}]      # remove it if the column means something else"


def header_words(header: str, *, has_unit: bool) -> str:
    """The words of a header: `OrderNo` and `order_no` are `Order no`; empty where it only numbers the columns."""
    plain = _BRACKETS.sub("", header) if has_unit else header
    words = _GAPS.sub(" ", _CAMEL.sub(" ", plain)).strip()
    if _PLACES.fullmatch(words):
        return ""
    return words[:1].upper() + words[1:]
