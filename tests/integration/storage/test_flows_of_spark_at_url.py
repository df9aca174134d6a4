"""A plant's life on Spark over a lake in an object store: said and left as by the embedded engine, also killed and by turns."""

from dataclasses import replace

import pytest

from lakeward.core.settings import EMBEDDED, SPARK
from lakeward.flows import ingest_dataset, maintain
from lakeward.flows.base.batch_context import BatchStep
from support.engine_comparison import in_store, two_lakes
from support.fault_proxy import proxy
from support.message_kinds import KINDS, cases, live_on_both, plant_maker
from support.object_stores import require_store_jars
from support.plant import Plant, csv_line, make_plant
from support.plant_story import STORY, comparable_output, make_received_plant
from support.spark_cluster import Driver, die_at, die_before_commit

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive, pytest.mark.timeout(1800)]
# Adds, repeats, corrects, sets aside, and can't be parsed.
BATCHES = [
    [csv_line("A", 0, 1.5), csv_line("A", 1, 2), csv_line("B", 0, 999), "torn"],
    [csv_line("A", 1, 2), csv_line("A", 0, 7), csv_line("B", 1, 3), csv_line("B", 2, -51)],
    [csv_line("B", 1, 4), csv_line("B", 1, 4), csv_line("A", 2, 5), ",,"],
]


@pytest.fixture(scope="module", autouse=True)
def _with_jars():
    require_store_jars()


@pytest.fixture
def lakes(endpoint, store_folder, tmp_path):
    made = two_lakes(tmp_path / "plants", lambda root: make_plant(root).settings)
    return in_store(made, endpoint, store_folder, tmp_path.name)


def drop(settings, number):
    Plant(settings.start).drop(f"{number}.csv", *BATCHES[number])


@pytest.fixture(scope="module")
def story(endpoint, store_folder, tmp_path_factory):
    made = two_lakes(tmp_path_factory.mktemp("story") / "plants", make_received_plant)
    lakes = in_store(made, endpoint, store_folder, "story")
    return lakes, {flow: [comparable_output(one) for one in lakes.both(step)] for flow, step in STORY.items()}


@pytest.mark.parametrize("flow", STORY)
def test_a_flow_says_the_same_on_both_engines(story, flow):
    embedded, spark = story[1][flow]
    assert spark == embedded


def test_all_flows_leave_the_same_tables(story):
    assert story[0].differences() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_the_same_rows_on_both_engines(endpoint, store_folder, tmp_path, kind):
    case = cases(tmp_path)[kind]
    lakes = in_store(two_lakes(tmp_path / "plants", plant_maker(case)), endpoint, store_folder, tmp_path.name)
    live_on_both(lakes, case, kind)
    assert lakes.differences() == {}


def test_batches_taken_by_turns_make_the_tables_of_one_engine(lakes):
    turns = {EMBEDDED: lakes.embedded, SPARK: replace(lakes.spark, engine=EMBEDDED)}
    for number, engine in enumerate((EMBEDDED, SPARK, EMBEDDED)):
        for name, settings in turns.items():
            drop(settings, number)
            by = replace(settings, engine=engine, spark=lakes.spark.spark) if name == SPARK else settings
            assert ingest_dataset(by, "press_line").counts.rows_in
        other = replace(turns[SPARK], engine=SPARK if engine == EMBEDDED else EMBEDDED, spark=lakes.spark.spark)
        assert not ingest_dataset(other, "press_line").counts.rows_in
    assert lakes.differences() == {}


KILLS = [
    *((die_before_commit, layer) for layer in ("bronze", "silver", "quarantine")),
    *((die_at, step) for step in BatchStep if step is not BatchStep.ROW_IDS),  # a step of reprocessed rows alone
]


@pytest.mark.parametrize(("die", "at"), KILLS, ids=lambda value: str(getattr(value, "__name__", value)))
def test_a_killed_batch_is_taken_once(lakes, die, at):
    for settings in (lakes.embedded, lakes.spark):
        drop(settings, 0)
    ingest_dataset(lakes.embedded, "press_line")
    with Driver(die, lakes.spark, at) as driver, pytest.raises(EOFError):
        driver.answer()
    ingest_dataset(lakes.spark, "press_line")
    assert lakes.both(lambda settings: drop(settings, 1) or ingest_dataset(settings, "press_line").counts.bronze) == (4, 4)
    assert lakes.differences() == {}


def test_compaction_and_vacuum_by_spark_keep_every_row(lakes):
    for number in range(5):
        for settings in (lakes.embedded, lakes.spark):
            Plant(settings.start).drop(f"{number}.csv", csv_line(f"M{number}", number, 20.5), csv_line("A", number, 999))
            ingest_dataset(settings, "press_line")
    results, errors = lakes.both(maintain)[1]
    assert errors == {}
    assert next(one for one in results if one.table == "silver.press_line").files_after == 1
    assert lakes.differences() == {}


def test_a_small_batch_makes_few_requests(endpoint, store_folder, tmp_path):
    made = two_lakes(tmp_path / "plants", lambda root: make_plant(root).settings)
    requests = {}
    with proxy(endpoint) as (address, faults):
        for settings in in_store_pair(made, address, store_folder, tmp_path.name):
            for number in range(4):
                lines = [csv_line(f"M{number}-{row // 60}", row % 60, 20 + row % 50 / 10) for row in range(1000)]
                Plant(settings.start).drop(f"{number}.csv", *lines)
                faults.reset()
                ingest_dataset(settings, "press_line")
                requests[settings.engine, number] = len(faults.seen)
    assert requests[SPARK, 3] < MOST_REQUESTS


MOST_REQUESTS = 100


def in_store_pair(made, address, store_folder, prefix):
    """Both projects over this address."""
    lakes = in_store(made, address, store_folder, prefix)
    return lakes.embedded, lakes.spark
