"""Judges data by a suite in the same way as a batch, and returns the result as JSON of Great Expectations."""

import shutil
from collections.abc import Iterator, Sequence
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
from lakeward.flows.checking.odd_texts import with_odd_text
from lakeward.flows.checking.reader_rules import hidden_verdict
from lakeward.flows.checking.steps import CheckStep, plan_steps
from lakeward.flows.checking.subject import CheckSubject, Request, open_subject, path_subject
from lakeward.flows.checking.suites import Suite, load_suite, suite_rules
from lakeward.quality.checks import GxCheck
from lakeward.quality.gx_json import validation_result
from lakeward.quality.plan import JudgePlan, compile_plan
from lakeward.quality.rule import Rule, Verdict

# What the engine says of a scan that breaks off: there is nothing else to blame than the data.
_DATA_FAULT_CODES = {"lake_not_writable", "query_failed_on_value", "engine_failed"}


def check_data(
    data: object,
    suite: object,
    settings: Settings,
    failing_rows: Path | None = None,
    role: str | None = None,
    sheet: str | None = None,
) -> dict[str, Any]:
    """The JSON of Great Expectations' `ExpectationSuiteValidationResult`; own fields are in `meta.lakeward` of each result.

    Args:
        data: A path, the name of a table of the project's lake, or an Arrow table.
        suite: A path, JSON text, or a mapping.
        failing_rows: Path of a Parquet file for all failing rows: their columns, `_file`, `_row`, and `_reasons`, the
            list of failed rule ids. For a table of the lake only the row ids, without values, and only of rules on columns that
            the role may see in clear.
        role: Role that reads a table of the lake; None for the account's only role or the project's default.
        sheet: Sheet of a workbook; None for the only sheet with data.

    Raises:
        DataError: The data can't be read as a table, or is a file of the lake.
        SuiteError: The suite can't be read, or names columns that the data does not have.
        UsageError, PolicyError, ProtectionError: A table of the lake is read without a valid role.
    """
    loaded_suite = load_suite(suite)
    request = Request(f"check {data} {loaded_suite.text}", role, sheet)
    with open_subject(data, settings, request) as (engine, found), _data_faults(data):
        subject = _with_contract_names(engine, data, found, loaded_suite)
        return _judge_subject(engine, subject, loaded_suite, failing_rows)


def check_path(engine: Engine, path: Path, suite: Suite, failing_rows: Path | None = None) -> dict[str, Any]:
    """As `check_data` of data outside a lake, in an open session: the data at `path` by a suite that is read.

    Raises: as `check_data`.
    """
    found = path_subject(engine, path)
    with _data_faults(path):
        subject = _with_contract_names(engine, path, found, suite)
        return _judge_subject(engine, subject, suite, failing_rows)


def explain_check(
    data: object, suite: object, settings: Settings, role: str | None = None, sheet: str | None = None
) -> list[CheckStep]:
    """The steps of `check`, without running them.

    Raises: as `check`.
    """
    loaded_suite = load_suite(suite)
    request = Request(f"check --explain {data} {loaded_suite.text}", role, sheet)
    with open_subject(data, settings, request) as (engine, found):
        subject = _with_contract_names(engine, data, found, loaded_suite)
        rules = suite_rules(loaded_suite, subject.contract)
        return plan_steps(_make_plan(subject, _rules_to_run(subject, rules)), str(subject.relation))


def _with_contract_names(engine: Engine, data: object, subject: CheckSubject, suite: Suite) -> CheckSubject:
    """Data at a path by the names of the contract beside the suite. A table of the lake keeps its names: masks are by name."""
    if subject.view is not None or not isinstance(data, str | Path):
        return subject
    return apply_contract_names(engine, subject, suite.path)


def _rules_to_run(subject: CheckSubject, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    view = subject.view
    return rules if view is None else tuple(rule for rule in rules if view.may_test(rule, subject.contract))


def _visible_verdicts(subject: CheckSubject, rules: Sequence[Rule], found: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """One verdict per rule, as the reader may see it."""
    view = subject.view
    if view is None:
        return tuple(found)
    by_id = {verdict.rule.id: view.hide_small_counts(verdict, subject.contract) for verdict in found}
    return tuple(by_id.get(rule.id) or hidden_verdict(rule) for rule in rules)


def _failing_ids(subject: CheckSubject, verdicts: Sequence[Verdict]) -> frozenset[str]:
    """Ids of the rules whose failing rows may be shown."""
    view = subject.view
    shown = [v for v in verdicts if view is None or not view.reads_hidden(v.rule, subject.contract)]
    return failing(shown)


def _judge_subject(engine: Engine, subject: CheckSubject, suite: Suite, failing_rows: Path | None) -> dict[str, Any]:
    rules = suite_rules(suite, subject.contract)
    plan = _make_plan(subject, _rules_to_run(subject, rules))
    answers = run_plan(
        engine,
        plan,
        subject.relation,
        relation_with_ids=subject.relation_with_ids,
        wanted=Wanted.FAILING if failing_rows else Wanted.NONE,
    )
    if failing_rows:
        _write_failing(engine, subject, plan, answers, failing_rows)
    visible = _visible_verdicts(subject, rules, answers.verdicts)
    verdicts = [with_odd_text(verdict, subject.odd_texts) for verdict in visible]
    result = validation_result(suite.content, suite.entries, verdicts, show_values=subject.show_values)
    own: dict[str, object] = {"converted_from": suite.file} if suite.document.is_converted else {}
    if subject.unjudged:
        own["unjudged_lines"] = [dict(lines) for lines in subject.unjudged]
    if own:
        result["meta"]["lakeward"] = own
    return result


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
    """Write all failing rows that may be shown; on an error, no file remains."""
    _, bad = plan.split(str(subject.relation_with_ids), _failing_ids(subject, answers.verdicts), answers.relations)
    names = [name for name in ("_file", "_row") if name not in subject.original_columns]
    columns = {**subject.original_columns, **{name: name for name in names}}
    items = ", ".join(f"{identifier(original)} AS {identifier(name)}" for name, original in columns.items())
    rows = f"({bad})" if bad else f"(SELECT *, '[]' AS _reasons FROM {subject.relation_with_ids} WHERE FALSE)"
    scratch = engine.scratch / "failing_rows.parquet"
    why = """from_json(_reasons, '["VARCHAR"]') AS _reasons"""
    number = engine.export(f"SELECT {items}, {why} FROM {rows} AS failing ORDER BY _file_seq, _row", scratch)
    if subject.entry:
        subject.entry.write(number)
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
