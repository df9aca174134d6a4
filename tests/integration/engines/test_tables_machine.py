"""The machine in the way: told in our words, nothing committed, the same command works afterwards."""

import resource
import subprocess
import sys
import textwrap

import pytest

from lakeward.core.errors import MachineError, SettingsError, UsageError
from lakeward.engines import open_engine
from support.small_tables import NAME, SPEC, ids, rows, txn

LIMIT_BYTES = 200_000
PROGRAM = """
    from lakeward.core.errors import MachineError
    from lakeward.engines import open_engine
    from support.small_tables import BY_DAY, SPEC, by_day, rows, txn
    engine = open_engine("embedded", {lake!r})
    try:
        {call}
    except MachineError as error:
        print(error.code)
    engine.close()
"""


def run_with_file_limit(lake, call):
    """What a process says whose files may not grow beyond `LIMIT_BYTES`."""
    program = textwrap.dedent(PROGRAM).format(lake=lake, call=call)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": "tests", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES)),
    )
    return ran.stdout.strip()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "call",
    [
        "engine.append(SPEC, rows(0, 300000, 'random()'), txn(2))",
        "engine.append(BY_DAY, by_day(rows(0, 300000, 'random()').replace('to_hours(i)', 'to_hours(i % 48)')), txn(2))",
        "engine.replace(SPEC, rows(0, 300000, 'random()'), ['id'], txn(2))",
        "engine.export(rows(0, 300000, 'random()'), engine.scratch / 'x.parquet')",
    ],
    ids=["append", "append by day", "replace", "export"],
)
def test_a_full_disk_is_told_and_leaves_the_table_as_it_was(engine, lake, call):
    if "BY_DAY" not in call:
        engine.append(SPEC, rows(0, 10), txn(1))
    assert run_with_file_limit(lake, call) == "disk_full"
    assert (engine.txn(NAME, txn(1).app), engine.tables() and ids(engine)) == ((0, []) if "BY_DAY" in call else (1, [*range(10)]))
    assert engine.append(SPEC, rows(10, 20), txn(3)) or engine.info(NAME)


def test_a_lake_below_a_file_can_not_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="can't be read or written") as caught:
        open_engine("embedded", str(tmp_path / "file" / "lake"))
    assert caught.value.code == "lake_not_writable"


def test_a_table_below_a_file_can_not_be_written(engine, tmp_path):
    (tmp_path / "lake" / "silver").write_text("")
    with pytest.raises(MachineError) as caught:
        engine.append(SPEC, rows(0, 10), txn(1))
    assert caught.value.code == "lake_not_writable"


def test_too_little_memory_is_told(lake):
    small = open_engine("embedded", lake, memory="20MB")
    with pytest.raises(MachineError) as caught:
        small.fetch("SELECT list_sum(list(hash(i)::VARCHAR::HUGEINT)) FROM range(9000000) t(i)")
    small.close()
    assert caught.value.code == "memory_full"


def test_a_lake_at_a_url_is_not_opened_without_its_store():
    with pytest.raises(UsageError, match="how its store is reached"):
        open_engine("embedded", "s3://bucket/lake")


def test_an_unknown_engine_is_refused(lake):
    with pytest.raises(SettingsError, match="LAKEWARD_ENGINE"):
        open_engine("oracle", lake)
