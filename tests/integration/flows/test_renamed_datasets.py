"""A renamed dataset is as if it had always borne its new name, and nothing of it is lost, moved, or taken twice."""

import json
import re
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError, StoreConflictError, UsageError
from lakeward.core.storage.lake import Lake
from lakeward.engines import open_engine
from lakeward.flows import (
    KeyAuthor,
    Signature,
    create_key_file,
    curate_dataset,
    explain_row,
    grade_all,
    ingest_dataset,
    list_decisions,
    list_grades,
    list_tables,
    open_connection,
    project_status,
    read_scorecard,
    release_batch,
    rename_dataset,
    rotate_key,
    run_all,
    seal_logs,
    verify_logs,
)
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.portal.read_model import ReadModel
from support.command_line import run_command
from support.graded_plant import drop_hour
from support.lost_machines import SPAWN
from support.plant import SUITE, Plant
from support.renaming import NEW, OLD, make_renamable_plant, rename_killed_before, renamed_from_the_start

# Of each run its own: ids, times, hashes, paths, and how long it took.
OWN = re.compile(
    r"(_at|_id|sha256|digest|hash|path|basis|elapsed.*|seconds|cost.*|updated|age.*|at|version|versions|since|oldest|last_.*|run|bytes|files|lake)$"
)


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(make_renamable_plant, tmp_path / "plant"))


def rows_of(plant, query):
    with open_workspace(plant.settings).engine() as engine:
        return engine.fetch(query)


def stored_versions(plant):
    engine = open_engine("embedded", Lake.in_folder(str(plant.root / "lake")))
    try:
        return {str(info.name): info.version for info in engine.tables()}
    finally:
        engine.close()


def test_its_tables_and_records_stay_where_they_are_and_are_found_under_the_new_name(plant):
    before, batches = stored_versions(plant), rows_of(plant, "SELECT batch_id FROM governance.batches ORDER BY batch_id")
    done = rename_dataset(plant.settings, OLD, NEW)
    assert (done.rows, done.stored_name, done.is_written) == (6, OLD, True)
    after = stored_versions(plant)
    assert {name: version for name, version in after.items() if before.get(name) != version}.keys() == {
        "governance.renames",
        "governance.schema_versions",
    } - (
        {"governance.schema_versions"}
        if before.get("governance.schema_versions") == after["governance.schema_versions"]
        else set()
    )
    assert {str(row.table) for row in list_tables(plant.settings)} >= {f"silver.{NEW}", f"bronze.{NEW}", f"quarantine.{NEW}"}
    assert rows_of(plant, "SELECT batch_id FROM governance.batches ORDER BY batch_id") == batches
    assert {row["dataset"] for row in rows_of(plant, "SELECT DISTINCT dataset FROM governance.runs")} == {NEW, "press_hourly"}
    with open_connection(plant.settings, "steward") as con:
        assert con.sql(f"SELECT count(*) AS n FROM silver.{NEW}").fetchall() == [(6,)]


def test_nothing_is_taken_twice_and_the_numbers_go_on(plant):
    rename_dataset(plant.settings, OLD, NEW)
    reports, errors = run_all(plant.settings)
    assert ([report.batches for report in reports], errors) == ([0, 1], {})  # gold, whose contract and model name the new one
    assert [report.batches for report in run_all(plant.settings)[0]] == [0, 0]
    drop_hour(plant, 3, 2)  # into the folder that senders know
    assert ingest_dataset(plant.settings, NEW).batches == 1
    assert curate_dataset(plant.settings, "press_hourly").batches == 1
    assert [row["n"] for row in rows_of(plant, f"SELECT count(*) AS n FROM silver.{NEW}")] == [8]
    found = rows_of(plant, f"SELECT batch_seq, dataset FROM governance.runs WHERE dataset = '{NEW}' ORDER BY batch_seq")
    assert [row["batch_seq"] for row in found] == [1, 2, 3]
    hours = rows_of(plant, "SELECT hour(hour_start) AS hour, readings FROM gold.press_hourly ORDER BY 1")
    assert [(row["hour"], row["readings"]) for row in hours] == [(1, 6), (3, 2)]
    versions = stored_versions(plant)
    run_all(plant.settings)
    assert stored_versions(plant) == versions
    assert not any(NEW in name for name in versions)  # all lies under the first name


def normalised(value):
    """An answer without what each run has for itself."""
    if isinstance(value, dict):
        return {key: normalised(each) for key, each in value.items() if not OWN.search(key)}
    if isinstance(value, list):
        return sorted((normalised(each) for each in value), key=json.dumps)
    return value


