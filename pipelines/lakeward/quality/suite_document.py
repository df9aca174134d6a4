"""A suite's text as its entries: read, brought to the form of Great Expectations 1, and with its parameters filled in."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.core.errors import SuiteError
from lakeward.core.messages import Phrase
from lakeward.quality.suite_parameters import ParameterError, missing_parameters, substitute

# Keys of suites before 1.0, and what they are called since.
_RENAMED = {"expectation_suite_name": "name", "evaluation_parameters": "suite_parameters"}
_OLD_TYPE = "expectation_type"


@dataclass(frozen=True, slots=True)
class SuiteDocument:
    """A suite in the form of Great Expectations 1.

    Args:
        content: Its keys.
        entries: Its expectations, parameters filled in; what is no expectation stands as it was written.
        is_converted: It was written for Great Expectations before 1.0.
    """

    content: Mapping[str, Any]
    entries: tuple[Any, ...]
    is_converted: bool


def read_document(suite_text: str, file: str) -> SuiteDocument:
    """The suite that a text holds.

    Raises:
        SuiteError: It is no JSON, has no list of expectations, or a parameter has no value.
    """
    suite = _parse(suite_text, file)
    entries = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(entries, list):
        raise SuiteError(
            "suite_shape", file=file, place="expectations", expected=Phrase("phrase_list"), found=type(entries).__name__
        )
    is_old = any(key in suite for key in _RENAMED) or any(isinstance(e, dict) and _OLD_TYPE in e for e in entries)
    content = {_RENAMED.get(key, key): value for key, value in suite.items()}
    current = [_rename_type(entry) for entry in entries]
    parameters = content.get("suite_parameters") or {}
    _check_parameters(current, parameters, file)
    return SuiteDocument(
        content=content,
        entries=tuple(_fill(entry, parameters, file, index) for index, entry in enumerate(current)),
        is_converted=is_old,
    )


def _parse(suite_text: str, file: str) -> Any:
    try:
        return json.loads(suite_text, parse_constant=_parse_infinity)
    except json.JSONDecodeError as error:
        raise SuiteError("suite_syntax", file=file, line=error.lineno, column=error.colno, problem=error.msg) from None
    except ValueError as error:
        raise SuiteError("suite_shape", file=file, place="-", expected=Phrase("phrase_numbers"), found=str(error)) from None


def _parse_infinity(word: str) -> float:
    """The ends of an open interval, as Great Expectations writes them; what is no number is no bound."""
    value = float(word)
    if math.isnan(value):
        raise ValueError(word)
    return value


def _rename_type(entry: Any) -> Any:
    if not isinstance(entry, dict) or _OLD_TYPE not in entry or "type" in entry:
        return entry
    return {("type" if key == _OLD_TYPE else key): value for key, value in entry.items()}


def _check_parameters(entries: list[Any], parameters: Any, file: str) -> None:
    """All names that have no value, not only the first: a person fills them in at once."""
    if not isinstance(parameters, dict):
        found = type(parameters).__name__
        raise SuiteError("suite_shape", file=file, place="suite_parameters", expected=Phrase("phrase_mapping"), found=found)
    missing: dict[str, None] = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("kwargs"), dict):
            for value in entry["kwargs"].values():
                missing |= dict.fromkeys(missing_parameters(value, parameters))
    if missing:
        first = next(iter(missing))
        raise SuiteError("suite_parameter_missing", file=file, parameters=", ".join(missing), first=first)


def _fill(entry: Any, parameters: Mapping[str, Any], file: str, index: int) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("kwargs"), dict):
        return entry
    try:
        return {**entry, "kwargs": substitute(entry["kwargs"], parameters)}
    except ParameterError as error:
        raise SuiteError("suite_parameter_formula", file=file, place=f"expectations[{index}]", found=error.name) from None
