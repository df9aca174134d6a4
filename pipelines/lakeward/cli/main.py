"""The console script: settings first, then the command; an error becomes a message in the reader's language and an exit code."""

import sys
from pathlib import Path

from lakeward.cli.app import make_app
from lakeward.core.errors import LakewardError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings

# Options of every command; people add them anywhere on the line, so they are taken out before the command is parsed.
GLOBAL = ("--project", "--lang")


def main(argv: list[str] | None = None) -> None:
    """Run `lakeward` with the given words; ends the process with its exit code."""
    given, words = parted(sys.argv[1:] if argv is None else argv)
    lang = Lang.ZH if given.get("--lang", "").startswith("zh") else Lang.EN
    try:
        project = Path(given["--project"]) if "--project" in given else None
        settings = Settings.load(project, lang if "--lang" in given else None)
        lang = settings.lang
        make_app(lang)(words, prog_name="lakeward", obj=settings)
    except LakewardError as error:
        sys.stderr.write(error.render(lang) + "\n")
        raise SystemExit(error.exit_code) from None


def parted(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    """The global options with their values, and the other words."""
    given: dict[str, str] = {}
    words: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        name, equals, value = word.partition("=")
        if name in GLOBAL and (equals or queue):
            given[name] = value if equals else queue.pop(0)
        else:
            words.append(word)
    return given, words
