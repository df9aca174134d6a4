"""A halted batch and a proposed grade are decided under Airflow's Required Actions, on PostgreSQL: by accounts, once, with a reason."""

import json
import shutil
import time
from urllib.parse import quote

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import NewAccount, Signature, grade_dataset, list_decisions, list_tables, release_batch
from support.accounts import STEWARD, make_accounts
from support.airflow_services import airflow_up, free_port, wait_for
from support.postgres import IS_INSTALLED, postgres_server

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not IS_INSTALLED, reason="no PostgreSQL on this machine: apt-get install postgresql"),
]
ROWS = "ts,temp\n2026-03-0{day}T06:00:00Z,{temp}\n"
# Without it no grade is proposed that a person could confirm.
DATA_CLASS = "  - {property: dataClass, value: production}\n"
HALTING = {
    "name": "press",
    "expectations": [
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "temp", "max_value": 100},
            "meta": {"lakeward": {"id": "not_so_hot", "severity": "halt"}},
        }
    ],
}
ENGINEER = NewAccount(name="ma.li", person="Ma Li", roles=("engineer",))
APPROVE, LEAVE = "Approve", "Leave it open"


@pytest.fixture(scope="module")
def database():
    with postgres_server() as server:
        server.execute("CREATE DATABASE airflow")
        yield server.of_database("airflow")


@pytest.fixture(scope="module")
def running(shared_plant, database):
    root = shared_plant()
    (root / "expectations" / "datasets" / "press" / "suite.json").write_text(json.dumps(HALTING), encoding="utf-8")
    contract = root / "expectations" / "datasets" / "press" / "contract.odcs.yaml"
    with contract.open("a", encoding="utf-8") as text:
        text.write(DATA_CLASS)
    make_accounts(Settings(start=root), STEWARD, ENGINEER)
    with airflow_up(root, free_port(), "--database", "airflow", LAKEWARD_CONN_AIRFLOW=database.url) as airflow:
        line = airflow.process.stdout.readline()
        assert "passwords.json" in line, line + airflow.process.stderr.read()
        airflow.sign_in("zhou.min")
        airflow.wait_for_dag("decide__plant")
        yield airflow


def deliver(running, day, temp):
    folder = running.root / "inbox" / "press"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{day}.csv").write_text(ROWS.format(day=day, temp=temp), encoding="utf-8")


def halt(running, day):
    """A batch is halted, and its question waits; returns the question."""
    running.sign_in("zhou.min")
    deliver(running, day, 777.5)
    assert running.trigger("ingest__press") == "failed"
    assert running.trigger("attend__plant") == "success"
    return waiting(running, "release")


def waiting(running, kind):
    def found():
        return [each for each in running.questions() if each["task_instance"]["dag_run_id"].startswith(kind) and is_parked(each)]

    wait_for(found, 600)
    return found()[0]


def is_parked(question):
    return question["task_instance"]["state"] == "awaiting_input"


def releases(running):
    found = list_decisions(Settings(start=running.root), "press", kind="quarantine")
    return [(each.by, each.role, each.reason, each.verified) for each in found]


def silver(running):
    return {str(t.table): t.rows for t in list_tables(Settings(start=running.root))}.get("silver.press", 0)


def run_of(question):
    return question["task_instance"]["dag_run_id"]


def test_one_who_has_not_the_role_decides_nothing_and_is_asked_again(running):
    question = halt(running, 1)
    running.sign_in("ma.li")
    assert running.answer(question, APPROVE, "let it go") == 200
    again = waiting_again(running, question)
    assert (releases(running), silver(running)) == ([], 0)
    assert "Account ma.li" in running.log_of("decide__plant", run_of(question), "decide", 1)
    running.sign_in("wang.fang")
    assert running.answer(again, APPROVE, "presses were hot") == 200
    assert running.wait_for_run("decide__plant", run_of(question)) == "success"
    assert (releases(running), silver(running)) == ([("wang.fang", "steward", "presses were hot", True)], 1)
    assert running.answer(again, APPROVE, "again") in {404, 409}