ANSWERS = (
    "status",
    "verdicts press_a",
    "explain silver.press_a machine=M1,ts=2026-03-01T01:00:00Z",
    "explain gold.press_hourly hour_start=2026-03-01T03:00:00Z --value mean_degc",
    "grade list",
    "grade tasks",
    "quarantine list",
    "quarantine show press_a",
    "lineage show gold.press_hourly.mean_degc",
    "lineage audit",
    "lineage impact silver.press_a.temp_degc",
    "lineage restore",
    "policy lint",
    "contract lint",
    "score",
    "suggest press_a",
    "catalogue list",
    "asset list",
    "policy test",
    "incident list",
)


@pytest.mark.exhaustive
def test_every_answer_is_that_of_a_dataset_that_was_named_so_from_the_start(plant, tmp_path, capsys):
    other = renamed_from_the_start(plant.root, tmp_path / "other")
    late = other.root / "inbox" / NEW / "hot.csv"
    late.rename(tmp_path / "hot.csv")  # it came with the second batch
    run_all(other.settings)
    grade_all(other.settings)
    (tmp_path / "hot.csv").rename(late)
    run_all(other.settings)
    grade_all(other.settings)
    rename_dataset(plant.settings, OLD, NEW)
    for each in (plant, other):
        drop_hour(each, 3, 2)
    (other.root / "inbox" / NEW / "h3.csv").write_bytes((plant.root / "inbox" / OLD / "h3.csv").read_bytes())
    for each in (plant, other):
        run_all(each.settings)
        grade_all(each.settings)
    differing = []
    for answer in ANSWERS:
        found = [run_command(capsys, each.root, *answer.split(), "--json") for each in (plant, other)]
        one, two = (normalised(json.loads(each.out or "null")) for each in found)
        if (found[0].code, one) != (found[1].code, two):
            differing.append(answer)
            sys.stdout.write(f"{answer}\n{one}\n{two}\n{found[0].err}{found[1].err}\n")
        if OLD in re.findall(r"\w+", found[0].out.replace(f"inbox/{OLD}", "").replace(f"/{OLD}", "")):
            differing.append(f"{answer} names {OLD}")
            sys.stdout.write(found[0].out)
    assert differing == []


def test_the_old_name_is_explained_and_stays_taken(plant, capsys):
    rename_dataset(plant.settings, OLD, NEW)
    for arguments in (("run", OLD), ("verdicts", OLD), ("explain", f"silver.{OLD}", "machine=M1")):
        found = run_command(capsys, plant.root, *arguments)
        assert (found.code, f"renamed to {NEW}" in found.err) == (2, True), (arguments, found)
    (decision,) = [each for each in list_decisions(plant.settings, NEW) if each.action == "rename"]
    assert (decision.detail, decision.kind) == (f"{OLD} -> {NEW}", "contract")
    with pytest.raises(UsageError) as refused:
        rename_dataset(plant.settings, "press_hourly", OLD)
    assert refused.value.code == "rename_name_taken"
    (plant.root / "expectations" / "datasets" / OLD).mkdir()
    with pytest.raises(UsageError) as refused:
        project_status(plant.settings)
    assert refused.value.code == "rename_unfinished"


@pytest.mark.exhaustive
def test_a_preview_writes_nothing_and_names_the_files(plant, capsys):
    (plant.root / "dags" / "own.py").write_text(f"NAME = '{OLD}'\n")
    before = {
        path: path.read_bytes() for path in plant.root.rglob("*") if path.is_file() and not {".turns", ".leases"} & {*path.parts}
    }
    found = run_command(capsys, plant.root, "contract", "rename", OLD, NEW, "--dry-run", "--json")
    answer = json.loads(found.out)
    assert (answer["is_written"], answer["mentions"]) == (False, ["dags/own.py"])
    assert set(answer["files"]) == {
        f"expectations/datasets/{OLD}/contract.odcs.yaml",
        f"expectations/datasets/{OLD}/suite.json",
        "expectations/datasets/press_hourly/contract.odcs.yaml",
        "expectations/datasets/press_hourly/models/press_hourly.sql",
        "expectations/policies/scoring.yaml",
        "expectations/policies/serving.tests.yaml",
    }
    after = {
        path: path.read_bytes() for path in plant.root.rglob("*") if path.is_file() and not {".turns", ".leases"} & {*path.parts}
    }
    assert {path for path in before if after.get(path) != before[path]} == set()
    assert after.keys() == before.keys()


