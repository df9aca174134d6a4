"""Flows over a lake or backups in an object store, as faults are tried on them: how each begins, what it does, and what is left at its end."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace

from lakeward.core.settings import Settings
from lakeward.core.storage.options import FIRST_WAIT
from lakeward.flows import (
    MigrationOptions,
    PrunePolicy,
    RestoreOptions,
    assess_readiness,
    back_up,
    curate_dataset,
    grade_dataset,
    ingest_dataset,
    maintain,
    migrate,
    open_connection,
    prune_backups,
    rebuild_silver,
    release_rows,
    repair_rows,
    replay_rows,
    restore,
    verify_backups,
)
from lakeward.flows.base.text_key import project_text_key
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.selection import Selection
from support.gold_plant import make_gold_plant
from support.object_stores import BUCKET, environment
from support.plant import Plant, csv_line, make_plant
from support.quarantine_line import BY, HOT_ROWS, STEWARD, TENTHS
from support.remote_plant import RemotePlant, contents, drop_first, drop_second, fill

# What a rerun need not repeat, beside what `contents` leaves out: that it was asked twice.
_UNREPEATED = {"governance.access_log"}
_MAINTENANCE = "governance.maintenance"
_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMES = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.\d]*([+-]\d\d:\d\d|Z)?")


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A flow.

    Args:
        prepare: Fills a project of `make`, before any fault.
        act: What meets the faults; run again after an error.
        state: What is compared with the state after an undisturbed run.
        at_url: Whether the lake lies at the URL when it acts; otherwise it is a folder, and the URL a place beside it.
    """

    prepare: Callable[[Plant], object]
    act: Callable[[Plant], object]
    state: Callable[[Plant], object]
    make: Callable[..., object] = make_plant
    at_url: bool = True


@dataclass(frozen=True)
class FolderPlant(Plant):
    """A project whose lake is a folder, and which knows the store.

    Args:
        endpoint: Address of the store.
        prefix: Prefix of its own in the bucket.
        store_wait: Seconds before a request that failed is repeated.
    """

    endpoint: str = ""
    prefix: str = ""
    store_wait: float = FIRST_WAIT

    @property
    def settings(self) -> Settings:
        return replace(Settings(start=self.root), store=environment(self.endpoint), store_wait=self.store_wait)

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"


def receive_nothing(plant: Plant) -> None:
    """Begin with an empty place."""


def receive_first(plant: Plant) -> None:
    drop_first(plant)
    ingest_dataset(plant.settings, "press_line")


def receive_second(plant: Plant) -> None:
    drop_second(plant)
    ingest_dataset(plant.settings, "press_line")


def hold_hot_rows(plant: Plant) -> None:
    plant.drop("a.csv", csv_line("A", 0, 20), csv_line("A", 1, 215), csv_line("A", 2, 300), csv_line("A", 3, "warm"))
    ingest_dataset(plant.settings, "press_line")


def repair(plant: Plant) -> int:
    return repair_rows(plant.settings, "press_line", HOT_ROWS, TENTHS, BY)


def hold_repaired_rows(plant: Plant) -> None:
    hold_hot_rows(plant)
    repair(plant)


