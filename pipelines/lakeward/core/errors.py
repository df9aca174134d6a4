"""The error tree: error classes are grouped by the action they need, and carry facts instead of text.

The text is looked up by code in `core/messages/*.yaml`, in English or Chinese, so that every error says what, where,
expected, found and the next step in the reader's language. Facts never contain data values (docs/explanation/laws.md, 6).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import ClassVar

from lakeward.core.messages import Lang, page_text, text


class ExitCode(IntEnum):
    """Exit codes of `lakeward`."""

    DONE = 0
    JUDGED_FAILED = 1
    WRONG_USE = 2
    REFUSED = 3
    ENVIRONMENT = 4
    INTERRUPTED = 130


# What a calling program can do about each code.
EXIT_CODES: Mapping[ExitCode, str] = {
    ExitCode.DONE: "Done.",
    ExitCode.JUDGED_FAILED: "Judged, and at least one rule failed that quarantines rows or stops its batch; a file was rejected whole, or more records than the contract's `limits.rejectedShare`; or a promise of Lakeward's own broke.",
    ExitCode.WRONG_USE: "Wrong use: an unknown dataset, option or setting.",
    ExitCode.REFUSED: "Refused: a contract, suite or policy is not valid, or its change breaks it; data to check can't be used; a reader may not see it.",
    ExitCode.ENVIRONMENT: "The environment: disk, permissions, a missing extra, another program in the way.",
    ExitCode.INTERRUPTED: "Interrupted by Ctrl-C. Nothing is lost: the next run goes on where this one ended.",
}


class LakewardError(Exception):
    """An error that a user can act on.

    Args:
        code: Key of a message in `core/messages/*.yaml`.
        facts: Values named in that message: places, names, types, counts; never data values.
    """

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[ExitCode] = ExitCode.JUDGED_FAILED

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)

    def render(self, lang: Lang) -> str:
        """The message in `lang`: the problem, then the next step on a separate line."""
        return f"{self.problem(lang)}\n{text(f'{self.code}.next', lang, **self.facts)}"

    def render_page(self, lang: Lang) -> str:
        """The message for a reader of the portal: its next step names a page where there is one."""
        return page_text(self.code, lang, self.facts)

    def problem(self, lang: Lang) -> str:
        """The message in `lang` without the next step."""
        return text(self.code, lang, **self.facts)

    def __str__(self) -> str:
        return self.render(Lang.EN)


class DefinitionError(LakewardError, ValueError):
    """A file of the project must be corrected."""

    exit_code = ExitCode.REFUSED


class ContractError(DefinitionError):
    """A contract is not valid, or its change is not allowed."""


class SuiteError(DefinitionError):
    """A suite is not valid for its contract."""


class DataError(DefinitionError):
    """Data passed to a check can't be read as a table."""


class PolicyError(DefinitionError):
    """A serving policy or one of its tests is not valid."""


class SettingsError(DefinitionError):
    """`project.yaml`, an option or an environment variable is not valid."""

    exit_code = ExitCode.WRONG_USE


class UsageError(LakewardError):
    """The command names something that does not exist."""

    exit_code = ExitCode.WRONG_USE


class ProtectionError(LakewardError):
    """The policy, the guard of served views or the state of a key forbids the operation."""

    exit_code = ExitCode.REFUSED


class MachineError(LakewardError):
    """The environment prevents the operation: disk, permissions, a missing extra."""

    exit_code = ExitCode.ENVIRONMENT


class TransientError(LakewardError):
    """A later retry can succeed."""

    retryable = True
    exit_code = ExitCode.ENVIRONMENT


class StoreConflictError(TransientError):
    """Another process committed to the same table first."""


class InvariantError(LakewardError, AssertionError):
    """An invariant of the product does not hold (a defect of Lakeward). Nothing is committed."""
