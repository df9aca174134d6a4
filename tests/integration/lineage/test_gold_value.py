"""A value of gold to its source: the rows that give it, and what a release of quarantined rows would make of it, counted."""

import json

import pytest

from lakeward.core.errors import LakewardError
from lakeward.flows import (
    GradeChoice,
    Selection,
    Signature,
    curate_dataset,
    decide_grade,
    explain_value,
    grade_all,
    ingest_dataset,
    release_rows,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.command_line import run_command
from support.gold_plant import MODEL, make_gold_plant, run_gold
from support.plant import Plant, csv_line

GOLD = "gold.temp_hourly"
M1 = "machine=M1,start=2026-03-01T06:00:00Z"
# Beside its own readings, each value knows how warm all presses are: keys alone do not give its rows.
SHARED_MODEL = """\
SELECT machine, date_trunc('hour', ts) AS start, avg(temp_degc) - any_value(general) AS mean_temp, count(*) AS readings
FROM silver.press_line, (SELECT date_trunc('hour', ts) AS the_hour, avg(temp_degc) AS general FROM silver.press_line GROUP BY ALL)
WHERE the_hour = date_trunc('hour', ts) GROUP BY ALL
"""


def fill(plant):
    """Three good readings of M1 in two files, two of M2, one in another hour; 999 twice, one of them M2's; two unreadable."""
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 40), csv_line("M2", 0, 50), csv_line("M1", 5, 999))
    run_gold(plant)
    later = "M1,2026-03-01T07:00:00Z,90"
    plant.drop("b.csv", csv_line("M1", 2, 60), csv_line("M2", 1, 70), csv_line("M2", 6, 999), csv_line("M1", 7, "warm"), later)
    run_gold(plant)
    grade_all(plant.settings)


def make_filled(root):
    fill(make_gold_plant(root))


def make_shared(root):
    fill(make_gold_plant(root, SHARED_MODEL))


@pytest.fixture
def plant(tmp_path, copy_of):
    return Plant(copy_of(make_filled, tmp_path / "plant"))


def test_the_rows_batches_files_bytes_and_rules_of_a_value(plant):
    found = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    assert (found.value, found.reproduced, found.choice) == ("40.0", True, "window and keys, also of master data")
    own = found.inputs[0]
    assert (str(own.table), own.rows, own.batches, own.ids) == ("silver.press_line", 3, (1, 2), ("1:2", "1:3", "2:2"))
    sizes = {name: (plant.root / "inbox" / "press_line" / name).stat().st_size for name in ("a.csv", "b.csv")}
    assert [(file.file, file.batch, file.rows, file.bytes) for file in own.files] == [
        ("a.csv", 1, 2, sizes["a.csv"]),
        ("b.csv", 2, 1, sizes["b.csv"]),
    ]
    rules = {rule.rule: rule for rule in found.rules}
    assert (rules["temp_in_range"].batches, rules["temp_in_range"].failed, len(rules["temp_in_range"].version)) == (2, 2, 12)


@pytest.mark.exhaustive
def test_what_quarantine_keeps_from_it_is_counted_by_the_model_and_comes_true(plant):
    found = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")
    share = found.quarantined[0]

    assert (share.dataset, share.missing, share.ids, dict(share.rules), share.unreadable) == (
        *("press_line", 1, ("1:5",), {"temp_in_range": 1}, 1),
    )
    assert (found.moves, found.released, found.change) == (True, "279.75", "239.75")

    signature = Signature("wang.fang", "steward", "measured again")
    release_rows(plant.settings, "press_line", Selection(rules=("temp_in_range",)), signature)
    curate_dataset(plant.settings, "temp_hourly")
    after = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")
    assert (after.value, after.moves, after.released) == (found.released, False, found.released)


@pytest.mark.exhaustive
def test_nothing_is_written_but_the_log(plant):
    def versions():
        with open_workspace(plant.settings).engine() as engine:
            return {str(each.name): each.version for each in engine.tables() if each.name.name != "access_log"}

    before = versions()
    explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    assert versions() == before
    with open_workspace(plant.settings).engine() as engine:
        assert len(governance.read_rows(engine, "access_log")) == 1


@pytest.mark.exhaustive
def test_a_released_row_that_would_replace_a_stored_one_is_not_counted_twice(tmp_path):
    plant = make_gold_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 40))
    run_gold(plant)
    plant.drop("b.csv", csv_line("M1", 1, 999))
    run_gold(plant)
    grade_all(plant.settings)

    found = explain_value(plant.settings, GOLD, M1, "readings", "engineer")
    mean = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    assert (found.value, found.released, found.moves) == ("2", "2", False)
    assert (mean.value, mean.released, mean.change) == ("30.0", "509.5", "479.5")