def receive_for_gold(plant: Plant) -> None:
    plant.drop("day.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 40), csv_line("M2", 0, 50))
    ingest_dataset(plant.settings, "press_line")


def back_up_three_times(plant: FolderPlant) -> None:
    for day in range(3):
        plant.drop(f"{day}.csv", csv_line("M1", day, 20 + day))
        ingest_dataset(plant.settings, "press_line")
        back_up(plant.settings, plant.url)


def grade_filled(plant: Plant) -> None:
    fill(plant)
    grade_dataset(plant.settings, "press_line")


def grade_with_key(plant: Plant) -> None:
    """With the key of the project's hashes, which is random."""
    grade_filled(plant)
    assert project_text_key(open_workspace(plant.settings))


def rows(plant: Plant) -> dict[str, list[tuple[str, ...]]]:
    """What the tables hold, without times of now."""
    found = {name: held for name, held in contents(plant).items() if name not in _UNREPEATED}
    return {name: [tuple(_TIMES.sub("-", cell) for cell in row) for row in held] for name, held in found.items()}


def data(plant: Plant) -> object:
    """The tables of the dataset alone: each rebuild is recorded as a generation of its own."""
    return {name: held for name, held in rows(plant).items() if not name.startswith("governance.")}


def restored(plant: FolderPlant) -> tuple[int, object]:
    """What the newest backup at the URL brings back, and how much of all is damaged."""
    folder = plant.root.with_name(f"{plant.root.name}-restored")
    shutil.rmtree(folder, ignore_errors=True)
    other = FolderPlant(folder, plant.endpoint, plant.prefix)
    restore(other.settings, plant.url, RestoreOptions())
    return len(verify_backups(plant.settings, plant.url).damaged), rows(other)


def restored_at_url(plant: FolderPlant) -> object:
    return rows(RemotePlant(plant.root.parent / "restored", plant.endpoint, plant.prefix))


def restore_to_url(plant: FolderPlant) -> None:
    other = RemotePlant(plant.root.parent / "restored", plant.endpoint, plant.prefix)
    restore(other.settings, str(plant.root.parent / "backups"), RestoreOptions())


def replayed(plant: Plant) -> object:
    """What a replay makes of the repairs. Repaired rows without their event, which is written last, count for nothing: a rerun writes them again."""
    replay_rows(plant.settings, "press_line", Selection(), BY)
    found = rows(plant)
    tables = ("silver.press_line", "quarantine.press_line", "governance.quarantine_events")
    return {name: [tuple(_IDS.sub("-", cell) for cell in row) for row in found[name]] for name in tables}


def ask(plant: Plant) -> None:
    connection = open_connection(plant.settings, "steward")
    try:
        assert connection.sql("SELECT count(*) FROM silver.press_line").fetchall() == [(3,)]
    finally:
        connection.close()


def receive_five(plant: Plant) -> None:
    for batch in range(5):
        plant.drop(f"{batch}.csv", csv_line("M1", 2 * batch, 20 + batch), csv_line("M1", 2 * batch + 1, 999), "torn")
        ingest_dataset(plant.settings, "press_line")


def maintain_all(plant: Plant) -> None:
    """Run again after an error of some table as after one of the whole flow."""
    _, errors = maintain(plant.settings)
    if errors:
        raise next(iter(errors.values()))


def maintained(plant: Plant) -> tuple[object, object]:
    """What the tables hold, and their files as a further run finds them; without the record of maintenance, of which each try adds its own."""
    results, _ = maintain(plant.settings)
    kept = {name: held for name, held in rows(plant).items() if name != _MAINTENANCE}
    return kept, [(each.table, each.files_before, each.files_after) for each in results if each.table != _MAINTENANCE]


def rows_and_answers(plant: Plant) -> tuple[object, bool]:
    """What the tables hold, and whether the log has an answer."""
    found = contents(plant)
    return rows(plant), any("allowed" in row for row in found["governance.access_log"])


FLOWS = {
    "begin": Flow(prepare=receive_nothing, act=receive_first, state=rows),
    "ingest": Flow(prepare=receive_first, act=receive_second, state=rows),
    "curate": Flow(
        make=make_gold_plant,
        prepare=receive_for_gold,
        act=lambda plant: curate_dataset(plant.settings, "temp_hourly"),
        state=rows,
    ),
    "repair": Flow(prepare=hold_hot_rows, act=repair, state=replayed),
    "replay": Flow(
        prepare=hold_repaired_rows,
        act=lambda plant: replay_rows(plant.settings, "press_line", Selection(), BY),
        state=rows,
    ),
    "release": Flow(
        prepare=hold_hot_rows,
        act=lambda plant: release_rows(plant.settings, "press_line", HOT_ROWS, STEWARD),
        state=rows,
    ),
    "rebuild": Flow(prepare=fill, act=lambda plant: rebuild_silver(plant.settings, "press_line"), state=data),
    "grade": Flow(prepare=fill, act=lambda plant: grade_dataset(plant.settings, "press_line"), state=rows),
    "assess": Flow(prepare=grade_with_key, act=lambda plant: assess_readiness(plant.settings), state=rows),
    "maintain": Flow(prepare=receive_five, act=maintain_all, state=maintained),
    "query": Flow(prepare=grade_filled, act=ask, state=rows_and_answers),
    "backup": Flow(prepare=fill, act=lambda plant: back_up(plant.settings, plant.url), state=restored, at_url=False),
    "restore": Flow(
        prepare=lambda plant: (fill(plant), back_up(plant.settings, str(plant.root.parent / "backups"))),
        act=restore_to_url,
        state=restored_at_url,
        at_url=False,
    ),
    "move": Flow(
        prepare=fill, act=lambda plant: migrate(plant.settings, MigrationOptions(to=plant.url)), state=rows, at_url=False
    ),
    "prune": Flow(
        prepare=back_up_three_times,
        act=lambda plant: prune_backups(plant.settings, plant.url, PrunePolicy(last=1)),
        state=restored,
        at_url=False,
    ),
}
