"""The DAGs run for real over a lake in an object store."""

import pytest

from support.object_stores import HAS_SERVER, WHY_NOT, versitygw
from support.remote_plant import point_to_store

ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"
TWICE = """
import json
from pathlib import Path
from lakeward.core.settings import Settings
from lakeward.flows import list_tables
from lakeward.orchestration.local import run_local
settings, ignore = Settings.load(Path(".")), lambda _: None
told = [[r.dag_id, r.state] for r in run_local(settings, [], ignore)]
tables = list_tables(settings)
run_local(settings, [], ignore)
print(json.dumps([told, [t.path for t in tables], list_tables(settings) == tables, Path("lake").exists()]))
"""


@pytest.mark.exhaustive
@pytest.mark.skipif(not HAS_SERVER, reason=WHY_NOT)
def test_every_dag_of_a_lake_at_a_url_runs_and_again_changes_nothing(plant, python, tmp_path_factory):
    for name in ("press", "oven"):
        (plant / "inbox" / name).mkdir(parents=True)
        (plant / "inbox" / name / "a.csv").write_text(ROWS, encoding="utf-8")
    with versitygw(tmp_path_factory.mktemp("store")) as endpoint:
        point_to_store(plant, endpoint, "airflow")
        told, paths, is_same, is_here = python(TWICE, PYTHONWARNINGS="default")
    assert (len(told), {state for _, state in told}) == (4, {"success"})
    assert all(path.startswith("s3://plant/airflow/") for path in paths)
    assert (is_same, is_here) == (True, False)
