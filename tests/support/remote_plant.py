"""The small project of tests with its lake in an object store on loopback."""

from dataclasses import dataclass, replace

from lakeward.core.settings import Settings
from lakeward.flows import ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from support.object_stores import BUCKET, environment
from support.plant import Plant, csv_line, make_plant
from support.repeatable_rows import repeatable_rows


@dataclass(frozen=True)
class RemotePlant(Plant):
    """A project whose lake lies below `prefix` of the bucket.

    Args:
        endpoint: Address of the store.
    """

    endpoint: str = ""
    prefix: str = "lake"

    @property
    def settings(self) -> Settings:
        return replace(Settings(start=self.root), lake=f"s3://{BUCKET}/{self.prefix}", store=environment(self.endpoint))


def make_remote_plant(root, endpoint, prefix):
    """The project, with nothing received yet."""
    return RemotePlant(make_plant(root).root, endpoint, prefix)


def drop_first(plant):
    """A delivery with good rows, a duplicate, a row for quarantine and a reject."""
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 20.6), csv_line("M1", 1, 20.7), csv_line("M1", 2, 999), "torn")


def drop_second(plant):
    """A second one, with a correction of the first."""
    plant.drop("b.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 33.3), csv_line("M1", 4, 20.9), csv_line("M1", 5, 999), "torn")


def fill(plant):
    """Receive both deliveries, one after another."""
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")
    drop_second(plant)
    ingest_dataset(plant.settings, "press_line")


def contents(plant):
    """Every table's rows without what a rerun need not repeat, in one order."""
    with open_workspace(plant.settings).engine() as engine:
        names = [str(table.name) for table in engine.tables() if table.name.name != "run_costs"]  # of each run its own
        found = {name: engine.fetch(f"SELECT * FROM {name}") for name in names}
    return repeatable_rows(found)
