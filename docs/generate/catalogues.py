"""The page of catalogues: which editions of which standards and lists Lakeward stands on, and how certain each is."""

from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from generate.markdown import code, page
from generate.sources import CATALOGUES

INTRODUCTION = """\
What Lakeward knows of standards, units, expectations and functions is data: one file per edition, in `expectations/catalogues/` of the
package. An edition is in the name of its file, and its text is never changed: a newer edition is a new file. Certainty: A, two independent
sources; B, one usable source; P or C, a choice of Lakeward's own; I, an inference."""


def catalogues() -> str:
    """The page, in Markdown."""
    parts = [part for file in sorted(CATALOGUES.glob("*.yaml")) for part in _catalogue(file)]
    return page("Catalogues", "`expectations/catalogues/*.yaml`", INTRODUCTION, *parts)


def _catalogue(file: Path) -> list[str]:
    written = file.read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(written, Loader=yaml.CSafeLoader)
    comment = " ".join(
        line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), written.splitlines())
    )
    facts = "\n".join(f"- {name}: {content[name]}" for name in ("edition", "source", "certainty"))
    return [f"## {code(file.name)}", comment, facts]
