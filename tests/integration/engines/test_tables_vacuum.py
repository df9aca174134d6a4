"""A vacuum removes what no kept version needs, and nothing else."""

import itertools
import multiprocessing
import os
import signal
from datetime import timedelta

import pytest
from deltalake import DeltaTable

from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang
from lakeward.engines.embedded.engine import EmbeddedEngine
from support.small_tables import (
    APP,
    BY_DAY,
    NAME,
    SPEC,
    by_day,
    data_files,
    die_before_commit,
    folder,
    ids,
    live_files,
    make_older,
    rows,
    txn,
)

SPAWN = multiprocessing.get_context("spawn")
DAY, MONTH = timedelta(days=1), timedelta(days=30)


def batches(engine, count, spec=SPEC, shape=lambda query: query):
    for batch in range(count):
        engine.append(spec, shape(rows(batch * 10, batch * 10 + 10)), txn(batch + 1))


@pytest.mark.parametrize(("spec", "shape"), [(SPEC, lambda query: query), (BY_DAY, by_day)], ids=["whole", "by day"])
def test_files_of_versions_older_than_the_retention_go(engine, lake, spec, shape):
    batches(engine, 6, spec, shape)
    engine.replace(spec, shape(rows(5, 15, 1)), ["id"], txn(7))
    while engine.compact(NAME, ["id"]):
        pass
    size = sum((folder(lake) / file).stat().st_size for file in data_files(lake) - live_files(lake))
    make_older(lake, 31)
    done = engine.vacuum(NAME, MONTH)
    assert data_files(lake) == live_files(lake)
    assert (ids(engine), done.live_files, done.removed_bytes) == (list(range(60)), len(live_files(lake)), size)


def test_a_version_older_than_the_retention_can_not_be_read_and_is_said_so(engine, lake):
    batches(engine, 6)
    engine.compact(NAME, ["id"])
    ask = "SELECT sum(id) AS n FROM silver.press_line"
    assert engine.fetch(ask, at={NAME: 2}) == [{"n": 435}]
    make_older(lake, 31)
    engine.vacuum(NAME, MONTH)
    with pytest.raises(UsageError, match="version 2 can no longer be read") as error:
        engine.fetch(ask, at={NAME: 2})
    assert "版本 2 已无法读取" in error.value.render(Lang.ZH)
    assert engine.fetch(ask, at={NAME: 6}) == [{"n": 1770}]


def test_a_version_that_never_was_is_said_so(engine):
    batches(engine, 1)
    with pytest.raises(UsageError, match="version 7 can no longer be read"):
        engine.fetch("SELECT count(*) AS n FROM silver.press_line", at={NAME: 7})


def test_versions_within_the_retention_still_answer(engine, lake):
    batches(engine, 5)
    old = len(live_files(lake))
    make_older(lake, 31)
    engine.compact(NAME, ["id"])
    assert engine.vacuum(NAME, MONTH).removed_files == 0
    assert engine.fetch("SELECT count(*) AS n FROM silver.press_line", at={NAME: 4}) == [{"n": 50}]
    make_older(lake, 29)
    assert engine.vacuum(NAME, MONTH).removed_files == 0
    make_older(lake, 2)
    assert engine.vacuum(NAME, MONTH).removed_files == old


def test_a_table_that_was_vacuumed_is_as_it_was(engine, lake):
    batches(engine, 12)
    engine.compact(NAME, ["id"])
    make_older(lake, 31)
    engine.vacuum(NAME, MONTH)
    assert engine.append(SPEC, rows(0, 10), txn(12)) is None
    engine.append(SPEC, rows(120, 130), txn(13))
    assert (ids(engine), engine.txn(NAME, APP)) == (list(range(130)), 13)


def test_a_long_log_gets_a_checkpoint_once(engine, lake):
    batches(engine, 12)
    log = folder(lake) / "_delta_log"
    engine.vacuum(NAME, MONTH)
    made = set(log.glob("*.checkpoint*.parquet"))
    engine.vacuum(NAME, MONTH)
    assert (len(made), set(log.glob("*.checkpoint*.parquet"))) == (1, made)
    assert ids(engine) == list(range(120))