@pytest.mark.exhaustive
def test_a_model_over_all_presses_names_all_rows_of_the_hour(tmp_path, copy_of):
    plant = Plant(copy_of(make_shared, tmp_path / "plant"))

    found = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    assert (found.choice, found.reproduced, found.inputs[0].rows) == ("window", True, 5)
    assert found.quarantined[0].missing == 2


@pytest.mark.exhaustive
def test_inputs_that_changed_since_are_said(plant):
    plant.drop("c.csv", csv_line("M1", 3, 80))
    ingest_dataset(plant.settings, "press_line")

    found = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    # The model gives 50 now: the change is from there, not from the stored 40.
    assert (found.value, found.reproduced, found.choice) == ("40.0", False, "all rows")
    assert float(found.change) == pytest.approx(float(found.released) - 50)


@pytest.mark.exhaustive
def test_the_model_is_that_of_the_row_and_not_the_file_of_now(plant):
    model = plant.dataset.parent / "temp_hourly" / "models" / "temp_hourly.sql"
    model.write_text(MODEL.replace("avg(", "max("), encoding="utf-8")

    found = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")

    assert (found.value, found.reproduced) == ("40.0", True)


def hide(plant, after):
    """Make a column of press_line core data, by the line of the contract that it follows."""
    contract = plant.dataset / "contract.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    assert after in text
    contract.write_text(text.replace(after, f"{after}        classification: core\n", 1), encoding="utf-8")
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)


def test_a_role_that_does_not_see_what_it_is_made_of_learns_nothing_of_its_rows(plant, capsys):
    hide(plant, "        physicalType: double\n")

    found = explain_value(plant.settings, GOLD, M1, "readings", "engineer")
    mean = explain_value(plant.settings, GOLD, M1, "mean_temp", "engineer")
    answer = run_command(capsys, plant.root, "explain", GOLD, M1, "--value", "mean_temp", "--as", "engineer", "--json")

    assert (found.visible, found.value) == (True, "3")
    assert (mean.visible, mean.value, mean.released, mean.change, mean.moves) == (False, None, None, None, None)
    assert (mean.choice, mean.reproduced, mean.inputs, mean.rules, mean.quarantined) == (None, None, (), (), ())
    assert "279" not in answer.out


@pytest.mark.sampled(1)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_rows_are_not_chosen_by_a_key_that_the_role_does_not_see(plant, capsys, lang):
    decide_grade(plant.settings, "temp_hourly.machine", GradeChoice("li.wei", "names of presses", grade="core"))

    words = ("explain", GOLD, "start=2026-03-01T07:00:00Z", "--value", "readings", "--as", "engineer")
    shown = run_command(capsys, plant.root, *words, "--lang", lang)
    found = json.loads(run_command(capsys, plant.root, *words, "--json").out)

    assert shown.code == 0, shown.err
    assert ("keys" in shown.out or "键" in shown.out, "b.csv" in shown.out) == (True, False)
    assert (found["visible"], found["inputs"], found["rules"], found["quarantined"]) == (False, [], [], [])


@pytest.mark.parametrize(
    ("table", "where", "column", "code"),
    [
        ("silver.press_line", "machine=M1", "temp_degc", "explain_value_gold"),
        (GOLD, M1, "mean_tmp", "explain_value_column"),
        (GOLD, "machine=M1", "mean_temp", "explain_value_rows"),
        (GOLD, "machine=M9,start=2026-03-01T06:00:00Z", "mean_temp", "explain_value_rows"),
        (GOLD, "press=M1", "mean_temp", "explain_condition"),
        ("temp_hourly", M1, "mean_temp", "table_name_expected"),
    ],
)
def test_what_names_no_value_is_an_error(plant, table, where, column, code):
    with pytest.raises(LakewardError) as error:
        explain_value(plant.settings, table, where, column, "engineer")

    assert error.value.code == code


@pytest.mark.exhaustive
@pytest.mark.sampled(1)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_both_languages_show_it(plant, capsys, lang):
    answer = run_command(capsys, plant.root, "explain", GOLD, M1, "--value", "mean_temp", "--as", "engineer", "--lang", lang)
    as_json = run_command(capsys, plant.root, "explain", GOLD, M1, "--value", "mean_temp", "--as", "engineer", "--json")

    assert answer.code == 0, answer.output
    assert all(word in answer.out for word in ("a.csv", "temp_in_range", "279.75"))
    assert json.loads(as_json.out)["change"] == "239.75"
