"""How often Spark reads a batch to judge it, told by its own physical plans: all rules, uniqueness with them, in one scan."""

import re
import uuid

import pytest

from lakeward.core.names import Layer, TableName
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.quality.plan import compile_plan
from lakeward.quality.suite import load_rules
from support.both_engines import open_engine_named
from support.quarantine_line import make_quarantine_plant

pytestmark = pytest.mark.spark

BRONZE = TableName(Layer.BRONZE, "press_line")
SCAN = re.compile(r"FileScan parquet|Scan ExistingRDD|BatchScan")


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A Spark engine over a batch in bronze, and the plan that judges it."""
    workspace = open_workspace(make_quarantine_plant(tmp_path_factory.mktemp("scans") / "plant").settings)
    engine = open_engine_named("spark", workspace.lake)
    engine.define("batch_rows", engine.batch_rows(BRONZE, 1))
    contract = workspace.project.contract("press_line")
    rules = load_rules(contract, workspace.suite("press_line"), suite_label("press_line"))
    yield engine, compile_plan(contract, rules, engine.types("batch_rows"))
    engine.close()


def scans(engine, query):
    """Reads of files in the plan that Spark would run."""
    return len(SCAN.findall(engine._frame(query)._jdf.queryExecution().executedPlan().toString()))


def test_all_rules_and_the_proof_of_the_key_take_one_scan(asked):
    engine, plan = asked
    assert scans(engine, plan.facts_select("batch_rows")) == 1


def test_each_half_of_the_split_takes_one_scan(asked):
    engine, plan = asked
    good, bad = plan.split("batch_rows", {"temp_in_range"})
    assert [scans(engine, good), scans(engine, bad)] == [1, 1]


def test_great_expectations_is_not_asked_for_what_is_compiled(asked):
    _, plan = asked
    assert plan.gx_rules == ()


def jobs(engine, call):
    """Jobs that Spark runs for a call."""
    context, group = engine._spark.sparkContext, str(uuid.uuid4())
    context.setJobGroup(group, "")
    call()
    context.setLocalProperty("spark.jobGroup.id", None)
    return len(context.statusTracker().getJobIdsForGroup(group))


def test_rows_of_a_batch_are_counted_without_a_job(asked):
    engine, _ = asked
    assert jobs(engine, lambda: engine.count(BRONZE, 1)) == 0


@pytest.mark.exhaustive
def test_rows_of_a_batch_are_read_by_one_job_where_delta_takes_more(asked):
    engine, _ = asked
    own = jobs(engine, lambda: engine.fetch("SELECT _row FROM batch_rows WHERE _row = 2"))
    scan = jobs(engine, lambda: engine.fetch(f"SELECT _row FROM {BRONZE} WHERE _batch_seq = 1 AND _row = 2"))
    assert own == 1 < scan
