"""What people decide and what leaves, over a lake in an object store: exports, budgets of noise, risks, incidents, notices, decisions of the portal."""

import json
import threading
from dataclasses import replace

import pytest

import lakeward
from lakeward.core.errors import ProtectionError, StoreConflictError
from lakeward.core.names import Layer
from lakeward.core.settings import Settings
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows import (
    ExportRequest,
    IncidentDraft,
    SubscriptionRequest,
    answer_risk_question,
    assess_risks,
    check_data,
    close_incident,
    export_table,
    grade_all,
    list_decisions,
    list_exports,
    list_incidents,
    notify_failure,
    open_incident,
    release_cube,
    scope_incident,
    seal_logs,
    send_notices,
    state_incident_facts,
    subscribe,
    trace_copy,
    verify_logs,
    write_incident_report,
    write_risk_report,
)
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support import cube_plant, exported_lake
from support.gold_plant import make_day
from support.plant import csv_line, ingest, make_plant
from support.portal_site import log_in, make_logins, open_site
from support.receivers import web_server
from support.remote_plant import move_to_store, other_machine

pytestmark = pytest.mark.exhaustive
NOISE = "noise: {epsilon: 1, budget: 3, groups: 1, bounds: {pay: [0, 20000]}}"
CUBE = f"{{unit: person, dimensions: [department, hired], measures: [pay], k: 10, dominance: 0.5, {NOISE}}}"


@pytest.fixture
def move(endpoint, tmp_path):
    """`move(settings)`: the project with its lake in the store, on this machine and on another one."""

    def moved(settings):
        root = settings.start
        move_to_store(root, endpoint, f"governed-{tmp_path.name}")
        return settings, replace(settings, start=other_machine(root, tmp_path / "other"))

    return moved


def test_an_export_is_recorded_for_both_machines(move, tmp_path):
    pytest.importorskip("cryptography")
    here, there = move(exported_lake.make_lake(tmp_path / "plant"))
    for number, machine in enumerate((here, there)):
        request = ExportRequest(
            table=exported_lake.TABLE,
            target=tmp_path / f"{number}.parquet",
            recipient="acme",
            role="steward",
            recipient_role="partner",
            purpose="warranty",
        )
        assert export_table(machine, request, grade_lookup=exported_lake.grades_of).rows == 4000
    assert [export.rows for export in list_exports(there)] == [export.rows for export in list_exports(here)] == [4000, 4000]
    found = trace_copy(there, tmp_path / "1.parquet", "steward", "warranty", grade_lookup=exported_lake.grades_of)
    assert len(found.identified) == 1
    seal_logs(there)
    assert verify_logs(here).faults == ()


