"""The disclosure of a data asset: what is recorded fills it, what only people know stays open, and nothing in it is called a value."""

from pathlib import Path

import pytest

from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang, text
from lakeward.flows import RightsDeclaration, assess_readiness, declare_rights, disclose_assets, ingest_dataset
from support.plant import Plant, csv_line, make_plant


def make_run(root: Path) -> None:
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    assess_readiness(plant.settings)


@pytest.fixture
def plant(copy_of, tmp_path: Path) -> Plant:
    return Plant(copy_of(make_run, tmp_path / "plant"))


def recorded(plant: Plant) -> dict[str, str | None]:
    found = disclose_assets(plant.settings, "press_line")
    return {each.field: text(each.recorded.code, Lang.EN, **each.recorded.facts) if each.recorded else None for each in found}


def test_what_is_recorded_fills_the_fields_and_the_others_stay_open(plant: Plant) -> None:
    before = recorded(plant)
    assert before["kind"] == "production"
    assert before["scale"].startswith("1 rows, ")
    assert before["processing"].startswith("1 batches, ")
    assert before["protection"] == "0 of 0 sensitive columns controlled, of 3 columns"
    assert {key for key, said in before.items() if said is None} == {
        *("source", "title", "limits", "lapse", "build_cost", "application"),
        *("purchase", "scenario", "pricing", "carrying", "life"),
    }

    rights = RightsDeclaration(holder="工厂", source="own", basis="自有", until="2030-12-31", limits="境内")
    declare_rights(plant.settings, "press_line", rights, "li.wei")
    after = recorded(plant)
    assert (after["source"], after["title"], after["limits"], after["lapse"]) == ("own", "工厂: 自有", "境内", "2030-12-31")


@pytest.mark.exhaustive
def test_money_stands_only_where_prices_are_stated_and_is_a_cost_of_building(plant: Plant) -> None:
    (plant.root / "expectations/policies/prices.yaml").write_text("currency: CNY\ncpu_hour: 3600\n", encoding="utf-8")
    assert recorded(plant)["build_cost"].endswith(" CNY")
    names = [each.names["en"].lower() for each in disclose_assets(plant.settings) if each.field == "build_cost"]
    assert names == ["build cost from telemetry"]


def test_an_unknown_dataset_is_refused(plant: Plant) -> None:
    with pytest.raises(UsageError):
        disclose_assets(plant.settings, "nothing")
