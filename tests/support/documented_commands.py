"""Reads the pages of the documentation as a person would follow them: files to save, commands to give, and what they print.

The convention is docs/contributing-docs.md. A page is followed from top to bottom in an empty folder.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support import source_tree

FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
HIDDEN = re.compile(r"^<!-- run: (?P<text>.*?) -->$", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r'title="([^"]+)"')
EXIT = re.compile(r"\s+# exit (\d)$")
# A command as it stands in a sentence or a table.
INLINE = re.compile(r"`((?:[A-Z_]+=\S+ )*lakeward [^`\n]+)`")
PROMPT = "$ "
# Why a block is not followed on every change.
NEEDS = {
    "airflow": "starts Airflow; the DAGs run in tests/integration/orchestration and in `make run`",
    "cluster": "needs a cluster; docs/how-to/run-on-spark.md says what was tried",
    "mail": "sends to a mail server or a chat of the plant; notices are sent in tests/integration/notices",
    "network": "downloads packages or jars",
    "server": "goes on until it is stopped",
    "spark": "starts Spark; runs in `make test-all`",
}
SHELLS = {"console", "bash", "sh", "shell", "zsh"}
ELLIPSIS = "…"
# What differs from run to run, in a page and in an answer alike.
VOLATILE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"), "TIME"),
    (re.compile(r"(?:/[\w.-]+)+/(?=[\w.-]*)"), "/PATH/"),
    (re.compile(r"[─━]+"), "─"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Command:
    """One command of a page.

    Args:
        text: As it is typed, on one line.
        code: The exit code that it must end with.
        shown: The lines of output that the page shows; none: the page shows nothing.
    """

    line: int
    text: str
    code: int
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Saved:
    """A file that the page asks to save."""

    line: int
    path: str
    text: str


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Args:
        words: Its info string, without the title.
    """

    line: int
    words: tuple[str, ...]
    title: str | None
    text: str

    @property
    def is_shell(self) -> bool:
        """Whether it holds commands."""
        return bool(self.words) and self.words[0] in SHELLS

    @property
    def needs(self) -> str | None:
        """What it needs beside this machine."""
        return self.words[1] if len(self.words) > 1 else None


def pages() -> tuple[str, ...]:
    """The pages that a reader may follow: the front pages, and docs/ without the decisions and what is generated."""
    fronts = [path for path in source_tree.files() if path in {"README.md", "README.zh.md", "CONTRIBUTING.md"}]
    inner = [path for path in source_tree.files() if path.startswith("docs/") and path.endswith(".md")]
    return (*fronts, *(path for path in inner if not path.startswith("docs/decisions/")))


def text_of(page: str) -> str:
    """The page's Markdown."""
    return (source_tree.ROOT / page).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks, and the commands that a page hides from its readers, in their order."""
    found = [*FENCE.finditer(text), *HIDDEN.finditer(text)]
    for match in sorted(found, key=lambda one: one.start()):
        line = text.count("\n", 0, match.start()) + 1
        if match.re is HIDDEN:
            yield Block(line, ("console",), None, f"{PROMPT}{match['text']}\n")
            continue
        indent, info = match["indent"], match["info"]
        title = TITLE.search(info)
        words = tuple(TITLE.sub("", info).split())
        yield Block(line, words, title[1] if title else None, re.sub(f"^{indent}", "", match["text"], flags=re.MULTILINE))


def steps(text: str) -> Iterator[tuple[Command | Saved, str | None]]:
    """What a reader does, in order, each with what its block needs beside this machine."""
    for block in blocks(text):
        if block.is_shell:
            yield from ((command, block.needs) for command in commands(block))
        elif block.title and _is_file(block.title):
            yield Saved(block.line, block.title, block.text), block.needs


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block, each with the output below it; a line that ends in a backslash goes on."""
    lines = re.sub(r"\\\n\s*(?:> )?", "", block.text).splitlines()
    given = [at for at, line in enumerate(lines) if line.startswith(PROMPT)]
    for at, end in zip(given, [*given[1:], len(lines)], strict=True):
        typed = lines[at].removeprefix(PROMPT)
        code = EXIT.search(typed)
        shown = tuple(line for line in lines[at + 1 : end] if line.strip())
        yield Command(block.line + 1 + at, EXIT.sub("", typed), int(code[1]) if code else 0, shown)


def named(text: str) -> list[str]:
    """The commands of Lakeward that sentences and tables name."""
    return INLINE.findall(FENCE.sub("", text))


def words_of(command: str) -> tuple[dict[str, str], list[str]]:
    """The variables that are set for a command, and its words; a comment is dropped."""
    words = shlex.split(command, comments=True)
    first = next((at for at, word in enumerate(words) if not re.fullmatch(r"[A-Z_]+=.*", word)), len(words))
    return dict(word.partition("=")[::2] for word in words[:first]), words[first:]


def differs(shown: tuple[str, ...], printed: str) -> str | None:
    """The first line of a page that an answer does not have in its place; a line `…` stands for any lines, `…` in a line for any text."""
    answer = [line for line in map(_steady, printed.splitlines()) if line]
    at = 0
    skipping = False
    for line in map(_steady, shown):
        if line == ELLIPSIS:
            skipping = True
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split(ELLIPSIS))))
        places = range(at, len(answer)) if skipping else range(at, min(at + 1, len(answer)))
        found = next((place for place in places if pattern.fullmatch(answer[place])), None)
        if found is None:
            return line
        at, skipping = found + 1, False
    return None if skipping or at == len(answer) else f"(the page ends, the answer goes on) {answer[at]}"


def _steady(line: str) -> str:
    for pattern, word in VOLATILE:
        line = pattern.sub(word, line)
    return line.strip()


def _is_file(title: str) -> bool:
    return " " not in title and "." in Path(title).name
