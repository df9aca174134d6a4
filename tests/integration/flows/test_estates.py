"""Runs of many datasets: beside each other as one by one, what has nothing new opens no table, and a broken one stops itself alone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from lakeward.core.errors import ContractError, MachineError
from lakeward.core.settings import Settings
from lakeward.flows import (
    assess_readiness,
    curate_dataset,
    grade_dataset,
    has_waiting_gold,
    ingest_dataset,
    open_connection,
    run_all,
    run_policy_tests,
)
from lakeward.flows.base.workspace import open_workspace
from support.command_line import INTERRUPTIBLE
from support.estates import deliver, make_estate

GOLD = """\
apiVersion: v3.2.0
kind: DataContract
id: urn:lakeward:hours
name: hours
version: 1.0.0
status: active
domain: production
description: {purpose: A line by the hour}
team: {name: plant-data, members: [{username: li.wei, role: owner}]}
schema:
  - name: hours
    logicalType: object
    properties:
      - {name: hour_start, logicalType: timestamp, physicalType: timestamp, required: true}
      - {name: readings, logicalType: integer, physicalType: bigint}
customProperties:
  - property: model
    value: {sql: hours.sql, inputs: [silver.line_0000], window: hour_start, grain: hour, timezone: Asia/Shanghai, times: {silver.line_0000: ts}}
  - {property: dataClass, value: production}
