"""A hook of the site's builder: a folder that the navigation names stands for its pages, and a block may say what it needs."""

import logging
import re
from pathlib import Path
from typing import Any

TITLE = "# "
# What a handler of Python's documentation reads, by the names of its attributes.
MODULES: dict[str, Any] = {"_modules_collection": None, "_lines_collection": None}
# What they say on each build is no news. (The builder's own `--quiet` would hide warnings from `--strict`.)
TALKATIVE = ("jieba", "mkdocs.plugins.mkdocs_static_i18n")
# The builder knows no second word beside a language; a class it does know.
NEEDS = re.compile(r"^( *```console) ([a-z]+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Put the pages of each folder in the place of its name."""
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    docs = Path(config.docs_dir)
    config.nav = [opened for entry in config.nav if (opened := _opened(docs, entry))]
    return config


def on_pre_build(config: Any) -> None:
    """Let the second language have the modules that the first has read: a third of the building is to read them."""
    python = config.plugins["mkdocstrings"].get_handler("python")
    for attribute, read in MODULES.items():
        MODULES[attribute] = read or getattr(python, attribute)
        setattr(python, attribute, MODULES[attribute])


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write `console spark` as the builder has it."""
    return NEEDS.sub(r"\1 {.\2}", markdown)


def _opened(docs: Path, entry: Any) -> Any:
    """The entry with its pages; None where no page is there yet."""
    title, place = next(iter(entry.items()))
    if isinstance(place, list):  # each language comes by with the same navigation
        return entry
    if place.endswith(".md"):
        return entry if (docs / place).is_file() else None
    pages = _pages(docs, place)
    return {title: pages} if pages else None


def _pages(docs: Path, folder: str) -> list[str]:
    """The English pages of a folder by their titles, an overview first."""
    found = [page for page in (docs / folder).glob("*.md") if not page.name.endswith(".zh.md")]
    ordered = sorted(
        found, key=lambda page: (page.stem not in {"index", "README"}, page.name if folder == "decisions/" else _title(page))
    )
    return [page.relative_to(docs).as_posix() for page in ordered]


def _title(page: Path) -> str:
    return next(
        (line.removeprefix(TITLE) for line in page.read_text(encoding="utf-8").splitlines() if line.startswith(TITLE)), ""
    )
