"""Texts for people, in both languages: one YAML file per package, one entry per code.

An entry has `en` and `zh`; an error has `en_next` and `zh_next` too: the command or the edit that repairs it. `{folder!q}` is a fact as a word of a
command: quoted, where a shell would read it as something else.
"""

import functools
import re
import shlex
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from string import Formatter

import yaml

__all__ = ["Lang", "catalogue", "page_text", "text"]

# An entry begins with its code at the margin and goes on to the next code.
ENTRY = re.compile(r"^((\w+):.*(?:\n(?!\w).*)*)", re.MULTILINE)

# Facts that say why, and beginnings of codes that say why a file or a record is not read.
CONSEQUENCE = re.compile(r"([;.；。] ?(the whole file is rejected|整个文件被拒收))?[.。]$", re.IGNORECASE)
# The question after near names, which is left out where there is no name at all.
NEAR = re.compile(r" ?(Did you mean|是否为|Close|相近的有|相近)[:：] ?\{close\}[?？.。]")
REASONS, CODED = ("reason", "found", "why"), ("file_", "reject_")


class Lang(StrEnum):
    """A language that every text exists in."""

    EN = "en"
    ZH = "zh"


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """All entries of all files: code -> {en, zh, en_next, zh_next}."""
    return {code: _entry(code) for code in _entry_texts()}


@functools.cache
def _entry_texts() -> dict[str, str]:
    """Each entry as it is written, by code: a call needs a few of them, and to parse them all takes longer than the call."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml"))
    texts = (file.read_text(encoding="utf-8") for file in files)
    return {code: entry for one in texts for entry, code in ENTRY.findall(one)}


@functools.cache
def _entry(code: str) -> dict[str, str]:
    entry: dict[str, str] = yaml.load(_entry_texts()[code], Loader=yaml.CSafeLoader)[code]
    return entry


def text(code: str, lang: Lang, /, **facts: object) -> str:
    """The text of `code` in `lang`, filled with `facts`; `<code>.next` is the next step of an error.

    Raises:
        KeyError: No such code, language or fact: our bug, caught by the convention tests.
    """
    name, _, step = code.partition(".")
    template = _entry(name)[f"{lang}_next" if step else str(lang)]
    if facts.get("close", "-") in {"", "-"}:
        template = NEAR.sub("", template)
    words = {fact: _in_words(value, lang) if fact in REASONS else value for fact, value in facts.items()}
    return _COMMANDS.format(template, **words) if "!q}" in template else template.format(**words)


class _Commands(Formatter):
    def convert_field(self, value: object, conversion: str | None) -> object:
        if conversion == "q":
            return shlex.quote(str(value))
        return super().convert_field(value, conversion)


_COMMANDS = _Commands()


def page_text(code: str, lang: Lang, facts: Mapping[str, object]) -> str:
    """The text of an error for a reader of the portal, and the next step on a line of its own: that of pages where there is one."""
    own = f"page_{code}"
    return f"{text(code, lang, **facts)}\n{text(own if own in _entry_texts() else f'{code}.next', lang, **facts)}"


def _in_words(value: object, lang: Lang) -> object:
    """The text of a reason that is a code, without what becomes of the file and the last full stop: it stands in another text."""
    if not isinstance(value, str) or not value.startswith(CODED) or value not in _entry_texts():
        return value
    words = _entry(value)[str(lang)]
    return value if "{" in words else CONSEQUENCE.sub("", words)
