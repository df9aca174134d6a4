"""Pieces of a page in Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from lakeward.core.keys import KeyDoc

# What a cell without a text shows.
EMPTY = "–"
KEY_HEAD = ("key", "value", "meaning", "default")


def page(title: str, source: str, *parts: str) -> str:
    """A generated page: its title, where it comes from, and its parts with an empty line between them."""
    made = f"<!-- Made by `make docs` from {source}: do not edit it. -->"
    return "\n\n".join((f"# {title}", made, *(part.strip("\n") for part in parts))) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a bar inside a cell stays a bar, and a line end becomes a break."""
    return "\n".join((_line(head), "|" + "---|" * len(head), *map(_line, rows)))


def keys(docs: Mapping[str, KeyDoc]) -> str:
    """A table of keys; one that can't be left out is bold."""
    return table(
        KEY_HEAD,
        [
            (_key(name, doc), doc.kind, doc.meaning, "must be given" if doc.required else doc.default)
            for name, doc in docs.items()
        ],
    )


def code(text: object) -> str:
    """`text` as code."""
    return f"`{text}`"


def _key(name: str, doc: KeyDoc) -> str:
    return f"**`{name}`**" if doc.required else code(name)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>") or EMPTY
