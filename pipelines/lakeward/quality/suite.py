"""Reads the rules of a contract and a Great Expectations suite. Errors name the entry of the suite."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.core.errors import SuiteError
from lakeward.core.keys import KeyDoc
from lakeward.core.spelling import did_you_mean
from lakeward.quality.batch_rules import DIMENSIONS
from lakeward.quality.catalogue import Expectation, Form, derived_dimension, expectations
from lakeward.quality.checks import SeriesCheck
from lakeward.quality.compile import compile_rule
from lakeward.quality.convert import convert_column
from lakeward.quality.kwargs import check_kwargs, columns_of
from lakeward.quality.literals import expected_of
from lakeward.quality.rule import Dimension, Rule, Severity, rule_version
from lakeward.quality.scope import Scope
from lakeward.quality.series.arguments import ArgumentError
from lakeward.quality.series.plan import compile_series_rule
from lakeward.quality.suite_document import read_document

# Great Expectations' severities, and their effect here. It has none for quarantine.
GX_SEVERITIES = {"critical": Severity.QUARANTINE, "warning": Severity.WARN, "info": Severity.WARN}
ROW_FORMS = (Form.ROW, Form.UNIQUE)
# Keys of `meta.lakeward` of an expectation; other keys are ignored.
META_KEYS: Mapping[str, KeyDoc] = {
    "id": KeyDoc(
        "text",
        "Name of the rule in verdicts, quarantine and scores; stands once in its suite.",
        "the type without `expect_`, and its columns",
    ),
    "severity": KeyDoc(
        "`warn`, `quarantine` or `halt`",
        "What a failure does. The expectation's own `severity` (`critical`, `warning`, `info`) is read where this is not given.",
        "`quarantine` where rows are judged, else `warn`",
    ),
    "dimension": KeyDoc(
        "text", "Dimension of GB/T 36344-2018 that the rule's score counts for.", "that of the expectation's indicator"
    ),
}


@functools.lru_cache(maxsize=1)
def load_rules(contract: Contract, suite_text: str | None, file: str) -> tuple[Rule, ...]:
    """The rules from the contract, then those of the suite, in order; the last ones are kept, as a run asks before and in each batch.

    Args:
        contract: The dataset that the suite judges.
        suite_text: The suite's JSON; None without a suite.
        file: Its name, for messages.

    Raises:
        SuiteError: The suite is not valid, or does not match the contract.
    """
    written = read_suite(contract, suite_text, file)
    rules = (*derived_rules(contract), *written)
    twice = [id_ for id_, count in Counter((*(rule.id for rule in rules), *DIMENSIONS)).items() if count > 1]
    if twice:
        raise SuiteError("suite_duplicate_id", file=file, id=twice[0])
    _check_compilation(contract, written, file)
    return rules


def read_suite(contract: Contract, suite_text: str | None, file: str) -> tuple[Rule, ...]:
    """The rules of a suite, in order; ids can repeat, and values are not checked against columns yet.

    Raises:
        SuiteError: The suite is not valid, or names a column that is not in the contract.
    """
    entries = read_document(suite_text, file).entries if suite_text is not None else ()
    return tuple(_rule(contract, entry, file, index) for index, entry in enumerate(entries))


def derived_rules(contract: Contract) -> tuple[Rule, ...]:
    """The rules from the contract: every value converts, required columns and the key are filled."""
    types = [_derived_rule("type", column.name, str(column.type), str(column.time_format)) for column in contract.columns]
    required = [_derived_rule("required", column.name) for column in contract.columns if column.required]
    keys = [_derived_rule("key", column) for column in contract.primary_key]
    return (*types, *required, *keys)


def _derived_rule(prefix: str, column: str, *meaning: str) -> Rule:
    kwargs = {"column": column}
    return Rule(
        id=f"{prefix}:{column}",
        version=rule_version(prefix, kwargs, *meaning),
        type=prefix,
        kwargs=kwargs,
        severity=Severity.QUARANTINE,
        dimension=derived_dimension(prefix),
        columns=(column,),
    )


def _rule(contract: Contract, entry: Any, file: str, index: int) -> Rule:
    at = f"expectations[{index}]"
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str) or not isinstance(entry.get("kwargs"), dict):
        raise SuiteError("suite_shape", file=file, place=at, expected="{type, kwargs}", found=type(entry).__name__)
    type_, kwargs = entry["type"], entry["kwargs"]
    known = expectations().get(type_)
    if known is None:
        raise SuiteError("suite_unknown_type", file=file, place=at, found=type_, expected=did_you_mean(type_, expectations()))
    check_kwargs(contract, type_, kwargs, file=file, entry_path=at)
    lakeward_meta = (entry.get("meta") or {}).get("lakeward") or {}
    columns = columns_of(kwargs)
    severity = _severity(entry, lakeward_meta, known, file, at)
    dimension = _dimension(lakeward_meta, known, file, at)
    id_ = str(lakeward_meta.get("id") or f"{type_.removeprefix('expect_')}:{','.join(columns)}")
    return Rule(
        id=id_,
        version=rule_version(type_, kwargs, severity, dimension),
        type=type_,
        kwargs=kwargs,
        severity=severity,
        dimension=dimension,
        columns=columns,
    )


def _severity(
    entry: Mapping[str, Any], lakeward_meta: Mapping[str, Any], expectation: Expectation, file: str, entry_path: str
) -> Severity:
    severity = lakeward_meta.get("severity") or GX_SEVERITIES.get(str(entry.get("severity")), entry.get("severity"))
    if severity is None:
        return Severity.QUARANTINE if expectation.form in ROW_FORMS else Severity.WARN
    if severity not in tuple(Severity):
        raise SuiteError("suite_severity", file=file, place=entry_path, found=severity, expected=", ".join(Severity))
    return Severity(severity)


def _dimension(lakeward_meta: Mapping[str, Any], expectation: Expectation, file: str, entry_path: str) -> Dimension:
    dimension = lakeward_meta.get("dimension", expectation.dimension)
    if dimension not in tuple(Dimension):
        raise SuiteError(
            "suite_dimension", file=file, place=entry_path, found=dimension, expected=did_you_mean(str(dimension), Dimension)
        )
    return Dimension(dimension)


def _check_compilation(contract: Contract, rules: Sequence[Rule], file: str) -> None:
    """Compile with the contract's types, so that a value that does not match its column is found now, not in a batch."""
    columns = {column.name: convert_column(contract, index, column.type) for index, column in enumerate(contract.columns)}
    scope = Scope(columns, contract.record_format.zone)
    for index, rule in enumerate(rules):
        try:
            check = compile_rule(rule, scope, index)
            if isinstance(check, SeriesCheck):
                compile_series_rule(contract, columns, rule, index)
        except ArgumentError as error:
            at = f"expectations[{index}]"
            raise SuiteError("suite_kwarg", file=file, place=at, kwarg=error.name, expected=error.expected) from None
        except ValueError as error:
            at, column = f"expectations[{index}]", ", ".join(rule.columns)
            raise SuiteError("suite_value_type", file=file, place=at, column=column, expected=expected_of(error)) from None
