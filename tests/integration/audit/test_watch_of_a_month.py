"""A simulated month of reads with planted misuse: what the watch finds, how often it is right, and what becomes of a finding."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.util import find_spec

import pytest

if find_spec("pyarrow") is None:
    pytest.skip("simulated entries come as Arrow", allow_module_level=True)

import pyarrow as pa

from lakeward.contracts.types import sql_type
from lakeward.core.errors import DefinitionError, LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.engines.external import ExternalData, ExternalFormat
from lakeward.engines.tables import Txn
from lakeward.flows import FindingState, close_finding, create_project, list_findings, seal_logs, verify_logs, watch_access
from lakeward.flows.audit.access_watch import find_misuse, record_findings
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.accounts import ANALYST, OTHER_STEWARD, STEWARD, make_accounts
from support.command_line import run_command
from support.simulated_access import END, JUSTIFIED, MONTH, PLANTED, AccessSimulator

DAYS = (END - MONTH).days + 1


class FixedClock:
    """The evening of a day, by the plant's clock."""

    def __init__(self, day: date) -> None:
        self._now = datetime(day.year, day.month, day.day, 15, 59, tzinfo=UTC)

    def now(self) -> datetime:
        """Always this instant."""
        return self._now


def write_entries(settings, entries):
    """Append entries to the log at once; columns without a value stay empty."""
    spec = governance.table_spec("access_log")
    table = pa.Table.from_pylist(entries)
    filled = {name for name in table.column_names if table[name].null_count < len(table)}
    items = ", ".join(c.name if c.name in filled else f"CAST(NULL AS {sql_type(c.type)}) AS {c.name}" for c in spec.columns)
    with open_workspace(settings).engine() as engine:
        rows = engine.attach("simulated", ExternalData(ExternalFormat.ARROW, table=table)).rows
        governance.record_schema_version(engine, "access_log")
        engine.append(spec, f"SELECT {items} FROM {rows}", Txn("simulated", 1))