def test_a_name_that_is_taken_or_none_is_refused(plant):
    for new in ("Press A", "press_hourly", "runs", OLD):
        with pytest.raises(UsageError) as refused:
            rename_dataset(plant.settings, OLD, new)
        assert refused.value.code in {"rename_name_taken", "dataset_name_invalid"}, new
    assert (plant.dataset / "contract.odcs.yaml").is_file()


@pytest.mark.exhaustive
def test_it_is_refused_beside_a_run(plant):
    with open_workspace(plant.settings).engine() as engine, engine.dataset_lock(OLD), pytest.raises(UsageError) as refused:
        rename_dataset(plant.settings, OLD, NEW)
    assert refused.value.code == "rename_running"


def test_a_project_that_lost_its_list_is_refused_instead_of_taking_every_file_again(plant):
    rename_dataset(plant.settings, OLD, NEW)
    (plant.root / "expectations" / "renames.yaml").unlink()
    with pytest.raises(StoreConflictError) as refused:
        ingest_dataset(plant.settings, NEW)
    assert refused.value.code == "rename_unknown"
    assert f"silver.{NEW}" not in stored_versions(plant)


@pytest.mark.exhaustive
def test_an_older_checkout_goes_on_under_the_old_name_beside_it(plant, tmp_path):
    """As a run of Airflow does that pinned the contracts of then."""
    older = Plant(tmp_path / "older")
    for name in ("expectations", "inbox"):
        copy_tree(plant.root / name, older.root / name)
    (older.root / "lake").symlink_to(plant.root / "lake")
    rename_dataset(plant.settings, OLD, NEW)
    drop_hour(older, 4, 3)
    assert ingest_dataset(older.settings, OLD).batches == 1
    drop_hour(plant, 5, 1)
    assert ingest_dataset(plant.settings, NEW).batches == 1
    assert [row["n"] for row in rows_of(plant, f"SELECT count(*) AS n FROM silver.{NEW}")] == [10]
    numbers = rows_of(plant, f"SELECT batch_seq FROM governance.runs WHERE dataset = '{NEW}' ORDER BY batch_seq")
    assert [row["batch_seq"] for row in numbers] == [1, 2, 3, 4]


def copy_tree(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())


def contents(plant):
    """The project's expectations, and what the lake recorded of the renaming."""
    root = plant.root / "expectations"
    files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file() and path.name[0] != "."}
    renames = rows_of(plant, "SELECT stored_name, old_name, new_name, seq FROM governance.renames")
    return files, renames


@pytest.mark.parametrize(
    "write", [pytest.param(write, marks=() if write == 4 else pytest.mark.exhaustive) for write in range(1, 9)]
)
def test_after_a_kill_the_same_command_goes_on(plant, write):
    """Eight writes: the list, six files, the folder."""
    process = SPAWN.Process(target=rename_killed_before, args=(plant.root, write))
    process.start()
    process.join()
    assert process.exitcode == -9
    if write > 1:
        for call in (project_status, run_all):
            with pytest.raises(LakewardError) as refused:
                call(plant.settings)
            assert refused.value.code == "rename_unfinished"
    rename_dataset(plant.settings, OLD, NEW)
    files, renames = contents(plant)
    assert renames == [{"stored_name": OLD, "old_name": OLD, "new_name": NEW, "seq": 1}]
    assert not [name for name in files if OLD in name]
    assert f"name: {NEW}" in files[f"datasets/{NEW}/contract.odcs.yaml"].decode()
    assert b"silver.press_line" not in b"".join(files.values())
    drop_hour(plant, 3, 2)
    assert [report.batches for report in run_all(plant.settings)[0]] == [1, 1]


@pytest.mark.exhaustive
def test_decisions_go_on_in_their_numbers_and_seals_hold(plant, tmp_path):
    key = tmp_path / "seal.key"
    key.write_text("k7Qw9ZrT2mX4vB8nLp5sD1fGh3jKa6Yc")
    key.chmod(0o600)
    settings = replace(plant.settings, seal_key_file=key)
    before = {(row.dataset, row.column): row.grade for row in list_grades(settings)}
    seal_logs(settings)
    rename_dataset(settings, OLD, NEW)
    after = {(row.dataset, row.column): row.grade for row in list_grades(settings)}
    assert after == {(NEW if dataset == OLD else dataset, column): grade for (dataset, column), grade in before.items()}
    seal_logs(settings)
    assert verify_logs(settings).faults == ()


