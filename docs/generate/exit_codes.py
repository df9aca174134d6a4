"""The page of exit codes, with the errors that end in each."""

from collections.abc import Iterator

from generate.markdown import code, page, table
from lakeward.core import errors
from lakeward.core.errors import EXIT_CODES, ExitCode, LakewardError

INTRODUCTION = """\
Every command ends with one of these codes. An error is printed to the error stream in two lines, what is wrong and the next step, in the
language of `--lang`; its texts are in [Messages](messages.md). In Python the same errors are raised as the classes below."""


def exit_codes() -> str:
    """The page, in Markdown."""
    codes = table(("exit", "name", "meaning"), [(int(one), code(one.name), EXIT_CODES[one]) for one in ExitCode])
    classes = table(("error", "exit", "meaning", "trying again later"), map(_class, _classes(LakewardError)))
    return page("Exit codes and errors", "`lakeward/core/errors.py`", INTRODUCTION, codes, "## Errors", classes)


def _classes(kind: type[LakewardError]) -> Iterator[type[LakewardError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from _classes(below)


def _class(kind: type[LakewardError]) -> tuple[object, ...]:
    said = (kind.__doc__ or "").strip().partition("\n")[0]
    return code(kind.__name__), int(kind.exit_code), said, "can succeed" if kind.retryable else "fails again"
