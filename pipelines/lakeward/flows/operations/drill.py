"""Drills: a harm is done in a copy of the lake, and the time to find, bound, trace and stop it is measured and recorded."""

import json
import time
from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import identify
from lakeward.flows.base.signed_rows import append_signed
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.evidence.policy_bindings import is_sensitive
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.operations.drill_copy import copy_for_drill
from lakeward.flows.operations.drill_scenarios import SCENARIOS, Drill, DrillScenario, Facts

TABLE = "drills"
STEPS = ("inject", "detect", "scope", "trace", "stop")
SECOND_UNIT = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillStep:
    """One step of a drill.

    Args:
        step: `inject`, `detect`, `scope`, `trace` or `stop`.
        seconds: How long it took.
        passed: Whether it found or stopped what was injected.
        facts: Counts and names; no data values.
    """

    step: str
    seconds: Decimal
    passed: bool
    facts: Facts

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `steps`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """A drill and its result.

    Args:
        drill: Its number, from 1.
        scenario: What was injected.
        dataset: Dataset that was copied.
        steps: Its steps, in order.
        is_passed: Whether every step passed.
    """

    drill: str
    scenario: DrillScenario
    dataset: str
    steps: tuple[DrillStep, ...]
    is_passed: bool

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward incident drill --json`."""
        return fields_of(self)


def run_drill(settings: Settings, scenario: str, dataset: str = "", by: str = "") -> DrillReport:
    """Run a drill in a copy of the lake, and record it in the lake.

    Args:
        scenario: One of `DrillScenario`.
        dataset: Dataset of a source that is copied; empty for the stored one with the fewest bytes.
        by: Who signs; empty for the token's account.

    Raises:
        UsageError: There is no such scenario or dataset, the lake is not a folder or has no such table, or no one is named.
        ProtectionError: The token is not valid.
        MachineError: There is no room for the copy, or an extra is missing.
    """
    workspace = open_workspace(settings)
    if scenario not in tuple(DrillScenario):
        raise UsageError("drill_scenario", found=ascii(scenario), expected=", ".join(DrillScenario))
    author = identify(workspace, by)
    check_decision_role(author, "incident")
    if not author.name:
        raise UsageError("signature_missing")
    with workspace.engine() as engine:
        contract = _choose_dataset(workspace, engine, scenario, dataset)
    with copy_for_drill(workspace, contract) as copy:
        drill = SCENARIOS[DrillScenario(scenario)](copy, contract)
        steps = tuple(_run_step(drill, step) for step in STEPS)
    with workspace.engine() as engine:
        number = _record(workspace, engine, (scenario, contract.name), steps, by)
    return DrillReport(
        drill=number,
        scenario=DrillScenario(scenario),
        dataset=contract.name,
        steps=steps,
        is_passed=all(step.passed for step in steps),
    )


def _choose_dataset(workspace: Workspace, engine: Engine, scenario: str, name: str) -> Contract:
    """The dataset of a source with the fewest bytes; for a forged grade of those with a sensitive column."""
    if name:
        workspace.project.contract(name)
    stored = {
        each.name: each
        for each in workspace.project.valid_contracts().values()
        if each.model is None and engine.info(each.table(each.layer)) is not None and name in {"", each.name}
    }
    if not stored:
        raise UsageError("drill_no_table", dataset=name or "-")
    record = read_grade_record(engine)
    sensitive = {key: each for key, each in stored.items() if any(map(is_sensitive, record.current(each).values()))}
    if scenario == DrillScenario.FORGED_GRADE and not sensitive:
        raise UsageError("drill_not_sensitive", dataset=name or "-")
    chosen = sensitive if scenario == DrillScenario.FORGED_GRADE else stored
    return min(chosen.values(), key=lambda each: (engine.stored_bytes(each.table(each.layer)), each.name))


def _run_step(drill: Drill, step: str) -> DrillStep:
    started = time.monotonic()
    found = getattr(drill, step)()
    seconds = Decimal(time.monotonic() - started).quantize(SECOND_UNIT)
    return DrillStep(step=step, seconds=seconds, passed=found.passed, facts=found.facts)


def _record(workspace: Workspace, engine: Engine, about: tuple[str, str], steps: tuple[DrillStep, ...], by: str) -> str:
    number = str(1 + len({row["drill"] for row in governance.read_rows(engine, TABLE)}))
    rows = [
        {
            "drill": number,
            "scenario": about[0],
            "dataset": about[1],
            "step": step.step,
            "seconds": step.seconds,
            "passed": step.passed,
            "facts": json.dumps(step.facts, ensure_ascii=False),
        }
        for step in steps
    ]
    append_signed(workspace, engine, TABLE, rows, by, decision="incident")
    return number