def make_plant(root):
    create_project(root)
    file = root / "expectations" / "project.yaml"
    text = file.read_text(encoding="utf-8")
    assert "timezone:" in text
    lines = ["timezone: Asia/Shanghai" if line.startswith("timezone:") else line for line in text.splitlines()]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Settings(start=root)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The plant after its month, and all findings of it."""
    settings = make_plant(tmp_path_factory.mktemp("month") / "plant")
    write_entries(settings, AccessSimulator().entries())
    workspace = replace(open_workspace(settings), clock=FixedClock(END))
    return settings, workspace, record_findings(workspace, DAYS)


def test_planted_misuse_is_found_and_what_only_looks_like_it(simulated):
    _, _, found = simulated
    planted = {(each.rule, each.account, each.day.isoformat()) for each in PLANTED if each.rule}
    hits = {(each.rule, each.account, each.on_day) for each in found}
    justified = {(each.rule, each.account, each.day.isoformat()) for each in JUSTIFIED}
    right = [each for each in found if (each.rule, each.account, each.on_day) in planted]
    assert planted | justified == hits
    assert len(right) / len(found) > 0.8  # 11 of 13, as the how-to guide says


def test_what_stays_below_every_threshold_is_not_found(simulated):
    _, _, found = simulated
    quiet = {each.account for each in PLANTED if each.rule is None}
    assert quiet == {"analyst10"}
    assert [each for each in found if each.account in quiet] == []


def test_a_finding_says_what_whose_and_by_when(simulated):
    _, _, found = simulated
    volume = next(each for each in found if (each.rule, each.account) == ("volume", "analyst03"))
    assert (volume.on_day, volume.due, volume.owner, volume.state) == ("2026-03-04", "2026-03-07", "data-steward", "open")
    assert volume.observed >= 60_000
    assert volume.usual < volume.observed / 5
    assert volume.parameters["factor"] == 5
    assert volume.rules == "access_rules@1.0.0"
    assert len(volume.entries) <= 5
    columns = next(each for each in found if each.rule == "new_column")
    assert (columns.subject, columns.observed) == ("silver.employees", 3)


def test_a_second_watch_finds_nothing_new(simulated):
    settings, workspace, found = simulated
    assert record_findings(workspace, DAYS) == []
    assert {each.finding for each in list_findings(settings)} == {each.finding for each in found}


def test_each_day_watched_by_itself_finds_the_same(simulated):
    _, workspace, found = simulated
    ids = {each.finding for each in found if each.on_day == "2026-03-12"}
    again = {each.finding for each in find_misuse(replace(workspace, clock=FixedClock(date(2026, 3, 12))), 1)}
    assert again == ids != set()


def test_the_owner_closes_what_another_person_did(tmp_path):
    settings = make_plant(tmp_path / "plant")
    reads = [
        entry
        for entry in AccessSimulator().entries()
        if entry["account"] == "analyst03" and entry["asked_at"].date() < date(2026, 3, 5)
    ]
    write_entries(settings, [{**entry, "account": "li.wei"} for entry in reads])
    workspace = replace(open_workspace(settings), clock=FixedClock(date(2026, 3, 5)))
    (found,) = record_findings(workspace, 8)
    typed = close_finding(settings, found.finding, FindingState.JUSTIFIED, "typed", "wang.fang")
    assert (typed.decided_by, typed.verified) == ("wang.fang", False)
    with pytest.raises(LakewardError) as refused:
        close_finding(settings, found.finding, FindingState.JUSTIFIED, "mine", "Li Wei")
    owners = make_accounts(settings, STEWARD, ANALYST, OTHER_STEWARD)
    for who, name, code in ((settings, "wang.fang", "access_finding_token"), (owners["li.wei"], "", "access_finding_own")):
        with pytest.raises(LakewardError) as refused:
            close_finding(who, found.finding, FindingState.MISUSE, "x", name)
        assert refused.value.code == code
    closed = close_finding(owners["wang.fang"], found.finding, FindingState.MISUSE, "bulk copy to a disk")
    assert (closed.state, closed.decided_by, closed.verified, closed.seq) == ("misuse", "wang.fang", True, 3)
    assert list_findings(settings) == []
    assert [each.reason for each in list_findings(settings, include_closed=True)] == ["bulk copy to a disk"]
    assert record_findings(workspace, 8) == []


@pytest.mark.parametrize(
    ("number", "state", "reason", "by", "code"),
    [
        ("none", FindingState.JUSTIFIED, "x", "wang.fang", "access_finding_unknown"),
        ("none", FindingState.JUSTIFIED, " ", "wang.fang", "access_finding_reason"),
        ("none", FindingState.OPEN, "x", "wang.fang", "access_finding_reason"),
        ("none", FindingState.MISUSE, "x", "", "access_finding_signature"),
    ],
)
def test_what_can_not_be_closed_is_said(tmp_path, number, state, reason, by, code):
    settings = make_plant(tmp_path / "plant")
    with pytest.raises(UsageError) as refused:
        close_finding(settings, number, state, reason, by)
    assert refused.value.code == code


OVERLAY = (
    "owner: ciso\nhours: 07:00-20:00\nrules:\n  volume: {factor: 2, least: 100, due_days: 1}\n  off_hours: {enabled: false}\n"
)


def test_a_project_lays_its_own_thresholds_over_the_shipped_ones(simulated, tmp_path):
    settings, workspace, _ = simulated
    file = settings.start / "expectations" / "policies" / "access.yaml"
    file.parent.mkdir(exist_ok=True)
    try:
        file.write_text(OVERLAY, encoding="utf-8")
        found = list(find_misuse(workspace, DAYS))
    finally:
        file.unlink()
    assert {each.owner for each in found} == {"ciso"}
    assert not any(each.rule == "off_hours" for each in found)
    assert [each for each in found if (each.rule, each.account) == ("volume", "analyst10")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("rules: {volumes: {factor: 2}}", "access_rule_unknown"),
        ("rules: {volume: {factors: 2}}", "access_parameter_unknown"),
        ("rules: {volume: {factor: 0}}", "contract_value"),
        ("rules: {volume: {factor: many}}", "contract_value"),
        ("hours: 22:00-06:00", "contract_value"),
        ("hour: 06:00-22:00", "contract_unknown_key"),
        ("- volume", "contract_not_a_mapping"),
    ],
)
def test_rules_that_are_not_valid_name_their_place(tmp_path, text, code):
    settings = make_plant(tmp_path / "plant")
    file = settings.start / "expectations" / "policies" / "access.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        watch_access(settings)
    assert refused.value.code == code
    assert refused.value.facts["file"].endswith("access.yaml")


@pytest.mark.exhaustive
def test_findings_are_sealed(tmp_path):
    settings = make_plant(tmp_path / "plant")
    reads = [entry for entry in AccessSimulator().entries() if entry["account"] == "retired1"]
    write_entries(settings, reads)
    (found,) = record_findings(replace(open_workspace(settings), clock=FixedClock(date(2026, 3, 9))), 3)
    assert (found.rule, found.observed) == ("dormant", 76)
    seal_logs(settings)
    states = {state.log: state.sealed for state in verify_logs(settings).logs}
    assert states["access_findings"] == 1


def test_the_commands_say_the_same(simulated, capsys):
    settings, _, found = simulated
    listed = run_command(capsys, settings.start, "access", "findings", "--json")
    assert {row["finding"] for row in json.loads(listed.out)} == {each.finding for each in found}
    shown = run_command(capsys, settings.start, "access", "findings", "--lang", "zh")
    assert "导出重要或核心数据" in shown.out or "导出重要数据" in shown.out
    watched = run_command(capsys, settings.start, "access", "watch")
    assert (watched.code, watched.out.strip()) == (0, "Nothing new was found.")
    assert run_command(capsys, settings.start, "access", "watch", "--days", "0").code == 2


def test_a_lake_without_reads_has_no_findings(tmp_path):
    assert watch_access(make_plant(tmp_path / "plant")) == []
