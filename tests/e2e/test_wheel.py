"""What a stranger does, outside the clone: the built wheel, without extras, in an environment of its own."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
HEAVY = {"apache-airflow", "great-expectations", "pandas", "pyarrow", "numpy", "pyspark"}
HEADER = "ts,machine,temp_degc,parts\n"
SIDES = ("rejects", "bronze", "silver", "quarantine", "duplicates")
# A cold cache downloads 150 MB first.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (built,) = folder.glob("lakeward-*.whl")
    return built


@pytest.fixture(scope="module")
def venv(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    locked = ["--constraints", ROOT / "requirements.lock"]
    # Of all that is installed, a few modules are used: these are compiled when they are.
    environment = {**os.environ, "UV_COMPILE_BYTECODE": "0"}  # noqa: TID251
    subprocess.run([UV, "pip", "install", "--quiet", "--python", folder, *locked, wheel], env=environment, check=True)
    return folder


@pytest.fixture(scope="module")
def stranger(venv, tmp_path_factory):
    """Calls `lakeward` as someone who has nothing but the wheel; each call says what it expects to exit with."""
    home = tmp_path_factory.mktemp("home")

    def call(*words, cwd=home, exits=(0,)):
        environment = {"PATH": f"{venv / 'bin'}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
        done = subprocess.run(["lakeward", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in exits, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout + done.stderr

    call.home = home
    return call


@pytest.fixture(scope="module")
def plant(stranger):
    """A project with one dataset, drafted from a file of 240 good readings, and that file taken in."""
    (stranger.home / "readings.csv").write_text(HEADER + "".join(map(reading, range(240))), encoding="utf-8")
    stranger("init", "plant")
    project = stranger.home / "plant"
    stranger("new", "press_line", "--from", "../readings.csv", cwd=project)
    stranger("contract", "confirm-key", "press_line", cwd=project)
    return project, stranger("run", "press_line", "--json", cwd=project)


@pytest.fixture(scope="module")
def second(stranger, plant):
    """A second delivery: two new readings, one of them twice, a text where a number belongs, and a row that is too long."""
    project, _ = plant
    rows = reading(240), reading(241), reading(241), reading(242).replace(".", ";"), reading(243).rstrip() + ",what,is,this\n"
    (project / "inbox" / "press_line" / "later.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    return stranger("run", "press_line", "--json", cwd=project, exits=(0, 1))


def reading(number):
    minute, machine = divmod(number, 2)
    return f"2026-03-01T{6 + minute // 60:02}:{minute % 60:02}:00Z,M{machine + 1},{20 + number % 17 + 0.25},{number % 7}\n"


def adds_up(run):
    return (
        run["rows_in"] == run["bronze"] + run["rejects"]
        and run["bronze"] == run["silver"] + run["quarantine"] + run["duplicates"]
    )


def test_the_wheel_holds_code_messages_catalogues_and_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for part in (
        "lakeward/core/messages/core.yaml",
        "lakeward/expectations/catalogues/",
        "lakeward_lineage/__init__.py",
        "lakeward/py.typed",
        "lakeward_lineage/py.typed",
        "lakeward/cli/shells/lakeward.zsh",
        "LICENSE",
    ):
        assert [name for name in names if part in name], part


def test_a_plain_install_is_small(venv):
    listed = subprocess.run([UV, "pip", "list", "--python", venv, "--format", "json"], capture_output=True, text=True, check=True)
    installed = {package["name"] for package in json.loads(listed.stdout)}
    assert "lakeward" in installed
    assert installed & HEAVY == set()


def test_the_version_is_that_of_the_metadata(stranger, wheel):
    assert stranger("--version") == f"lakeward {wheel.name.split('-')[1]}\n"


def test_completion_finds_its_scripts(stranger):
    assert "_lakeward" in stranger("completion", "bash")


@pytest.mark.exhaustive
def test_types_of_a_program_that_uses_lakeward_are_checked(venv, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import lakeward\nreveal_type(lakeward.connect(role=1).sql('FROM gold.x').columns)\n", encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file=",
        "--cache-dir=/dev/null",
        "--python-executable",
        venv / "bin" / "python",
    ]
    said = subprocess.run([*words, program], capture_output=True, text=True, check=False, cwd=tmp_path).stdout

    assert 'Argument "role" to "connect" has incompatible type "int"' in said
    assert 'Revealed type is "tuple[str, ...]"' in said


def test_good_readings_all_arrive(plant):
    _, (run,) = plant
    assert (run["dataset"], run["batches"], run["rows_in"]) == ("press_line", 1, 240)
    assert [run[side] for side in SIDES] == [0, 240, 240, 0, 0]


def test_bad_readings_are_set_aside_and_none_is_lost(second):
    (run,) = second
    assert [run[side] for side in SIDES] == [1, 4, 2, 1, 1]
    assert adds_up(run)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("second")
def test_a_run_with_nothing_new_changes_no_table(stranger, plant):
    project, _ = plant
    before = stranger("tables", "--json", cwd=project)
    (run,) = stranger("run", "--json", cwd=project)
    assert run["batches"] == run["rows_in"] == 0
    assert before
    assert stranger("tables", "--json", cwd=project) == before


@pytest.mark.exhaustive
@pytest.mark.usefixtures("second")
def test_quarantine_names_rule_and_rows(stranger, plant):
    listed = stranger("quarantine", "list", "--json", cwd=plant[0])
    (group,) = [group for group in listed if group["table"] == "quarantine.press_line"]
    assert (group["dataset"], group["rule"], group["rows"]) == ("press_line", "type:temp_degc", 1)
    assert "type:temp_degc" in stranger("quarantine", "show", "press_line", cwd=plant[0])


@pytest.mark.usefixtures("second")
def test_a_row_is_explained_back_to_its_file(stranger, plant):
    told = stranger("explain", "silver.press_line", "machine=M1,ts=2026-03-01T08:00:00Z", "--as", "engineer", cwd=plant[0])
    assert "later.csv" in told


@pytest.mark.exhaustive
@pytest.mark.usefixtures("second")
def test_status_knows_the_dataset(stranger, plant):
    assert "press_line" in stranger("status", cwd=plant[0])
    assert stranger("status", "--json", cwd=plant[0])[0]["dataset"] == "press_line"


@pytest.mark.exhaustive
@pytest.mark.usefixtures("second")
def test_a_rebuild_makes_the_same_silver(stranger, plant):
    project, _ = plant
    before = {row["table"]: row["rows"] for row in stranger("tables", "--json", cwd=project)}
    stranger("rebuild", "press_line", cwd=project, exits=(0, 1))
    after = {row["table"]: row["rows"] for row in stranger("tables", "--json", cwd=project)}
    assert before["silver.press_line"] == after["silver.press_line"] == 242
    assert before["bronze.press_line"] == after["bronze.press_line"]


def test_the_doctor_finds_the_machine_fit(stranger, plant):
    found = stranger("doctor", "--json", cwd=plant[0])
    assert all(row["ok"] for row in found if row["needed"])


def test_the_demo_names_the_extra_that_it_needs(stranger):
    assert "pip install '/path/to/the/clone[airflow]'" in stranger("demo", exits=(4,))


def test_a_dataset_on_spark_names_the_extra_that_it_needs(stranger, plant):
    project = plant[0] / "expectations" / "project.yaml"
    without = project.read_text(encoding="utf-8")
    project.write_text(without + "engine: spark\n", encoding="utf-8")
    try:
        assert "pip install '/path/to/the/clone[spark]'" in stranger("run", "press_line", cwd=plant[0], exits=(4,))
        lacking = {row["check"]: row["repair"] for row in stranger("doctor", "--json", cwd=plant[0], exits=(4,)) if not row["ok"]}
        assert lacking["pyspark (extra spark)"] == "pip install '/path/to/the/clone[spark]'"
    finally:
        project.write_text(without, encoding="utf-8")


def test_every_command_shows_an_example(stranger):
    for command in ("init", "new", "run", "rebuild", "status", "tables", "verdicts", "explain", "doctor", "demo"):
        assert f"lakeward {command}" in stranger(command, "--help")