def test_a_second_vacuum_commits_nothing(engine, lake):
    batches(engine, 2)
    engine.vacuum(NAME, MONTH)
    version = engine.info(NAME).version
    assert (engine.vacuum(NAME, MONTH).removed_files, engine.info(NAME).version) == (0, version)
    kept = DeltaTable(str(folder(lake))).metadata().configuration
    assert kept["delta.deletedFileRetentionDuration"] == "interval 2592000 seconds"


def test_what_a_killed_write_left_goes_when_it_is_old(engine, lake):
    batches(engine, 2)
    process = SPAWN.Process(target=die_before_commit, args=(lake,))
    process.start()
    process.join()
    (orphan,) = data_files(lake) - live_files(lake)
    assert (process.exitcode, engine.vacuum(NAME, DAY).removed_files) == (-signal.SIGKILL, 0)
    make_older(lake, 2)
    assert engine.vacuum(NAME, DAY).removed_files == 1
    assert orphan not in data_files(lake)
    assert ids(engine) == list(range(20))


def test_what_a_killed_job_of_sparks_left_goes_with_its_folders(engine, lake):
    batches(engine, 2)
    left = folder(lake) / "part-0f" / "_temporary" / "0" / "_day=2026-03-01"
    left.mkdir(parents=True)
    for name in ("part-00000.parquet", ".part-00000.parquet.crc"):
        (left / name).write_bytes(b"PAR1")
    make_older(lake, 2)
    assert engine.vacuum(NAME, DAY).removed_files == 2
    assert not (folder(lake) / "part-0f").exists()


def test_files_that_are_not_ours_stay(engine, lake):
    batches(engine, 2)
    for name in ("_change_data/cdc.parquet", ".hidden/x.parquet", "_symlink_format_manifest/manifest", "note.txt", ".x.parquet"):
        (folder(lake) / name).parent.mkdir(exist_ok=True)
        (folder(lake) / name).write_bytes(b"x")
    make_older(lake, 400)
    assert engine.vacuum(NAME, DAY).removed_files == 0


def test_a_retention_that_writes_could_outlast_is_refused(engine):
    batches(engine, 1)
    with pytest.raises(UsageError, match="writes in progress"):
        engine.vacuum(NAME, timedelta(minutes=59))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("order", [*itertools.permutations(["append", "replace", "compact", "overwrite"])][::8], ids="-".join)
def test_no_live_file_ever_goes(tmp_path, order):
    lake = str(tmp_path / "lake")
    engine = EmbeddedEngine(lake)
    engine.append(BY_DAY, by_day(rows(0, 30)), txn(1))
    steps = {
        "append": lambda n: engine.append(BY_DAY, by_day(rows(30, 60)), txn(n)),
        "replace": lambda n: engine.replace(BY_DAY, by_day(rows(10, 40, 1)), ["id"], txn(n)),
        "compact": lambda _: engine.compact(NAME, ["id"]),
        "overwrite": lambda n: engine.overwrite(BY_DAY, by_day(rows(50, 55)), "id >= 50", txn(n)),
    }
    for number, step in enumerate(order, 2):
        steps[step](number)
        make_older(lake, 20)
        before = engine.fetch("SELECT * FROM silver.press_line ORDER BY ALL")
        engine.vacuum(NAME, MONTH)
        assert live_files(lake) <= data_files(lake)
        assert engine.fetch("SELECT * FROM silver.press_line ORDER BY ALL") == before
    make_older(lake, 31)
    engine.vacuum(NAME, MONTH)
    assert live_files(lake) == data_files(lake)
    engine.close()


def test_a_clock_that_goes_wrong_on_one_file_does_not_take_it(engine, lake):
    batches(engine, 2)
    for file in live_files(lake):
        os.utime(folder(lake) / file, (0, 0))
    assert engine.vacuum(NAME, DAY).removed_files == 0
