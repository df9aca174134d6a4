"""A plant that is maintained between its deliveries, by either engine: the same lake as by the other, and the same ever after."""

from dataclasses import replace

import pytest
from deltalake import DeltaTable

from lakeward import flows
from lakeward.core.settings import EMBEDDED
from support.engine_comparison import two_lakes
from support.plant import Plant, csv_line, make_plant

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]
NAME = "press_line"


def make_plant_with_deliveries(root):
    plant = make_plant(root)
    deliver(plant, 0)
    return plant.settings


def deliver(plant, batch):
    """A good row, one that is too hot, and from the second on a correction of the first."""
    more = [csv_line("M1", 0, 20 + batch)] if batch else []
    plant.drop(f"{batch}.csv", csv_line("M1", batch, 20), csv_line("M2", batch, 300), *more)


def ingest_deliveries(settings, first, last):
    """Deliveries, one batch each; what came of them."""
    told = []
    for batch in range(first, last):
        deliver(Plant(settings.start), batch)
        told.append(flows.ingest_dataset(settings, NAME).counts)
    return told


def maintain_plant(settings):
    done, failed = flows.maintain(settings)
    assert failed == {}
    return {row.table: row.files_after for row in done}


def test_maintenance_by_either_engine_leaves_the_same_lake(tmp_path):
    lakes = two_lakes(tmp_path, make_plant_with_deliveries)
    assert len({repr(told) for told in lakes.both(lambda s: ingest_deliveries(s, 0, 4))}) == 1
    before = len(DeltaTable(str(lakes.spark.start / "lake" / "bronze" / NAME)).file_uris())
    embedded, spark = lakes.both(maintain_plant)
    assert before > spark[f"bronze.{NAME}"] == embedded[f"bronze.{NAME}"] == 1
    assert {name for name in lakes.differences() if name != "governance/maintenance"} == set()
    assert len({repr(told) for told in lakes.both(lambda s: ingest_deliveries(s, 4, 6))}) == 1
    maintain_plant(replace(lakes.spark, engine=EMBEDDED))
    maintain_plant(lakes.embedded)
    assert len({repr(told) for told in lakes.both(lambda s: ingest_deliveries(s, 6, 7))}) == 1
    assert {name for name in lakes.differences() if name != "governance/maintenance"} == set()
