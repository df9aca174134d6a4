"""The quarantine desk over a small plant: rows, values by role, repair, replay, release, expiry and a halted batch, signed by the session."""

import copy
import json
import re
import time

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import AccessFilter, grade_all, ingest_dataset, list_access, list_decisions, show_quarantine
from lakeward.flows.base.workspace import open_workspace
from lakeward.portal.security import SESSION_COOKIE
from support.plant import SUITE, Plant, csv_line, make_plant
from support.portal_site import LOGINS, SAME_SITE, SeenPage, log_in, make_logins, open_site

DESK = "/quarantine/press_line"


def make_quarantined(root):
    """Three rows too hot, one of them by a comma that is lost, and one that is fine; and accounts."""
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 900), csv_line("M1", 2, 2150), csv_line("M2", 3, 777))
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)
    (root / LOGINS).write_text(json.dumps(make_logins(plant.settings)), encoding="utf-8")


@pytest.fixture
def desk(copy_of, tmp_path):
    """The plant, and a steward who is logged in; and an analyst."""
    plant = Plant(copy_of(make_quarantined, tmp_path / "plant"))
    passwords = json.loads((plant.root / LOGINS).read_text(encoding="utf-8"))
    with open_site(plant.settings) as (portal, _):
        yield (
            plant.settings,
            log_in(portal, "steward", passwords["steward"]),
            log_in(portal, "analyst", passwords["analyst"]),
            portal,
        )


def open_rows(settings: Settings) -> list[str]:
    return [row.id for row in show_quarantine(settings, "press_line", 50)]


def act(steward, step, **fields):
    inputs = {name: value for name, value in steward.page(DESK).inputs.items() if name == "form_token"}
    return steward.post(DESK, {**SAME_SITE, "accept-language": "en"}, **inputs, step=step, **fields)


def events(settings):
    return [(each.action, each.by, each.verified, each.reason) for each in list_decisions(settings) if each.kind == "quarantine"]


def temperatures(settings):
    with open_workspace(settings).engine() as engine:
        return sorted(row["t"] for row in engine.fetch("SELECT temp_degc AS t FROM silver.press_line"))


def reads(settings):
    return [(each.account, each.role, each.rows) for each in list_access(settings, AccessFilter())]


def test_rows_are_listed_without_values_and_the_sight_of_values_is_logged_before(desk):
    settings, steward, _, _ = desk
    page = steward.get(DESK)
    assert "2150" not in page.text
    assert reads(settings) == []
    assert all(row in page.text for row in open_rows(settings))
    answer = act(steward, "values")
    assert answer.status_code == 200
    assert "temp_degc = 2150" in answer.text
    assert reads(settings) == [("steward.one", "steward", 3)]


def test_a_repair_is_tried_made_and_replayed(desk):
    settings, steward, _, _ = desk
    fields = {
        "where": "CAST(temp_degc AS DOUBLE) > 2000",
        "column": "temp_degc",
        "expression": "CAST(CAST(temp_degc AS DOUBLE) / 100 AS VARCHAR)",
        "reason": "a lost comma",
    }
    tried = act(steward, "try", **fields)
    assert "1 rows would be repaired; 1 of them would fail no rule" in tried.text
    assert events(settings) == []
    assert act(steward, "repair", **fields).status_code == 200
    assert len(open_rows(settings)) == 3
    replayed = act(steward, "replay", reason="repaired")
    assert replayed.status_code == 200
    assert temperatures(settings) == [20.0, 21.5]
    assert {action for action, *_ in events(settings)} == {"repair", "replay"}
    assert {(by, verified) for _, by, verified, _ in events(settings)} == {("steward.one", True)}
    assert "2" in SeenPage.of(steward.get("/quarantine").text).text