def test_a_table_of_the_lake_is_checked_by_a_suite(move, tmp_path):
    plant = make_plant(tmp_path / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 30.5))
    ingest(plant.root)
    grade_all(plant.settings)
    here, _ = move(plant.settings)
    limits = {"column": "temp_degc", "min_value": 0, "max_value": 25}
    suite = {"name": "s", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": limits}]}
    found = check_data("silver.press_line", suite, here, role="steward")
    assert [(each["success"], each["result"]["unexpected_count"]) for each in found["results"]] == [(False, 1)]


def test_a_budget_of_noise_is_spent_once_by_all_machines(move, tmp_path):
    pytest.importorskip("opendp")
    machines = move(cube_plant.make_plant(tmp_path / "plant", cube=CUBE))
    refused = []

    def release(machine, who):
        for number in range(3):
            people = f"SELECT '{who}{number}' || i AS person, 'D1' AS department, DATE '2022-03-01' AS hired, 9000.0 AS pay, 'M1' AS machine FROM range(15) AS n(i)"
            try:
                again_after_conflict(lambda people=people, number=number: add_people(machine, people, f"{who}{number}"))
                again_after_conflict(
                    lambda: release_cube(machine, cube_plant.NAME, f"{who}", "wang.fang", grade_lookup=cube_plant.grades_of)
                )
            except ProtectionError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=release, args=pair) for pair in zip(machines, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_workspace(machines[0]).engine() as engine:
        charged = governance.read_rows(engine, "cube_charges", order="charged_at")
    assert (len(charged), len(refused)) == (3, 3)
    assert sum(float(charge["epsilon"]) for charge in charged) <= 3


def test_an_incident_goes_from_the_log_to_its_report(move, tmp_path):
    plant = make_day(tmp_path / "plant")
    grade_all(plant.settings)
    here, there = move(plant.settings)
    with lakeward.connect("steward", here.start) as con:
        con.sql("SELECT mean_temp FROM gold.temp_hourly").fetchall()
    draft = IncidentDraft(title="导出文件外发", columns=("silver.press_line.temp_degc",), since="2026-01-01T00:00")
    number = open_incident(here, draft, "li").incident
    assert [each.column for each in scope_incident(there, number, "li").exposures] == ["gold.temp_hourly.mean_temp"]
    state_incident_facts(here, number, {"cause": "误发", "measures": "撤回", "improvement": "培训", "lessons": "双人复核"}, "li")
    close_incident(there, number, "li")
    assert list_incidents(here) == list_incidents(there)
    write_incident_report(here, number, tmp_path / "report.md")
    assert "误发" in (tmp_path / "report.md").read_text()


def test_a_risk_assessment_is_worked_on_from_two_machines(move, tmp_path):
    plant = make_day(tmp_path / "plant")
    grade_all(plant.settings)
    here, there = move(plant.settings)
    begun = assess_risks(here, "zhao.min", "zhao.min")
    question = begun.open_questions[0]
    answer_risk_question(there, question, "两次培训", "li")
    again = assess_risks(here, by="zhao.min")
    assert again.assessment == begun.assessment
    assert len(again.open_questions) == len(begun.open_questions) - 1
    write_risk_report(there, tmp_path / "risk.docx")
    assert (tmp_path / "risk.docx").stat().st_size > 1000


def test_a_notice_is_sent_once_by_two_machines(move, tmp_path):
    with web_server() as web:
        plant = make_plant(tmp_path / "plant")
        plant.drop("a.csv", csv_line("M1", 0, 20.5))
        ingest(plant.root)
        hook = {"OPS": f"webhook+http://127.0.0.1:{web.server_port}/hook"}
        here, there = (replace(machine, connections=hook) for machine in move(plant.settings))
        subscribe(here, SubscriptionRequest(dataset="press_line", connection="ops", kinds=("failure", "schema"), by="li.wei"))
        (plant.root / "inbox" / "press_line" / "b.csv").write_text("who,what\n1,2\n", encoding="utf-8")
        ingest(plant.root)
        threads = [threading.Thread(target=send_notices, args=(machine,)) for machine in (here, there)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        notify_failure(there, "press_line", "memory_full")
        assert [json.loads(got.body)["kind"] for got in web.got[1:]] == ["schema", "failure"]


def test_a_decision_of_the_portal_is_known_to_another_machine(endpoint, shipped_copy, tmp_path):
    passwords = make_logins(shipped_copy)
    moved = move_to_store(shipped_copy.start, endpoint, f"decided-{tmp_path.name}")
    address = "/grades/maintenance_orders/technician_phone"
    with open_site(moved) as (site, _):
        steward = log_in(site, "steward", passwords["steward"])
        answer = steward.post(address, **steward.page(address).inputs, reason="seen with the technicians", step="decide")
        assert answer.status_code == 303
        assert "Confirmed" in steward.page(address).text
    there = replace(moved, start=other_machine(moved.start, tmp_path / "other"))
    assert ("maintenance_orders.technician_phone", "steward.one", "seen with the technicians") in [
        (each.subject, each.by, each.reason) for each in list_decisions(there) if each.kind == "grade"
    ]
    seal_logs(there)
    assert verify_logs(moved).faults == ()


def again_after_conflict(act) -> None:
    """Do it again for as long as another machine was first."""
    while True:
        try:
            act()
        except StoreConflictError:
            continue
        return


def add_people(settings: Settings, query: str, txn: str) -> None:
    """Append people to the payroll in the store."""
    workspace = open_workspace(settings)
    contract = workspace.project.contract(cube_plant.NAME)
    spec = TableSpec(contract.table(Layer.SILVER), tuple(TableColumn(c.name, c.type) for c in contract.columns))
    with workspace.engine() as engine:
        items = "person, department, hired, CAST(pay AS DOUBLE) AS pay, machine"
        engine.append(spec, f"SELECT {items} FROM ({query})", Txn(f"test-{txn}", 1))
