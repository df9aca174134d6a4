"""Texts for people, in both languages: one YAML file per package, one entry per code.

An entry has `en` and `zh`; an error has `en_next` and `zh_next` too: the command or the edit that repairs it. `{folder!q}` is a fact as a word of a
command: quoted, where a shell would read it as something else.
"""

import functools
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from string import Formatter

import yaml

__all__ = ["Lang", "Phrase", "catalogue", "find_phrase", "pack_facts", "page_text", "reason_text", "text", "unpack_facts"]

# An entry begins with its code at the margin and goes on to the next code.
ENTRY = re.compile(r"^((\w+):.*(?:\n(?!\w).*)*)", re.MULTILINE)

# Facts that say why, and beginnings of codes that say why a file or a record is not read.
CONSEQUENCE = re.compile(r"([;.；。] ?(the whole file is rejected|整个文件被拒收))?[.。]$", re.IGNORECASE)
# The question after near names.
NEAR = re.compile(r" ?(Did you mean|是否为|Close|相近的有|相近)[:：] ?\{(?P<fact>close|expected)\}[?？.。]")
REASONS, CODED = ("reason", "found", "why"), ("file_", "reject_")


class Lang(StrEnum):
    """A language that every text exists in."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True, init=False)
class Phrase:
    """A fact in words, such as what was expected: a text of its own, in the language of the message that names it.

    Args:
        facts: Values named in the text of `code`.
    """

    code: str
    facts: Mapping[str, object]

    def __init__(self, code: str, /, **facts: object) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "facts", facts)

    def __str__(self) -> str:
        return text(self.code, Lang.EN, **self.facts)


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
    template = _with_near_names(template, facts, lang)
    words = {fact: _in_words(fact, value, lang) for fact, value in facts.items()}
    return _COMMANDS.format(template, **words) if "!q}" in template else template.format(**words)


def _with_near_names(template: str, facts: Mapping[str, object], lang: Lang) -> str:
    """The template without its question after near names, where none is near; names that are known stand in its place."""
    asked = NEAR.search(template)
    names = facts.get(asked["fact"]) if asked else None
    if asked and isinstance(names, Phrase):
        known = _entry("known_names")[lang].replace("{names}", f"{{{asked['fact']}}}")
        return template.replace(asked[0], known)
    return template.replace(asked[0], "") if asked and names in ("", "-") else template


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


def find_phrase(words: str) -> str | Phrase:
    """The phrase of which these are the English words, as they are recorded; the words themselves where there is none."""
    code = _codes_by_words().get(words)
    return Phrase(code) if code else words


@functools.cache
def _codes_by_words() -> dict[str, str]:
    return {_entry(code)[Lang.EN]: code for code in _entry_texts() if code.startswith("phrase_")}


def reason_text(reason: str, lang: Lang) -> str:
    """A recorded reason in `lang`, if it is a code whose text needs no facts, or ends in the words of a phrase; else as it is."""
    if reason in _entry_texts():
        return reason if "{" in _entry(reason)[Lang.EN] else text(reason, lang)
    name, colon, words = reason.partition(": ")
    if isinstance(phrase := find_phrase(reason), Phrase):
        return text(phrase.code, lang)
    return f"{name}{colon}{text(phrase.code, lang)}" if isinstance(phrase := find_phrase(words), Phrase) else reason


def pack_facts(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts as values that JSON has, for a reader whose language is not known yet."""
    return {name: _pack(value) for name, value in facts.items()}


def unpack_facts(packed: Mapping[str, object]) -> dict[str, object]:
    """The facts of `pack_facts`.

    Raises:
        ValueError: They are not.
    """
    return {name: _unpack(value) for name, value in packed.items()}


def _unpack(value: object) -> object:
    if not isinstance(value, list):
        return value
    try:
        code, facts = value
        phrase = Phrase(code, **unpack_facts(facts))
        str(phrase)
    except (AttributeError, LookupError, TypeError) as error:  # such as a phrase of a later release
        raise ValueError from error
    return phrase


def _pack(value: object) -> object:
    if isinstance(value, Phrase):
        return [value.code, pack_facts(value.facts)]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _in_words(fact: str, value: object, lang: Lang) -> object:
    """A phrase in `lang`; of a reason that is a code its text, without what becomes of the file and the last full stop."""
    if isinstance(value, Phrase):
        return text(value.code, lang, **value.facts)
    if fact not in REASONS or not isinstance(value, str) or not value.startswith(CODED) or value not in _entry_texts():
        return value
    words = _entry(value)[str(lang)]
    return value if "{" in words else CONSEQUENCE.sub("", words)
