"""Loads suites from a file, a text or a mapping; an expectation can occur twice."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import SuiteError
from lakeward.quality.rule import Rule
from lakeward.quality.suite import read_suite
from lakeward.quality.suite_document import SuiteDocument, read_document

# Name in messages of a suite that is not a file.
INLINE_SUITE = "suite"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite as it was passed.

    Args:
        file: Its name in messages.
        text: Its JSON.
        path: Its file; None for one that is not a file.
    """

    file: str
    text: str
    path: Path | None = None

    @property
    def content(self) -> dict[str, Any]:
        """The parsed suite; only valid after `suite_rules`."""
        content = dict(self.document.content)
        return content if content.get("name") else content | {"name": Path(self.file).stem}

    @property
    def document(self) -> SuiteDocument:
        """The suite in the form of Great Expectations 1, parameters filled in.

        Raises:
            SuiteError: It is none.
        """
        return read_document(self.text, self.file)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Its expectations, as they are judged."""
        return list(self.document.entries)


def load_suite(suite: object) -> Suite:
    """Load a suite from a path, a JSON text or a mapping.

    Raises:
        SuiteError: The file does not exist, or is not text.
    """
    if isinstance(suite, Mapping):
        return Suite(INLINE_SUITE, json.dumps(dict(suite), ensure_ascii=False))
    if isinstance(suite, str) and suite.lstrip().startswith("{"):
        return Suite(INLINE_SUITE, suite)
    path = Path(str(suite))
    try:
        return Suite(str(path), path.read_text(encoding="utf-8-sig"), path)
    except OSError as error:
        raise SuiteError("suite_not_found", file=path) from error
    except UnicodeDecodeError as error:
        raise SuiteError("suite_not_text", file=path) from error


def suite_rules(suite: Suite, contract: Contract) -> tuple[Rule, ...]:
    """Its rules, in order, with unique ids: the second `x` is `x#2`.

    Raises:
        SuiteError: It is not a suite, or names columns that the contract does not have.
    """
    rules = _read_rules(suite, contract)
    id_counts: Counter[str] = Counter()
    named = []
    for rule in rules:
        id_counts[rule.id] += 1
        named.append(rule if id_counts[rule.id] == 1 else replace(rule, id=f"{rule.id}#{id_counts[rule.id]}"))
    return tuple(named)


def _read_rules(suite: Suite, contract: Contract) -> tuple[Rule, ...]:
    try:
        return read_suite(contract, suite.text, suite.file)
    except SuiteError as error:
        if error.code == "suite_unknown_column":
            raise SuiteError("suite_column_not_in_data", **error.facts) from None
        raise
