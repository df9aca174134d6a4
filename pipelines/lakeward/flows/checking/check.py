"""Judges data by a suite in the same way as a batch, and returns the result as JSON of Great Expectations."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from lakeward.core.errors import DataError, DefinitionError, MachineError
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.batch.judge import PlanResult, Wanted, failing, run_plan
from lakeward.flows.checking.contract_names import apply_contract_names
from lakeward.flows.checking.steps import CheckStep, plan_steps
from lakeward.flows.checking.subject import CheckSubject, open_subject
from lakeward.flows.checking.suites import load_suite, suite_rules
from lakeward.quality.checks import GxCheck
from lakeward.quality.gx import GX_FAILED, GX_MISSING
from lakeward.quality.gx_json import validation_result
from lakeward.quality.plan import JudgePlan, compile_plan
from lakeward.quality.rule import Outcome, Rule, Verdict

# What the engine says of a scan that breaks off: there is nothing else to blame than the data.
_DATA_FAULT_CODES = {"lake_not_writable", "query_failed_on_value", "engine_failed"}


def check_data(
    data: object, suite: object, settings: Settings, failing_rows: Path | None = None, sheet: str | None = None
) -> dict[str, Any]:
    """The JSON of Great Expectations' `ExpectationSuiteValidationResult`; own fields are in `meta.lakeward` of each result.

    Args:
        data: A path, the name of a table of the project's lake, or an Arrow table.
        suite: A path, JSON text, or a mapping.
        failing_rows: Path of a Parquet file for all failing rows: their columns, `_file`, `_row`, and `_reasons`, the
            list of failed rule ids. For a table of the lake only the row ids, without values.
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        DataError: The data can't be read as a table.
        SuiteError: The suite can't be read, or names columns that the data does not have.
    """
    loaded_suite = load_suite(suite)
    with open_subject(data, settings, sheet) as (engine, found), _data_faults(data):
        subject = apply_contract_names(engine, found, suite)
        rules = suite_rules(loaded_suite, subject.contract)
        plan = _make_plan(subject, rules)
        answers = run_plan(
            engine,
            plan,
            subject.relation,
            relation_with_ids=subject.relation_with_ids,
            wanted=Wanted.FAILING if failing_rows else Wanted.NONE,
        )
        if failing_rows:
            _write_failing(engine, subject, plan, answers, failing_rows)
        verdicts = [_with_odd_text(verdict, subject) for verdict in answers.verdicts]
        result = validation_result(loaded_suite.content, loaded_suite.entries, verdicts, show_values=subject.show_values)
    if loaded_suite.document.is_converted:
        result["meta"]["lakeward"] = {"converted_from": loaded_suite.file}
    return result


def _with_odd_text(verdict: Verdict, subject: CheckSubject) -> Verdict:
    """A verdict that is unknown because few texts made a column of numbers one of text says so, and where."""
    odd = next((text for text in subject.odd_texts if text.column in verdict.rule.columns), None)
    if verdict.outcome is not Outcome.UNKNOWN or verdict.reason not in (GX_MISSING, GX_FAILED) or odd is None:
        return verdict
    reason = f"{odd.column} is text: {odd.texts} of {odd.values} values are no number, first in {odd.file}, record {odd.row}"
    return replace(verdict, reason=reason)


def explain_check(data: object, suite: object, settings: Settings, sheet: str | None = None) -> list[CheckStep]:
    """The steps of `check`, without running them.

    Raises: as `check`.
    """
    loaded_suite = load_suite(suite)
    with open_subject(data, settings, sheet) as (engine, found):
        subject = apply_contract_names(engine, found, suite)
        return plan_steps(_make_plan(subject, suite_rules(loaded_suite, subject.contract)), str(subject.relation))


def _make_plan(subject: CheckSubject, rules: tuple[Rule, ...]) -> JudgePlan:
    """The plan of `rules`; a rule whose values do not match its column's type is judged by Great Expectations."""
    try:
        return compile_plan(subject.contract, rules, subject.types, subject.statistics)
    except ValueError:
        fitting = [rule for rule in rules if _fits(subject, rule)]
    plan = compile_plan(subject.contract, fitting, subject.types, subject.statistics)
    compiled = {check.rule.id: check for check in plan.checks}
    # Aliases after those of the plan.
    checks = (compiled.get(rule.id) or GxCheck(rule, f"_h{len(rules) + index}") for index, rule in enumerate(rules))
    return replace(plan, checks=tuple(checks))


def _fits(subject: CheckSubject, rule: Rule) -> bool:
    try:
        compile_plan(subject.contract, [rule], subject.types)
    except ValueError:
        return False
    return True


def _write_failing(engine: Engine, subject: CheckSubject, plan: JudgePlan, answers: PlanResult, file: Path) -> None:
    """Write all failing rows; on an error, no file remains."""
    _, bad = plan.split(str(subject.relation_with_ids), failing(answers.verdicts), answers.relations)
    names = [name for name in ("_file", "_row") if name not in subject.original_columns]
    columns = {**subject.original_columns, **{name: name for name in names}}
    items = ", ".join(f"{identifier(original)} AS {identifier(name)}" for name, original in columns.items())
    rows = f"({bad})" if bad else f"(SELECT *, '[]' AS _reasons FROM {subject.relation_with_ids} WHERE FALSE)"
    scratch = engine.scratch / "failing_rows.parquet"
    why = """from_json(_reasons, '["VARCHAR"]') AS _reasons"""
    engine.export(f"SELECT {items}, {why} FROM {rows} AS failing ORDER BY _file_seq, _row", scratch)
    try:
        shutil.move(scratch, file)
    except OSError as error:
        raise MachineError("failing_rows_not_writable", file=file, found=error.strerror) from error


@contextmanager
def _data_faults(data: object) -> Iterator[None]:
    try:
        yield
    except (MachineError, DefinitionError) as error:
        file = data if isinstance(data, str | Path) else type(data).__name__
        if error.code == "table_feature_unreadable":
            raise DataError("data_feature_unreadable", file=file, **error.facts) from None
        if error.code not in _DATA_FAULT_CODES:
            raise
        raise DataError("data_unreadable", file=file) from None
