"""Texts that hold both languages, one after the other: which part is which."""

import re
from collections.abc import Mapping

from lakeward.core.messages import Lang

CHINESE = re.compile(r"[㐀-鿿豈-﫿]")
# Between the languages of a name: a slash between blanks, or a full-width one.
_BETWEEN = re.compile(r"\s+/\s+|\s*／\s*")
# A sentence ends at its mark where a blank, a Chinese character or the end follows; `99.5` is no end.
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s|$|[㐀-鿿])|[。！？]|$)\s*", re.DOTALL)


def split_languages(text: str) -> Mapping[Lang, str]:
    """The sentences of a text by language: those with a Chinese character, and the others."""
    sentences = [found[0].strip() for found in _SENTENCE.finditer(text.strip())]
    chinese = [sentence for sentence in sentences if CHINESE.search(sentence)]
    others = [sentence for sentence in sentences if not CHINESE.search(sentence)]
    return {Lang.EN: " ".join(others), Lang.ZH: "".join(chinese)}


def split_names(text: str) -> Mapping[Lang, str]:
    """The parts of a name such as `Order number / 工单号` by language: those with a Chinese character, and the others."""
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    chinese = [part for part in parts if CHINESE.search(part)]
    others = [part for part in parts if not CHINESE.search(part)]
    return {Lang.EN: " / ".join(others), Lang.ZH: " / ".join(chinese)}
