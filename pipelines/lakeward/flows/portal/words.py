"""Texts that search looks in: names and descriptions, in full pinyin and by initials, so that a Latin keyboard finds Chinese words."""

from collections.abc import Iterable
from importlib import import_module

from lakeward.core.errors import MachineError
from lakeward.core.languages import CHINESE


def search_text(words: Iterable[str]) -> str:
    """The words in lower case, and those with Chinese characters in pinyin too, separated by line ends.

    Raises:
        MachineError: The extra `portal` is not installed.
    """
    found = [word.strip().lower() for word in words if word and word.strip()]
    spelled = [form for word in found if CHINESE.search(word) for form in pinyin_forms(word)]
    return "\n".join(dict.fromkeys((*found, *spelled)))


def pinyin_forms(word: str) -> tuple[str, str]:
    """The word in pinyin without tones, and the initials of its syllables; other characters stay.

    Raises:
        MachineError: The extra `portal` is not installed.
    """
    try:
        pypinyin = import_module("pypinyin")
    except ModuleNotFoundError as error:
        raise MachineError("extra_missing", extra="portal") from error
    syllables = pypinyin.lazy_pinyin(word)
    initials = pypinyin.lazy_pinyin(word, style=pypinyin.Style.FIRST_LETTER)
    return "".join(syllables).lower(), "".join(initials).lower()
