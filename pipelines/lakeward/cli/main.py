"""The console script: settings first, then the command; an error becomes a message in the reader's language and an exit code."""

import gc
import re
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from lakeward.cli.app import GLOBAL, SHOW_UTC, VERBOSE, make_app
from lakeward.cli.completion import COMPLETE, write_next
from lakeward.cli.interrupts import exit_on_interrupt
from lakeward.core.errors import ExitCode, LakewardError, SettingsError, UsageError
from lakeward.core.messages import Lang
from lakeward.core.process_usage import be_command
from lakeward.core.settings import Settings

# New objects before a look at the young ones, and such looks before those at older ones.
_GARBAGE = (50_000, 20, 50)
_SURROGATE = re.compile("[\ud800-\udfff]")


def main(argv: list[str] | None = None) -> None:
    """Run `lakeward` with the given arguments; ends the process with its exit code."""
    lang, is_own_process = Lang.EN, argv is None
    if is_own_process:
        be_command()
        # Thousands of contracts are no garbage: looking for some among them every 700 objects takes a fifth of a command's time.
        gc.set_threshold(*_GARBAGE)
    try:
        argv = sys.argv[1:] if argv is None else argv
        if argv[:1] == [COMPLETE]:
            lang = Settings.load().lang
            check_characters(argv)
            write_next(make_app(lang), argv[1:], lang)
            raise SystemExit(ExitCode.DONE)
        options, words = split_options(argv)
        lang = parse_language(options.get("--lang", lang))
        project = Path(options["--project"]) if "--project" in options else None
        settings = Settings.load(project, lang if "--lang" in options else None)
        lang = settings.lang
        check_characters(argv)
        if VERBOSE[0] in options:
            settings = replace(settings, spark=replace(settings.spark, verbose=True))
        if SHOW_UTC in options:
            settings = replace(settings, utc=True)
        with exit_on_interrupt(lang) if is_own_process else nullcontext():
            make_app(lang)(words, prog_name="lakeward", obj=settings)
    except LakewardError as error:
        sys.stderr.write(error.render(lang) + "\n")
        raise SystemExit(error.exit_code) from None


def check_characters(argv: Iterable[str]) -> None:
    """Check that all arguments are text: bytes that are not UTF-8 arrive as surrogates, which no file, log or table can hold.

    Raises:
        UsageError: One is not.
    """
    for at, word in enumerate(argv, start=1):
        if _SURROGATE.search(word):
            raise UsageError("argument_not_utf8", at=at)


def parse_language(lang: str) -> Lang:
    """The language named by `--lang`.

    Raises:
        SettingsError: The language does not exist.
    """
    if lang not in tuple(Lang):
        raise SettingsError("setting_not_allowed", variable="--lang", expected=", ".join(Lang), found=lang)
    return Lang(lang)


def split_options(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    """The global options with their values, and the remaining words.

    Raises:
        SettingsError: The last word is a global option without its value.
    """
    options: dict[str, str] = {}
    words: list[str] = []
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        name, equals, value = word.partition("=")
        if name in GLOBAL and not equals and not queue:
            raise SettingsError("option_without_value", option=name)
        if word in VERBOSE:
            options[VERBOSE[0]] = ""
        elif word == SHOW_UTC:
            options[word] = ""
        elif name in GLOBAL:
            options[name] = value if equals else queue.pop(0)
        else:
            words.append(word)
    return options, words
