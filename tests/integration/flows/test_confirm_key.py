"""A key that is only a guess replaces nothing until a person confirms it, and the stored rows are asked first."""

import json

import pytest

from lakeward.core.errors import ContractError, ExitCode, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import (
    confirm_key,
    create_project,
    draft_dataset,
    lint_contracts,
    project_status,
    rebuild,
    run_dataset,
)
from lakeward.flows.base.workspace import open_workspace
from lakeward.portal.export import build_scorecard
from support.command_line import run_command

TIMES = ("06.00.00", "06.00.10", "06.00.20", "06.00.30", "06.00.40", "06.00.50", "06.01.00", "06.01.10", "06.01.20")
NOT_MET = ("71,5", "71,6", "71,4", "71,9", "72,1", "72,0", "71,8", "71,7", "71,3")
MACHINES = "ts,temp_degC\n" + "".join(f"2026-03-01 06:{minute:02d}:00,{60 + minute / 10}\n" for minute in range(30))


def a_day(day, shift=0):
    """Readings of one morning, whose clock times come again every day."""
    rows = (f"{day:02d}/03/2026;{time};{NOT_MET[(at + shift) % 9]}" for at, time in enumerate(TIMES))
    return "\n".join(["Date;Time;Temp", *rows]) + "\n"


class Project:
    """A project with one dataset `log`, drafted from a first file."""

    def __init__(self, root, text, name="day1.csv"):
        self.open(root)
        create_project(root)
        sample = root.parent / name
        sample.write_text(text, encoding="utf-8")
        draft_dataset(self.settings, "log", sample)

    def open(self, root):
        self.settings, self.root = Settings(start=root), root
        self.folder = root / "expectations" / "datasets" / "log"
        self.contract_file = self.folder / "contract.odcs.yaml"

    def deliver(self, name, text):
        (self.root / "inbox" / "log" / name).write_text(text, encoding="utf-8")
        return run_dataset(self.settings, "log")

    @property
    def contract(self):
        return open_workspace(self.settings).project.contract("log")

    def propose(self, *columns):
        """Write another proposal into the draft."""
        lines = self.contract_file.read_text(encoding="utf-8").splitlines(keepends=True)
        item = f"  - {{property: proposedKey, value: [{', '.join(columns)}]}}\n"
        self.contract_file.write_text(
            "".join(line for line in lines if "property: proposedKey" not in line) + item, encoding="utf-8"
        )

    def rows(self):
        with open_workspace(self.settings).engine() as engine:
            return engine.info(open_workspace(self.settings).project.contract("log").table("silver")).rows


def make_morning(root):
    run_dataset(Project(root, a_day(1)).settings, "log")


@pytest.fixture
def mornings(copy_of, tmp_path):
    project = Project.__new__(Project)
    project.open(copy_of(make_morning, tmp_path / "plant"))
    return project


def test_a_draft_has_no_key_and_proposes_one_with_its_evidence(mornings):
    assert (mornings.contract.primary_key, mornings.contract.proposed_key) == ((), ("time",))
    text = mornings.contract_file.read_text(encoding="utf-8")
    assert "9 different in 9 records of one file, and by no name an identifier" in text
    assert "CHECK" in text
    assert "lakeward contract confirm-key log" in text


def test_the_second_day_replaces_no_row_of_the_first(mornings):
    report = mornings.deliver("day2.csv", a_day(2, shift=1))
    assert (report.halted, report.counts.silver, report.counts.corrections, mornings.rows()) == (None, 9, 0, 18)


@pytest.mark.exhaustive
def test_two_days_in_one_batch_are_all_published(tmp_path):
    project = Project(tmp_path / "plant", a_day(1))
    assert project.deliver("day2.csv", a_day(2, shift=1)).counts.silver == 18


def test_lint_status_and_page_name_the_proposal_and_the_command(mornings, capsys):
    command = "lakeward contract confirm-key log --dry-run"
    assert lint_contracts(mornings.settings) == []
    assert all(command in run_command(capsys, mornings.root, *words).out for words in (("contract", "lint"), ("status",)))
    status = project_status(mornings.settings)[0]
    assert (status.proposed_key, "next_key" in [step.code for step in status.next]) == (("time",), True)
    assert "lakeward contract confirm-key log" in build_scorecard(mornings.settings).read_text(encoding="utf-8")
    confirm_key(mornings.settings, "log", force=True)
    assert "lakeward contract confirm-key log" not in build_scorecard(mornings.settings).read_text(encoding="utf-8")


def test_stored_rows_that_contradict_the_key_refuse_it(mornings, capsys):
    mornings.deliver("day2.csv", a_day(2, shift=1))
    before = mornings.contract_file.read_bytes()
    ran = run_command(capsys, mornings.root, "contract", "confirm-key", "log")
    assert (ran.code, ran.out) == (ExitCode.REFUSED, "")
    assert "18 of 18 rows have the key of another row with other values" in ran.err
    assert "--force" in ran.err
    assert mornings.contract_file.read_bytes() == before