def waiting_again(running, question):
    """The same question, asked by the next attempt."""
    before = question["task_instance"]["try_number"]

    def found():
        return [
            each
            for each in running.questions()
            if run_of(each) == run_of(question) and each["task_instance"]["try_number"] > before and is_parked(each)
        ]

    wait_for(found)
    return found()[0]


def test_an_answer_without_a_reason_decides_nothing(running):
    question = halt(running, 2)
    running.sign_in("wang.fang")
    known = releases(running)
    assert running.answer(question, APPROVE, " ") == 200
    again = waiting_again(running, question)
    assert releases(running) == known
    assert running.answer(again, APPROVE, "looked at it") == 200
    assert running.wait_for_run("decide__plant", run_of(question)) == "success"
    assert len(releases(running)) == len(known) + 1


def test_a_decision_at_the_command_line_closes_the_question(running):
    question = halt(running, 3)
    known = releases(running)
    release_batch(Settings(start=running.root), "press", 3, Signature(by="wang.fang", role="steward", reason="at the desk"))
    running.sign_in("wang.fang")
    assert running.answer(question, APPROVE, "late") == 200
    assert running.wait_for_run("decide__plant", run_of(question)) == "success"  # skipped: there is nothing to decide
    assert [each[2] for each in releases(running)] == ["at the desk", *[each[2] for each in known]]


def test_an_answer_at_once_is_taken_or_asked_for_again_but_never_lost_or_doubled(running):
    running.sign_in("zhou.min")
    known = len(releases(running))
    deliver(running, 4, 778.5)
    assert running.trigger("ingest__press") == "failed"
    run = running.start("attend__plant")
    running.sign_in("wang.fang")
    wait_for(lambda: any(run_of(each).startswith("release") for each in running.questions()))
    first = next(each for each in running.questions() if run_of(each).startswith("release"))
    assert running.answer(first, APPROVE, "at once") == 200
    end = time.monotonic() + 300
    while len(releases(running)) == known and time.monotonic() < end:
        for each in running.questions():
            if run_of(each) == run_of(first) and is_parked(each):
                running.answer(each, APPROVE, "at once")
        time.sleep(1)
    assert running.wait_for_run("decide__plant", run_of(first)) == "success"
    assert [each[2] for each in releases(running)][: len(releases(running)) - known] == ["at once"]
    running.sign_in("zhou.min")
    assert running.wait_for_run("attend__plant", run) == "success"


@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine: apt-get install chromium")
def test_a_grade_is_confirmed_in_the_browser(running):
    from playwright.sync_api import sync_playwright

    running.sign_in("zhou.min")
    deliver(running, 6, 20.5)
    assert running.trigger("ingest__press") == "success"
    grade_dataset(Settings(start=running.root), "press")
    assert running.trigger("attend__plant") == "success"
    question = waiting(running, "grade")
    column = question["subject"].partition("press.")[2].partition(":")[0]
    password = json.loads((running.root / ".airflow/services/passwords.json").read_text(encoding="utf-8"))["wang.fang"]
    address = f"http://127.0.0.1:{running.port}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{address}/auth/login")
        page.get_by_label("Username").fill("wang.fang")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/auth/" not in url)
        page.goto(f"{address}/required_actions")
        page.get_by_text("Confirm the grade of press").first.wait_for(timeout=60_000)
        page.goto(f"{address}/dags/decide__plant/runs/{quote(run_of(question), safe='')}/tasks/decide/required_actions")
        page.get_by_role("button", name=APPROVE).wait_for(timeout=60_000)
        page.locator("input[name='element_reason'], textarea").first.fill("seen in the browser")
        page.get_by_role("button", name=APPROVE).click()
        browser.close()
    wait_for(lambda: list_decisions(Settings(start=running.root), "press", kind="grade"))
    [decision] = list_decisions(Settings(start=running.root), "press", kind="grade")
    assert (decision.subject, decision.by, decision.reason) == (f"press.{column}", "wang.fang", "seen in the browser")
