"""The shipped project: every contract loads, every suite fits its contract, and Great Expectations takes the suites as its own."""

import json
from pathlib import Path

import pytest
import yaml

from lakeward.contracts.load import load_contract
from lakeward.core.names import Layer
from lakeward.quality.gx import register_sensor_rules
from lakeward.quality.suite import load_rules
from lakeward.simulator.plant import MACHINES, tags

EXPECTATIONS = Path(__file__).parents[2] / "expectations"
FOLDERS = sorted(path.parent for path in (EXPECTATIONS / "datasets").glob("*/contract.odcs.yaml"))
NAMES = [folder.name for folder in FOLDERS]


def load(folder):
    return load_contract(folder / "contract.odcs.yaml", folder.name, ())


def suite(folder):
    return json.loads((folder / "suite.json").read_text(encoding="utf-8"))


def test_the_demo_ships_three_sources_and_two_gold_tables():
    layers = {folder.name: load(folder).layer for folder in FOLDERS}
    assert {name for name, layer in layers.items() if layer is Layer.SILVER} == {
        "equipment",
        "maintenance_orders",
        "plant_telemetry",
    }
    assert {name for name, layer in layers.items() if layer is Layer.GOLD} == {"asset_health_daily", "oee_hourly"}


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_suite_fits_its_contract(folder):
    contract = load(folder)
    rules = load_rules(contract, (folder / "suite.json").read_text(encoding="utf-8"), "suite.json")
    assert 8 <= len(suite(folder)["expectations"]) <= 20
    assert {column.name for column in contract.columns} >= {column for rule in rules for column in rule.columns}


@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_everything_is_said_in_english_and_chinese(folder):
    contract = yaml.safe_load((folder / "contract.odcs.yaml").read_text(encoding="utf-8"))
    said = [contract["description"]["purpose"], *(one["description"] for one in contract["schema"][0]["properties"])]
    said += [expectation["meta"]["notes"] for expectation in suite(folder)["expectations"]]
    assert [text for text in said if text.isascii() or not text[0].isascii()] == []


def test_units_of_the_suite_are_those_of_the_tags():
    expected = {"1", "{piece}", *(tag.unit for machine in MACHINES for tag in tags(machine))}
    sets = [e["kwargs"] for e in suite(EXPECTATIONS / "datasets/plant_telemetry")["expectations"] if "value_set" in e["kwargs"]]
    assert [set(kwargs["value_set"]) for kwargs in sets if kwargs["column"] == "unit"] == [expected]


def test_machines_of_the_suite_are_those_of_the_plant():
    sets = [e["kwargs"] for e in suite(EXPECTATIONS / "datasets/maintenance_orders")["expectations"]]
    (machines,) = [kwargs["value_set"] for kwargs in sets if kwargs.get("column") == "machine_id"]
    assert machines == [machine.name for machine in MACHINES]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # warnings of a foreign package while it is imported
@pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
def test_great_expectations_takes_the_suite_as_its_own(folder):
    expectation_suite = pytest.importorskip("great_expectations.core.expectation_suite")
    register_sensor_rules()
    loaded = expectation_suite.ExpectationSuite(**suite(folder))
    assert len(loaded.expectations) == len(suite(folder)["expectations"])