def test_rows_are_released_and_expired_with_a_reason_and_a_choice(desk):
    settings, steward, _, _ = desk
    first, second, _ = sorted(open_rows(settings))
    assert act(steward, "release", rows=first).status_code == 409
    assert act(steward, "release", reason="all of them").status_code == 409
    assert events(settings) == []
    assert act(steward, "release", rows=first, reason="a real peak").status_code == 200
    assert temperatures(settings) == [20.0, 900.0]
    assert act(steward, "expire", rows=second, reason="not worth it").status_code == 200
    assert len(open_rows(settings)) == 1
    assert sorted(events(settings)) == [
        ("expire", "steward.one", True, "not worth it"),
        ("release", "steward.one", True, "a real peak"),
    ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "fields",
    [
        {"step": "nothing", "reason": "kept text"},
        {"step": "try", "reason": "kept text"},
        {"step": "repair", "where": "temp_degc > 1", "column": "temp_degc", "expression": "nonsense(", "reason": "kept text"},
        {"step": "repair", "where": "temp_degc > 1", "column": "none", "expression": "1", "reason": "kept text"},
        {"step": "repair", "where": "(SELECT 1) = 1", "column": "temp_degc", "expression": "1", "reason": "kept text"},
        {"step": "expire", "rows": "x:y", "reason": "kept text"},
        {"step": "batch", "batch": "1", "reason": "kept text"},
        {"step": "batch", "batch": "1; DROP", "reason": "kept text"},
    ],
)
def test_what_can_not_be_done_says_why_and_loses_no_text(desk, fields):
    settings, steward, _, _ = desk
    before = open_rows(settings)
    answer = act(steward, fields.pop("step"), **fields)
    assert answer.status_code == 409
    assert "kept text" in answer.text
    assert "Next" in answer.text or "下一步" in answer.text
    assert (open_rows(settings), events(settings)) == (before, [])


def test_no_other_role_sees_or_acts(desk):
    settings, _, analyst, _ = desk
    assert analyst.get("/quarantine").status_code == 403
    assert analyst.get(DESK).status_code == 403
    token = analyst.form_token()
    for step in ("values", "try", "repair", "replay", "release", "expire", "batch"):
        assert analyst.post(DESK, form_token=token, step=step, reason="x", where="TRUE").status_code == 403
    assert (events(settings), reads(settings)) == ([], [])


def test_a_session_that_ends_keeps_what_was_typed(desk):
    settings, steward, _, portal = desk
    token = steward.form_token()
    portal.logins.log_out(steward.client.cookies[SESSION_COOKIE])
    answer = steward.post(DESK, form_token=token, step="expire", where="temp_degc > 2000", reason="long thoughts")
    assert answer.status_code == 403
    assert "long thoughts" in answer.text
    assert len(open_rows(settings)) == 3


def test_a_halted_batch_is_released_from_the_page(desk):
    settings, steward, _, portal = desk
    plant = Plant(settings.start)
    suite = copy.deepcopy(SUITE)
    suite["expectations"][0]["meta"]["lakeward"]["severity"] = "halt"
    plant.suite(suite)
    plant.drop("b.csv", csv_line("M1", 9, 901))
    ingest_dataset(settings, "press_line")
    portal.refresh()
    page = steward.page(DESK)
    assert act(steward, "batch", batch=page.inputs["batch"]).status_code == 409
    assert act(steward, "batch", batch=page.inputs["batch"], reason="seen at the press").status_code == 200
    assert ("release", "steward.one", True, "seen at the press") in events(settings)
    assert "batch" not in steward.page(DESK).inputs


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", ["repair", "expire"])
def test_a_condition_that_chooses_other_rows_each_time_is_refused(desk, step):
    condition = "random() > 0.5"
    settings, steward, _, _ = desk
    before = open_rows(settings)
    fields = {"column": "temp_degc", "expression": "'1'"} if step in {"try", "repair"} else {}
    answer = act(steward, step, where=condition, reason="kept text", **fields)
    assert answer.status_code == 409
    assert "fixed value" in answer.text
    assert "kept text" in answer.text
    assert (open_rows(settings), events(settings)) == (before, [])


SLOW = "list_sum(list_transform(range(40000000), x -> x % 7 + length(temp_degc))) > 0"


@pytest.mark.exhaustive
def test_an_expression_blocks_nobody_for_long(desk):
    settings, steward, _, portal = desk
    portal.actions.expression_seconds = 4.0
    before = open_rows(settings)
    for step, fields in (
        ("expire", {"where": SLOW}),
        ("repair", {"where": "TRUE", "column": "temp_degc", "expression": SLOW}),
    ):
        began = time.monotonic()
        answer = act(steward, step, reason="kept text", **fields)
        assert time.monotonic() - began < 30
        assert answer.status_code == 409
        assert "takes more than 4 seconds" in answer.text
        assert "kept text" in answer.text
    assert (open_rows(settings), events(settings)) == (before, [])


@pytest.mark.exhaustive
def test_remedies_on_the_page_name_no_options(desk):
    _, steward, _, _ = desk
    for step, fields in (
        ("release", {"reason": "x"}),
        ("expire", {"reason": "x"}),
        ("release", {"where": "TRUE"}),
        ("repair", {"column": "temp_degc", "expression": "1", "reason": "x"}),
    ):
        answer = act(steward, step, **fields)
        assert answer.status_code == 409
        assert not re.search(r"--[a-z]", SeenPage.of(answer.text).text), step
