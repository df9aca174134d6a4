"""A run in Airflow that fails or is overdue, and a halted batch: those who subscribed get a notice, each once."""

import json
from dataclasses import replace

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import SubscriptionRequest, list_tables, subscribe
from support.airflow_services import airflow_up, free_port, wait_for
from support.receivers import web_server

# Four processes of Airflow start in half a minute; what is sent is tested without them in `tests/integration/notices`.
pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(1200)]
ROWS = "ts,temp\n2026-03-01T06:00:00Z,20.5\n2026-03-01T06:01:00Z,21.5\n"


@pytest.fixture(scope="module")
def web():
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def running(shared_plant, web):
    root = shared_plant()
    contract = root / "expectations" / "datasets" / "press" / "contract.odcs.yaml"
    contract.write_text(
        contract.read_text(encoding="utf-8").replace("value: 30, unit: min", "value: 1, unit: s"), encoding="utf-8"
    )
    url = f"webhook+http://127.0.0.1:{web.server_port}/hook"
    settings = replace(Settings(start=root), connections={"OPS": url})
    for dataset in ("press", "oven"):
        subscribe(settings, SubscriptionRequest(dataset=dataset, connection="ops", by="li.wei"))
        (root / "inbox" / dataset).mkdir(parents=True)
        (root / "inbox" / dataset / "a.csv").write_text(ROWS, encoding="utf-8")
    connection = {"conn_type": "webhook+http", "host": "127.0.0.1", "port": web.server_port, "schema": "hook"}
    with airflow_up(root, free_port(), AIRFLOW_CONN_OPS=json.dumps(connection)) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        airflow.sign_in()
        airflow.wait_for_dag("ingest__oven")
        yield airflow


def told(web, dataset, kind):
    sent = [json.loads(got.body) for got in web.got]
    return [each for each in sent if (each.get("dataset"), each.get("kind")) == (dataset, kind)]


def test_a_run_beyond_its_deadline_is_told_of(running, web):
    wait_for(lambda: told(web, "press", "late"), 300)
    assert "press" in told(web, "press", "late")[0]["text"]


def test_a_failed_run_is_told_of_once_with_its_log(running, web):
    wait_for(lambda: {str(t.table): t.rows for t in list_tables(Settings(start=running.root))}.get("silver.oven") == 2)
    contract = running.root / "expectations" / "datasets" / "oven" / "contract.odcs.yaml"
    good = contract.read_text(encoding="utf-8")
    other = good.replace("logicalType: number\n        customProperties: [{property: unit, value: Cel}]", "logicalType: boolean")
    contract.write_text(other, encoding="utf-8")
    (running.root / "inbox" / "oven" / "b.csv").write_text(ROWS.replace("06:", "07:"), encoding="utf-8")
    assert (running.trigger("ingest__oven"), running.trigger("ingest__oven")) == ("failed", "failed")
    [notice] = told(web, "oven", "schema")
    assert notice["link"].startswith(f"http://127.0.0.1:{running.port}/")
    assert "contract_breaking" in notice["text"]


def test_a_contract_that_is_not_valid_is_told_of(running, web):
    contract = running.root / "expectations" / "datasets" / "oven" / "contract.odcs.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("primaryKey:", "primaryKye:"), encoding="utf-8")
    wait_for(lambda: told(web, "oven", "failure"), 400)
    assert "contract_" in told(web, "oven", "failure")[0]["text"]
