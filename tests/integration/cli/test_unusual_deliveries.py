"""What plants deliver beside good files: nothing, the same again, many at once, odd names; and two people who run at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.command_line import run_in_subprocess
from support.plant import HEADER, Plant, csv_line, make_plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return make_plant(tmp_path / "plant")


def run(plant: Plant, **environ: str) -> dict[str, int]:
    answer = run_in_subprocess(plant.root, "run", "--json", **environ)
    assert answer.code == 0, answer.output
    return dict(json.loads(answer.out)[0])


def rows(plant: Plant, table: str) -> int:
    found = json.loads(run_in_subprocess(plant.root, "tables", "--json").out)
    return next((row["rows"] for row in found if row["table"] == table), 0)


def test_an_empty_file_and_a_header_alone_are_received_and_hold_nothing(plant: Plant) -> None:
    plant.drop("header.csv")
    (plant.root / "inbox" / "press_line" / "empty.csv").touch()

    first, second = run(plant), run(plant)

    assert (first["batches"], first["rows_in"], first["rejects"], first["score"]) == (1, 0, 0, None)
    assert second["batches"] == 0


def test_a_renamed_file_is_known_and_a_corrected_one_under_the_same_name_is_new(plant: Plant) -> None:
    file = plant.drop("a.csv", csv_line("M1", 0, 20.5))
    run(plant)
    file = file.rename(file.with_name("b.csv"))
    renamed = run(plant)
    plant.drop("b.csv", csv_line("M1", 0, 25.5))

    corrected = run(plant)

    assert (renamed["batches"], corrected["batches"], corrected["silver"]) == (0, 1, 1)
    assert (rows(plant, "bronze.press_line"), rows(plant, "silver.press_line")) == (2, 1)


@pytest.mark.exhaustive
def test_more_small_files_than_a_batch_holds_fit_into_little_memory(plant: Plant) -> None:
    for number in range(300):
        plant.drop(f"{number}.csv", csv_line(f"M{number}", 0, 20.5))

    done = run(plant, LAKEWARD_MEMORY="1GiB")

    assert (done["batches"], done["rows_in"], done["silver"]) == (2, 300, 300)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["two words.csv", 'it\'s "quoted".csv', "三月 读数（一号线）.csv", "%20;$(rm).csv", "-rf.csv"])
def test_a_file_may_have_any_name(plant: Plant, name: str) -> None:
    plant.drop(name, csv_line("M1", 0, 20.5))

    assert run(plant)["silver"] == 1
    origin = json.loads(run_in_subprocess(plant.root, "explain", "silver.press_line", "machine=M1", "--json").out)[0]
    assert (origin["file"], origin["row"]) == (name, 2)


@pytest.mark.exhaustive
def test_without_a_key_no_row_is_a_duplicate(plant: Plant) -> None:
    contract = plant.dataset / "contract.odcs.yaml"
    text = contract.read_text()
    contract.write_text(
        text.replace(", primaryKey: true, primaryKeyPosition: 1", "").replace(", primaryKey: true, primaryKeyPosition: 2", "")
    )
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 0, 20.5))

    done = run(plant)

    assert (done["silver"], done["duplicates"]) == (2, 0)


@pytest.mark.exhaustive
def test_two_people_who_run_at_once_get_one_result(plant: Plant) -> None:
    plant.drop("a.csv", *(csv_line(f"M{number}", number % 60, 20.5) for number in range(500)))

    with ThreadPoolExecutor(2) as pool:
        codes = [answer.code for answer in pool.map(lambda _: run_in_subprocess(plant.root, "run"), range(2))]

    assert codes == [0, 0]
    assert (rows(plant, "bronze.press_line"), rows(plant, "silver.press_line"), rows(plant, "governance.runs")) == (500, 500, 1)


@pytest.mark.exhaustive
def test_a_file_of_another_kind_in_the_folder_is_left_alone(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    (plant.root / "inbox" / "press_line" / "notes.txt").write_text(HEADER)

    assert run(plant)["rows_in"] == 1