@pytest.mark.exhaustive
def test_a_name_can_be_taken_back_and_changed_again(plant):
    rename_dataset(plant.settings, OLD, NEW)
    rename_dataset(plant.settings, NEW, OLD)
    assert [row["n"] for row in rows_of(plant, f"SELECT count(*) AS n FROM silver.{OLD}")] == [6]
    rename_dataset(plant.settings, OLD, "press_b")
    drop_hour(plant, 3, 2)
    assert ingest_dataset(plant.settings, "press_b").batches == 1
    assert rows_of(plant, "SELECT DISTINCT dataset FROM governance.verdicts WHERE dataset LIKE 'press_b%'") == [
        {"dataset": "press_b"}
    ]


@pytest.mark.exhaustive
def test_a_row_from_before_is_explained_back_to_its_file(plant):
    rename_dataset(plant.settings, OLD, NEW)
    (found,) = explain_row(plant.settings, f"silver.{NEW}", "machine=M1,ts=2026-03-01T01:00:00Z")
    answer = json.dumps(found.as_dict(), default=str)
    assert ("h1.csv" in answer, OLD in answer.replace(f"inbox/{OLD}", "").replace(f"landing/{OLD}", "")) == (True, False)


@pytest.mark.exhaustive
def test_a_portal_that_runs_asks_to_be_started_again_and_then_shows_the_new_name(plant, tmp_path):
    model = ReadModel(open_workspace(plant.settings), tmp_path / "model")
    model.refresh()
    rename_dataset(plant.settings, OLD, NEW)
    assert (model.refresh(), model.fault.code) == (False, "portal_renamed")
    model.close()
    model = ReadModel(open_workspace(plant.settings), tmp_path / "model")
    model.refresh()
    assert [shown(model, name) for name in (NEW, OLD)] == [6, None]
    drop_hour(plant, 3, 2)
    run_plant_renamed(plant)
    assert model.refresh()
    assert [shown(model, name) for name in (NEW, OLD)] == [8, None]
    model.close()


def shown(model, name):
    """What the page of a dataset says of its rows."""
    with model.read() as reading:
        found = [row["silver"] for row in reading.rows("dataset", dataset=name)]
    return found[0] if found else None


def run_plant_renamed(plant):
    reports, errors = run_all(plant.settings)
    assert ([report.batches for report in reports], errors) == ([1, 1], {})


@pytest.mark.exhaustive
def test_a_batch_that_was_halted_before_is_released_under_the_new_name(plant):
    halting = {**SUITE, "expectations": [{**SUITE["expectations"][0], "meta": {"lakeward": {"id": "hot", "severity": "halt"}}}]}
    plant.suite(halting)
    drop_hour(plant, 3, 2)
    plant.drop("hot2.csv", "M1,2026-03-01T03:30:00Z,999,13800000009", header="Machine,Time,Temp,Tel")
    ingest_dataset(plant.settings, OLD)
    assert rows_of(plant, "SELECT max(batch_seq) AS n FROM governance.runs WHERE dataset = 'press_line'") == [{"n": 2}]
    rename_dataset(plant.settings, OLD, NEW)
    release_batch(plant.settings, NEW, 3, Signature(by="wang.fang", role="steward", reason="seen"))
    assert rows_of(plant, f"SELECT max(batch_seq) AS n FROM governance.runs WHERE dataset = '{NEW}'") == [{"n": 3}]
    assert rows_of(plant, f"SELECT count(*) AS n FROM silver.{NEW}")[0]["n"] >= 8


@pytest.mark.exhaustive
def test_the_scorecard_speaks_of_the_new_name(plant):
    rename_dataset(plant.settings, OLD, NEW)
    text = json.dumps({name: str(result) for name, result in read_scorecard(plant.settings).results.items()})
    assert NEW in text
    assert not re.search(rf"\b{OLD}\b", text)


@pytest.mark.exhaustive
@pytest.mark.skipif(find_spec("cryptography") is None, reason="needs the extra protect")
def test_an_encrypted_column_is_bound_to_its_name(plant, tmp_path):
    create_key_file(tmp_path / "kek", "key-wrap")
    settings = replace(plant.settings, wrapping_key_file=tmp_path / "kek")
    rotate_key(settings, f"silver.{OLD}.tel", "sm4", KeyAuthor(by="li.wei", reason="first key"))
    with pytest.raises(UsageError) as refused:
        rename_dataset(settings, OLD, NEW)
    assert refused.value.code == "rename_encrypted"
