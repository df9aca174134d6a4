"""Texts for people, in both languages: one YAML file per package, one entry per code.

An entry has `en` and `zh`; an error has `en_next` and `zh_next` too: the command or the edit that repairs it.
"""

import functools
from enum import StrEnum
from importlib import resources

import yaml

__all__ = ["Lang", "catalogue", "text"]


class Lang(StrEnum):
    """A language that every text exists in."""

    EN = "en"
    ZH = "zh"


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """All entries of all files: code -> {en, zh, en_next, zh_next}."""
    merged: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            merged |= yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    return merged


def text(code: str, lang: Lang, /, **facts: object) -> str:
    """The text of `code` in `lang`, filled with `facts`; `<code>.next` is the next step of an error.

    Raises:
        KeyError: No such code, language or fact: our bug, caught by the convention tests.
    """
    name, _, step = code.partition(".")
    return catalogue()[name][f"{lang}_next" if step else str(lang)].format(**facts)