"""
MODEL = "SELECT date_trunc('hour', ts) AS hour_start, count(*) AS readings FROM silver.line_0000 GROUP BY date_trunc('hour', ts)"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """Four lines and a gold dataset of the first, not run yet."""
    root = make_estate(tmp_path_factory.mktemp("estate") / "plant", 4)
    home = root / "expectations" / "datasets" / "hours"
    home.mkdir()
    (home / "contract.odcs.yaml").write_text(GOLD)
    (home / "hours.sql").write_text(MODEL)
    return root


@pytest.fixture(scope="module")
def finished(estate, tmp_path_factory):
    """The same after a run of two datasets at a time."""
    root = Path(shutil.copytree(estate, tmp_path_factory.mktemp("finished") / "plant"))
    reports, errors = run_all(Settings(start=root), jobs=2)
    assert (len(reports), errors) == (5, {})
    return root


def copy_of(root: Path, target: Path) -> Path:
    return Path(shutil.copytree(root, target / "plant"))


def rows_of(root: Path) -> dict[str, list[tuple]]:
    """What a run leaves: rows, verdicts, edges, scores and runs, without ids and times of the run."""
    tables = {
        "silver.line_0002": "machine, ts, temperature, state, pieces, _batch_seq",
        "quarantine.line_0003": "machine, ts, temperature, _rules",
        "gold.hours": "hour_start, readings",
        "governance.verdicts": "dataset, batch_seq, rule_id, rule_version, outcome, evaluated, failed",
        "governance.lineage_edges": "dataset, batch_seq, job, from_table, from_column, to_table, to_column, kind",
        "governance.scores": "dataset, seq, level, dimension, score",
        "governance.runs": "dataset, batch_seq, rows_in, silver, quarantine, score",
    }
    with open_workspace(Settings(start=root)).engine() as engine:
        return {
            name: [tuple(row.values()) for row in engine.fetch(f"SELECT {columns} FROM {name} ORDER BY ALL")]
            for name, columns in tables.items()
        }


def test_datasets_beside_each_other_leave_what_one_by_one_leaves(estate, finished, tmp_path):
    alone = copy_of(estate, tmp_path)
    reports, _ = run_all(Settings(start=alone), jobs=1)
    assert [report.dataset for report in reports] == ["line_0000", "line_0001", "line_0002", "line_0003", "hours"]
    assert rows_of(alone) == rows_of(finished)


def test_run_without_anything_new_opens_no_table_of_a_dataset(finished, tmp_path):
    root = copy_of(finished, tmp_path)
    before = rows_of(root)
    for layer in ("bronze", "silver", "gold", "quarantine"):
        (root / "lake" / layer).rename(root / layer)
    reports, errors = run_all(Settings(start=root))
    for layer in ("bronze", "silver", "gold", "quarantine"):
        (root / layer).rename(root / "lake" / layer)
    assert (sum(report.batches for report in reports), errors) == (0, {})
    assert rows_of(root) == before


def test_new_file_runs_its_dataset_and_the_gold_that_reads_it(finished, tmp_path):
    root = copy_of(finished, tmp_path)
    deliver(root, "line_0000", 1, 60)
    seen = []
    reports, errors = run_all(Settings(start=root), on_progress=lambda code, facts: seen.append((code, dict(facts))))
    now = {"dataset": "line_0000", "batch": 2, "file": "day_001.csv"}
    assert seen == [("progress_file", {**now, "files": 1}), ("progress_rows", {**now, "rows": 60})]
    assert ({report.dataset: report.batches for report in reports}, errors) == (
        {"line_0000": 1, "line_0001": 0, "line_0002": 0, "line_0003": 0, "hours": 1},
        {},
    )


def test_edited_suite_and_rebuilt_input_are_no_idle_datasets(finished, tmp_path):
    root = copy_of(finished, tmp_path)
    suite = root / "expectations" / "datasets" / "line_0001" / "suite.json"
    suite.write_text(suite.read_text().replace("200", "300", 1))
    reports, _ = run_all(Settings(start=root))
    said = {report.dataset: [code for code, _ in report.warnings] for report in reports}
    assert [dataset for dataset, codes in said.items() if "rules_changed" in codes] == ["line_0001"]
    assert all("rules_changed" not in [code for code, _ in report.warnings] for report in run_all(Settings(start=root))[0])
    with open_workspace(Settings(start=root)).engine() as engine:
        texts = engine.fetch("SELECT dataset, count(*) AS n FROM governance.contracts GROUP BY dataset ORDER BY dataset")
    assert [row["n"] for row in texts] == [1, 1, 2, 1, 1]


def test_one_broken_dataset_stops_itself_alone(estate, tmp_path):
    root = copy_of(estate, tmp_path)
    (root / "expectations" / "datasets" / "line_0001" / "suite.json").write_text("{")
    (root / "expectations" / "datasets" / "line_0002" / "contract.odcs.yaml").write_text("kind: DataContract\n")
    shutil.rmtree(root / "inbox" / "line_0003")
    reports, errors = run_all(Settings(start=root), jobs=2)
    assert [report.dataset for report in reports] == ["line_0000", "hours"]
    assert sorted(errors) == ["line_0001", "line_0002", "line_0003"]


@pytest.mark.exhaustive
def test_gold_waits_for_rows_that_it_has_not_taken_in(finished, tmp_path):
    root = copy_of(finished, tmp_path)
    settings = Settings(start=root)
    assert not has_waiting_gold(settings, "line_0000")
    deliver(root, "line_0000", 1, 60)
    ingest_dataset(settings, "line_0000")
    assert (has_waiting_gold(settings, "line_0000"), has_waiting_gold(settings, "line_0001")) == (True, False)
    curate_dataset(settings, "hours")
    assert not has_waiting_gold(settings, "line_0000")


def test_broken_contract_closes_its_own_table_alone(finished, tmp_path):
    root = copy_of(finished, tmp_path)
    (root / "expectations" / "datasets" / "line_0003" / "contract.odcs.yaml").write_text("kind: DataContract\n")
    settings = Settings(start=root)
    grade_dataset(settings, "hours")
    with open_connection(settings, "analyst") as connection:
        assert connection.sql("SELECT count(*) FROM gold.hours").fetchone() == (4,)
        with pytest.raises(ContractError, match=r"line_0003/contract\.odcs\.yaml"):
            connection.sql("SELECT count(*) FROM silver.line_0003")
    run_policy_tests(settings)
    assert assess_readiness(settings)


class FullMemory:
    """Lets a dataset run out of memory, as often as it says, where a real one does: while its files are read."""

    def __init__(self, dataset: str, times: int) -> None:
        self.dataset, self.times, self.tried = dataset, times, 0

    def __call__(self, code: str, facts: Mapping[str, object]) -> None:
        if code == "progress_file" and facts["dataset"] == self.dataset:
            self.tried += 1
            if self.tried <= self.times:
                raise MachineError("memory_full", lake="lake")


@pytest.mark.exhaustive
def test_dataset_that_memory_was_too_small_for_beside_others_is_run_again_alone(estate, finished, tmp_path):
    root, memory = copy_of(estate, tmp_path), FullMemory("line_0000", 1)
    reports, errors = run_all(Settings(start=root), jobs=2, on_progress=memory)
    assert (memory.tried, errors, len(reports)) == (2, {}, 5)
    assert rows_of(root) == rows_of(finished)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("jobs", "tried"), [(1, 1), (2, 2)])
def test_dataset_that_memory_is_too_small_for_alone_is_an_error(estate, tmp_path, jobs, tried):
    root, memory = copy_of(estate, tmp_path), FullMemory("line_0001", 9)
    reports, errors = run_all(Settings(start=root), jobs=jobs, on_progress=memory)
    assert (memory.tried, len(reports)) == (tried, 4)
    assert [(name, error.code) for name, error in errors.items()] == [("line_0001", "memory_full")]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_run_that_is_killed_or_interrupted_is_finished_by_the_next(estate, finished, tmp_path, number):
    root = copy_of(estate, tmp_path)
    code = INTERRUPTIBLE + "from lakeward.cli import main; main()"
    command = [sys.executable, "-c", code, "--project", str(root), "run", "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not any((root / "lake").glob("silver/*/_delta_log/*.json")) and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, number)
    _, said = process.communicate()
    if number == signal.SIGINT:
        assert (process.returncode, "Traceback" in said) == (130, False)
        assert "the next run finishes the rest" in said
    _, errors = run_all(Settings(start=root), jobs=2)
    assert errors == {}
    assert rows_of(root) == rows_of(finished)