@pytest.mark.exhaustive
def test_a_dry_run_shows_the_effect_and_writes_nothing(mornings, capsys):
    mornings.deliver("day2.csv", a_day(2, shift=1))
    before = mornings.contract_file.read_bytes()
    found = json.loads(run_command(capsys, mornings.root, "contract", "confirm-key", "log", "--dry-run", "--json").out)
    assert found == {
        "dataset": "log",
        "columns": ["time"],
        "version": "2.0.0",
        "needs_rebuild": True,
        "is_written": False,
        "rows": 18,
        "without_key": 0,
        "repeated": 18,
        "contradicting": 18,
        "removed": 9,
    }
    assert mornings.contract_file.read_bytes() == before
    said = run_command(capsys, mornings.root, "contract", "confirm-key", "log", "--dry-run").out
    assert all(word in said for word in ("nothing was written", "Rows stored: 18", "lakeward rebuild log", "removes 9 rows"))


@pytest.mark.exhaustive
def test_who_insists_gets_the_key_and_the_effect_that_was_told(mornings):
    mornings.deliver("day2.csv", a_day(2, shift=1))
    done = confirm_key(mornings.settings, "log", force=True)
    assert (done.is_written, done.needs_rebuild, done.stored.removed) == (True, True, 9)
    with pytest.raises(ContractError, match="rebuild"):
        run_dataset(mornings.settings, "log")
    assert rebuild(mornings.settings, "log").counts.corrections == 9
    assert mornings.rows() == 9


def test_a_key_that_rows_keep_is_confirmed_and_deduplicates_from_then_on(mornings):
    mornings.propose("date", "time")
    done = confirm_key(mornings.settings, "log")
    assert (done.columns, done.version, done.needs_rebuild) == (("date", "time"), "2.0.0", True)
    assert mornings.contract.primary_key == ("date", "time")
    assert [column.required for column in mornings.contract.columns][:2] == [True, True]
    assert lint_contracts(mornings.settings) == []
    rebuild(mornings.settings, "log")
    report = mornings.deliver("again.csv", a_day(1) + a_day(2).partition("\n")[2])
    assert (report.counts.silver, report.counts.duplicates, mornings.rows()) == (9, 9, 18)


def test_before_the_first_run_no_version_rises_and_no_rebuild_follows(tmp_path, capsys):
    project = Project(tmp_path / "plant", a_day(1))
    said = run_command(capsys, project.root, "contract", "confirm-key", "log")
    assert (said.code, project.contract.version) == (ExitCode.DONE, "1.0.0")
    assert "Next: lakeward run log" in said.out


@pytest.mark.exhaustive
def test_rows_without_a_value_of_the_key_and_equal_rows_are_told_apart(tmp_path):
    project = Project(tmp_path / "plant", "id,value\nA,1\nB,2\nC,3\nD,4\n", "ids.csv")
    run_dataset(project.settings, "log")
    project.propose("id")
    project.deliver("more.csv", "id,value\nA,1\n,5\nE,6\n")
    stored = confirm_key(project.settings, "log", dry_run=True).stored
    assert (stored.rows, stored.without_key, stored.repeated, stored.contradicting, stored.removed) == (7, 1, 2, 0, 1)


@pytest.mark.exhaustive
def test_a_key_of_one_machine_that_two_feed_loses_no_row(tmp_path):
    project = Project(tmp_path / "plant", MACHINES, "m1.csv")
    run_dataset(project.settings, "log")
    assert project.contract.proposed_key == ("ts",)
    assert project.deliver("m2.csv", MACHINES.replace("06:", "06:").replace(",6", ",7")).counts.silver == 30
    assert project.rows() == 60
    with pytest.raises(ContractError, match="60 of 60"):
        confirm_key(project.settings, "log")


def test_a_contract_that_proposes_nothing_is_told_so(mornings):
    confirm_key(mornings.settings, "log", force=True)
    with pytest.raises(UsageError, match="proposedKey"):
        confirm_key(mornings.settings, "log")


def test_a_time_that_repeats_beside_measures_alone_is_a_finding_and_no_key(tmp_path):
    text = "ts,v\n2026-01-01 00:00:00,1.5\n2026-01-01 00:00:00,2.5\n2026-01-01 00:05:00,1.5\n2026-01-01 00:10:00,1.7\n"
    project = Project(tmp_path / "plant", text, "a.csv")
    assert (project.contract.primary_key, project.contract.proposed_key) == ((), ())
    assert "CHECK: ts repeats: 3 different in 4 values" in project.contract_file.read_text(encoding="utf-8")
    assert run_dataset(project.settings, "log").counts.silver == 4
