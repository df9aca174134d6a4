"""The read model through what happens to a lake: deleted, damaged, moved, gone, of another version, under a running portal."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakeward.core.names import Layer, TableName
from lakeward.engines.tables import Txn
from lakeward.flows import grade_all, ingest_dataset, open_portal, read_scorecard
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.read_model import READ_FILE, ReadModel
from support.plant import Plant, csv_line, make_plant


def make_ran(root):
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 900))
    ingest_dataset(plant.settings, "press_line")


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(make_ran, tmp_path / "plant"))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


def opened(plant, folder):
    model = ReadModel(open_workspace(plant.settings), folder)
    model.refresh()
    return model


def rows_in(model):
    with model.read() as reading:
        totals = reading.family("totals")
        return totals.single_row["rows_in"] if totals else None


def test_a_step_takes_over_what_came(plant, folder):
    model = opened(plant, folder)
    assert rows_in(model) == 2
    assert not model.refresh()
    plant.drop("b.csv", csv_line("M1", 5, 21), csv_line("M1", 6, 21))
    ingest_dataset(plant.settings, "press_line")
    assert model.refresh()
    assert rows_in(model) == 4 == read_scorecard(plant.settings).results["totals"].single_row["rows_in"]
    model.close()


@pytest.mark.exhaustive
def test_a_reading_keeps_its_versions_while_the_lake_goes_on(plant, folder):
    model = opened(plant, folder)
    with model.read() as reading:
        before = reading.family("totals").single_row["rows_in"], reading.versions()
        plant.drop("b.csv", csv_line("M1", 5, 21))
        ingest_dataset(plant.settings, "press_line")
        assert model.refresh()
        assert (reading.family("totals").single_row["rows_in"], reading.versions()) == before
    assert rows_in(model) == 3
    model.close()


def test_a_lake_that_never_ran_is_unmeasured_and_not_zero(tmp_path, folder):
    model = opened(make_plant(tmp_path / "new"), folder)
    assert model.fault is None
    with model.read() as reading:
        assert [reading.family(name) for name in ("totals", "grades", "readiness", "ageing")] == [None] * 4
        assert [row["state"] for row in reading.rows("datasets", **NO_FILTER, skip=0)] == ["never"]
    model.close()


NO_FILTER = dict.fromkeys(("domain", "owner", "state", "layer", "grade", "dimension"))


def test_an_existing_file_is_taken_up_without_a_build(plant, folder):
    opened(plant, folder).close()
    model = ReadModel(open_workspace(plant.settings), folder)
    assert rows_in(model) == 2
    assert not model.refresh()
    model.close()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("damage", ["deleted", "cut", "text", "other version", "empty"])
def test_a_file_that_is_no_read_model_is_built_again(plant, folder, damage):
    opened(plant, folder).close()
    file = folder / READ_FILE
    if damage == "deleted":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "text":
        file.write_text("not a database", encoding="ascii")
    elif damage == "empty":
        file.write_bytes(b"")
    else:
        import duckdb

        with duckdb.connect(str(file)) as con:
            con.execute("UPDATE identity SET stamp = 'older'")
            con.execute("UPDATE figures.totals SET rows_in = 99")
    model = opened(plant, folder)
    assert model.fault is None
    assert rows_in(model) == 2
    model.close()


def test_a_kill_in_the_middle_of_steps_leaves_a_whole_state(plant, folder):
    program = f"""
from lakeward.core.settings import Settings
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.read_model import ReadModel
from pathlib import Path
import os, signal
model = ReadModel(open_workspace(Settings(start=Path({str(plant.root)!r}))), Path({str(folder)!r}))
with model._file.write() as writer:
    writer.copy_table("runs", model._file.find_moves(["runs"], {{}})["runs"])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    opened(plant, folder).close()
    subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    model = opened(plant, folder)
    assert model.fault is None
    assert rows_in(model) == 2
    model.close()


def test_an_unreachable_lake_keeps_the_numbers_and_says_so(plant, folder):
    model = opened(plant, folder)
    lake, away = plant.root / "lake", plant.root / "away"
    lake.rename(away)
    assert not model.refresh()
    assert model.fault is not None
    assert rows_in(model) == 2
    away.rename(lake)
    model.refresh()
    assert model.fault is None
    model.close()


@pytest.mark.exhaustive
def test_another_lake_in_the_same_place_is_read_anew(plant, folder, tmp_path):
    model = opened(plant, folder)
    other = Plant(Path(shutil.copytree(plant.root, tmp_path / "other", ignore=shutil.ignore_patterns("lake"))))
    other.drop("a.csv", *(csv_line("M1", minute, 20) for minute in range(7)))
    ingest_dataset(other.settings, "press_line")
    shutil.rmtree(plant.root / "lake")
    shutil.copytree(other.root / "lake", plant.root / "lake")
    assert model.refresh()
    assert rows_in(model) == 7
    model.close()


