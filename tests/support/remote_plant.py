"""Projects of tests with their lakes in an object store on loopback."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from lakeward.core.settings import Settings
from lakeward.core.storage.options import FIRST_WAIT
from lakeward.flows import MigrationOptions, ingest_dataset, migrate
from lakeward.flows.base.workspace import open_workspace
from support.object_stores import BUCKET, KEY_ID, SECRET, environment
from support.plant import Plant, csv_line, make_plant
from support.repeatable_rows import repeatable_rows


@dataclass(frozen=True)
class RemotePlant(Plant):
    """A project whose lake lies below `prefix` of the bucket.

    Args:
        endpoint: Address of the store.
        store_wait: Seconds before a request that failed is repeated.
    """

    endpoint: str = ""
    prefix: str = "lake"
    store_wait: float = FIRST_WAIT

    @property
    def settings(self) -> Settings:
        lake = f"s3://{BUCKET}/{self.prefix}"
        return replace(Settings(start=self.root), lake=lake, store=environment(self.endpoint), store_wait=self.store_wait)


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


def point_to_store(root, endpoint, prefix):
    """Name a lake below this prefix in the project's file, and its credentials in a file that only its owner reads."""
    file = Path(root) / "expectations" / "project.yaml"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("lake:")]
    lines += [f"lake: s3://{BUCKET}/{prefix}", "storage: {connection: store, region: us-east-1}"]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    name_store(root, endpoint)


def name_store(root, endpoint):
    """Name the store's address and credentials in the file of connections."""
    connections = Path(root) / ".lakeward" / "connections.yaml"
    connections.parent.mkdir(exist_ok=True)
    before = connections.read_text(encoding="utf-8") if connections.exists() else ""
    url = endpoint.replace("://", f"://{KEY_ID}:{SECRET}@")
    connections.write_text(f"{before}store: {url}\n", encoding="utf-8")
    connections.chmod(0o600)


def move_to_store(root, endpoint, prefix):
    """Move the lake of a project from its folder to the store, as `lakeward migrate --to` does; returns its settings."""
    file = Path(root) / "expectations" / "project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "storage: {connection: store, region: us-east-1}\n", encoding="utf-8")
    name_store(root, endpoint)
    migrate(Settings(start=Path(root)), MigrationOptions(to=f"s3://{BUCKET}/{prefix}"))
    return Settings(start=Path(root))


def other_machine(root, copy):
    """A copy of the project without what belongs to the first machine of its lake."""
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns("lakes"))
    return Path(copy)