def test_a_table_that_is_dropped_is_unmeasured_again(plant, folder):
    grade_all(plant.settings)
    model = opened(plant, folder)
    with model.read() as reading:
        assert reading.family("grades")
    with open_workspace(plant.settings).engine() as engine:
        engine.drop(TableName(Layer.GOVERNANCE, "grade_proposals"))
    assert model.refresh()
    with model.read() as reading:
        assert reading.family("grades") is None
    model.close()


def test_a_newer_lake_is_refused_and_the_numbers_stay(plant, folder):
    model = opened(plant, folder)
    with open_workspace(plant.settings).engine() as engine:
        row = {"schema_version": 999, "program": "9.9"}
        governance.append_rows(engine, "schema_versions", [row], Txn("lakeward/schema_version", 999))
    assert not model.refresh()
    assert model.fault.code == "lake_newer"
    assert rows_in(model) == 2
    model.close()


@pytest.mark.exhaustive
def test_removed_files_of_old_commits_lead_to_a_whole_read(plant, folder):
    model = opened(plant, folder)
    plant.drop("b.csv", csv_line("M1", 5, 21))
    ingest_dataset(plant.settings, "press_line")
    table = plant.root / "lake" / "governance" / "runs"
    with open_workspace(plant.settings).engine() as engine:
        while engine.compact(TableName(Layer.GOVERNANCE, "runs"), ("dataset",)):
            pass
    newest = max(table.glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    for file in table.glob("*.parquet"):
        if file != newest:
            file.unlink()
    model.refresh()
    assert model.fault is None
    assert rows_in(model) == 3
    model.close()


@pytest.mark.exhaustive
def test_other_weights_give_other_scores_at_once(plant, folder):
    model = opened(plant, folder)
    policies = plant.root / "expectations" / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "scoring.yaml").write_text(
        "dimensions: {accuracy: 5}\ndatasets:\n  press_line: {rules: {temp_in_range: 7}}\n", encoding="utf-8"
    )
    model.refresh()
    assert model.fault is None, str(model.fault)
    with model.read() as reading:
        mine = reading.family("totals").single_row["score"]
    assert mine == read_scorecard(plant.settings).results["totals"].single_row["score"]
    model.close()


def test_contracts_come_change_fail_and_go(plant, folder):
    model = opened(plant, folder)
    plant.contract(version="1.1.0")
    model.refresh()
    assert dataset(model)["version"] == "1.1.0"
    file = plant.dataset / "contract.odcs.yaml"
    file.write_text(file.read_text().replace("kind: DataContract", "kind: Other"))
    model.refresh()
    assert (dataset(model)["state"], model.fault) == ("invalid", None)
    shutil.rmtree(plant.dataset)
    model.refresh()
    assert (dataset(model)["state"], dataset(model)["rows_in"]) == ("retired", 2)
    model.close()


def dataset(model):
    with model.read() as reading:
        return reading.rows("dataset", dataset="press_line")[0]


def test_a_broken_project_file_keeps_the_numbers_and_says_so(plant, folder):
    model = opened(plant, folder)
    file = plant.root / "expectations" / "project.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text("name: [", encoding="utf-8")
    assert not model.refresh()
    assert model.fault is not None
    assert rows_in(model) == 2
    file.write_text(
        text.replace("lake: lake", "lake: elsewhere") + ("" if "lake:" in text else "lake: elsewhere\n"), encoding="utf-8"
    )
    model.refresh()
    assert model.fault.code == "portal_lake_moved"
    model.close()


def test_one_project_has_one_portal(plant):
    portal = open_portal(plant.settings)
    program = f"""
from lakeward.core.settings import Settings
from lakeward.flows import open_portal
from pathlib import Path
open_portal(Settings(start=Path({str(plant.root)!r})))
"""
    second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "portal_runs_already" in second.stderr or "runs already" in second.stderr
    portal.close()
    open_portal(plant.settings).close()


def test_the_files_are_their_owners_alone(plant):
    portal = open_portal(plant.settings)
    portal.refresh()
    folder = plant.root / ".lakeward" / "portal"
    files = [folder, folder / READ_FILE, folder / "state.sqlite"]
    assert [
        file.name for file in files if file.stat().st_mode & 0o077
    ] == []  # the folder keeps what DuckDB writes beside the file
    portal.close()


def test_no_value_of_a_row_is_in_the_file(canary_lake_copy, tmp_path):
    model = ReadModel(open_workspace(canary_lake_copy), tmp_path / "model")
    model.refresh()
    assert model.fault is None
    model.close()
    from support.canary_lake import CANARIES

    content = b"".join(file.read_bytes() for file in Path(tmp_path / "model").iterdir() if file.is_file())
    assert len(content) > 10_000
    canaries = [value for values in CANARIES.values() for value in values]
    assert len(canaries) > 100
    assert [canary for canary in canaries if canary.encode() in content] == []
