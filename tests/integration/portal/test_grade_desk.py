"""The grade desk: what waits, what a decision would change, and decisions that the session signs."""

import pytest

from lakeward.flows import list_decisions, list_grades
from lakeward.portal.security import SESSION_COOKIE
from support.portal_site import SeenPage, log_in

WAITING = {"provisional", "stale", "ungraded"}
PHONE, NAME, COST = (f"/grades/maintenance_orders/{column}" for column in ("technician_phone", "technician_name", "cost"))


def grade_of(plant, address):
    dataset, column = address.rsplit("/", 2)[-2:]
    return next(each.grade for each in list_grades(plant, dataset) if each.column == column)


def decisions(plant):
    return [(each.subject, each.by, each.verified, each.reason) for each in list_decisions(plant) if each.kind == "grade"]


@pytest.fixture
def steward(site, passwords):
    return log_in(site, "steward", passwords["steward"])


def test_the_queue_is_what_waits_with_the_most_sensitive_first(visitors, plant):
    waiting = [each for each in list_grades(plant) if each.grade.state in WAITING]
    page = visitors["steward"].page("/grades")
    assert f"{len(waiting)} columns wait" in page.text
    listed = [link for link in page.links if link.startswith("/grades/")]
    ranks = [("core", "important", None, "general").index(grade_of(plant, link).grade) for link in listed]
    assert len(listed) == min(len(waiting), 50)
    assert ranks == sorted(ranks)


def test_a_preview_shows_what_inherits_and_records_nothing(visitors, plant):
    before = decisions(plant)
    page = visitors["steward"].page(PHONE)
    fields = {**page.inputs, "grade": "important", "reason": "phones of our people", "step": "preview"}
    answer = visitors["steward"].post(PHONE, **fields)
    assert answer.status_code == 200
    assert "maintenance_orders.technician_phone" in answer.text
    assert "phones of our people" in answer.text
    assert decisions(plant) == before


def test_a_decision_is_signed_by_the_session(visitors, plant):
    page = visitors["steward"].page(PHONE)
    answer = visitors["steward"].post(PHONE, **page.inputs, reason="seen with the technicians", step="decide")
    assert (answer.status_code, answer.headers["location"]) == (303, PHONE)
    assert ("maintenance_orders.technician_phone", "steward.one", True, "seen with the technicians") in decisions(plant)
    assert grade_of(plant, PHONE).state == "confirmed"
    assert "Confirmed" in visitors["steward"].page(PHONE).text
    assert PHONE not in visitors["steward"].page("/grades").links


def test_the_second_of_two_tabs_decides_nothing_and_loses_no_reason(visitors, plant):
    tabs = [visitors["steward"].page(NAME).inputs for _ in range(2)]
    assert visitors["steward"].post(NAME, **tabs[0], reason="the first tab", step="decide").status_code == 303
    answer = visitors["steward"].post(NAME, **tabs[1], reason="the second tab", grade="core", step="decide")
    assert answer.status_code == 409
    assert "the second tab" in answer.text
    assert [reason for subject, *_, reason in decisions(plant) if subject.endswith("technician_name")] == ["the first tab"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "fields",
    [{"reason": ""}, {"reason": "x", "grade": "none"}, {"reason": "x", "seen": ""}, {"reason": "x", "category": "no.such"}],
)
def test_a_form_that_can_not_be_done_records_nothing(visitors, plant, fields):
    before = decisions(plant)
    answer = visitors["steward"].post(COST, **{**visitors["steward"].page(COST).inputs, "step": "decide", **fields})
    assert answer.status_code == 409
    assert decisions(plant) == before


def test_a_grade_does_not_fall_by_one_person(visitors, plant):
    before, address = decisions(plant), "/grades/maintenance_orders/technician_id_number"
    fields = {**visitors["steward"].page(address).inputs, "grade": "general", "level": "1", "category": "none"}
    answer = visitors["steward"].post(address, **fields, reason="looks harmless", step="decide")
    assert answer.status_code == 409
    assert "looks harmless" in answer.text
    assert decisions(plant) == before


@pytest.mark.sampled(1)
@pytest.mark.parametrize("role", ["analyst", "engineer", "auditor", "admin"])
def test_other_roles_neither_see_nor_decide(visitors, plant, role):
    before = decisions(plant)
    assert visitors[role].get("/grades").status_code == 403
    assert visitors[role].get(COST).status_code == 403
    seen = visitors["steward"].page(COST).inputs["seen"]
    fields = {"form_token": visitors[role].form_token(), "seen": seen, "reason": "x", "step": "decide"}
    assert visitors[role].post(COST, **fields).status_code == 403
    assert "/grades" not in visitors[role].page("/").links
    assert decisions(plant) == before


def test_a_session_that_ends_in_a_half_filled_form_loses_no_reason(steward, site, plant):
    before, inputs = decisions(plant), steward.page(COST).inputs
    site.logins.log_out(steward.client.cookies[SESSION_COOKIE])
    answer = steward.post(COST, **inputs, reason="a long thought about costs", step="decide")
    assert answer.status_code == 403
    assert "a long thought about costs" in answer.text
    assert decisions(plant) == before
    assert "/login?next=" in "".join(SeenPage.of(answer.text).links)


def test_a_reason_is_text(visitors, plant):
    reason = "<script>alert(9)</script>"
    fields = {**visitors["steward"].page(COST).inputs, "reason": reason, "step": "preview"}
    assert reason not in visitors["steward"].post(COST, **fields).text


def test_the_box_of_the_search_holds_no_text_of_another_form(visitors):
    assert visitors["steward"].page(COST).inputs["q"] == ""


def picked(*columns):
    return {f"pick:maintenance_orders.{column}": "on" for column in columns}


def seen_fields(page):
    return {name: value for name, value in page.inputs.items() if name.startswith("seen:") or name == "form_token"}


def look_at(visitor, *columns):
    answer = visitor.post("/grades", form_token=visitor.form_token(), step="preview", **picked(*columns))
    return answer, SeenPage.of(answer.text)


def test_several_grades_are_looked_at_first_and_nothing_is_recorded(visitors, plant):
    before = decisions(plant)
    answer, page = look_at(visitors["steward"], "order_id", "machine_id")
    assert answer.status_code == 200
    assert {name for name in page.inputs if name.startswith("seen:")} == {
        "seen:maintenance_orders.order_id",
        "seen:maintenance_orders.machine_id",
    }
    assert "maintenance_orders.order_id" in answer.text
    assert "已确认" in page.text
    assert decisions(plant) == before


def test_several_are_confirmed_each_by_its_own_decision_and_a_stale_one_is_refused_by_name(visitors, plant):
    columns = ("order_id", "machine_id", "opened_at")
    _, page = look_at(visitors["steward"], *columns)
    stale = "/grades/maintenance_orders/machine_id"
    other = visitors["steward"].page(stale).inputs
    visitors["steward"].post(stale, form_token=other["form_token"], seen=other["seen"], reason="another tab", step="decide")
    answer = visitors["steward"].post("/grades", **seen_fields(page), reason="all looked at", step="decide")
    assert answer.status_code == 409
    assert "maintenance_orders.machine_id" in answer.text
    assert "all looked at" in answer.text
    reasons = {subject: (by, verified, reason) for subject, by, verified, reason in decisions(plant)}
    assert reasons["maintenance_orders.order_id"] == ("steward.one", True, "all looked at")
    assert reasons["maintenance_orders.opened_at"] == ("steward.one", True, "all looked at")
    assert reasons["maintenance_orders.machine_id"] == ("steward.one", True, "another tab")
    states = {each.column: each.grade.state for each in list_grades(plant, "maintenance_orders")}
    assert {states[column] for column in columns} == {"confirmed"}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"step": "preview"}, 409),
        ({"step": "decide", "reason": "x", "seen:maintenance_orders.none": "0"}, 409),
        ({"step": "decide", "reason": "x", "seen:none.none": "0"}, 409),
        ({"step": "decide", "reason": "x", "seen:maintenance_orders.cost": ""}, 409),
        ({"step": "decide", "reason": "", "seen:maintenance_orders.cost": "0"}, 409),
        ({"step": "preview", "pick:../../etc": "on", "pick:<script>": "on"}, 200),
    ],
)
def test_what_can_not_be_confirmed_is_named_and_records_nothing(visitors, plant, fields, status):
    before = decisions(plant)
    answer = visitors["steward"].post("/grades", form_token=visitors["steward"].form_token(), **fields)
    assert answer.status_code == status
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    assert "Next" in answer.text or "下一步" in answer.text
    assert decisions(plant) == before


@pytest.mark.sampled(1)
@pytest.mark.parametrize("role", ["analyst", "engineer", "auditor", "admin"])
def test_no_other_role_confirms_several(visitors, plant, role):
    before = decisions(plant)
    token = visitors[role].form_token()
    fields = {"seen:maintenance_orders.cost": visitors["steward"].page(COST).inputs["seen"], "reason": "x"}
    assert visitors[role].post("/grades", form_token=token, step="decide", **fields).status_code == 403
    assert decisions(plant) == before


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "fields", [{"level": "9", "grade": "general"}, {"level": "3", "grade": ""}, {"level": "x", "grade": "general"}]
)
def test_a_level_that_there_is_not_is_refused(visitors, plant, fields):
    before = decisions(plant)
    inputs = {**visitors["steward"].page(COST).inputs, "reason": "kept text", "step": "decide", **fields}
    answer = visitors["steward"].post(COST, **inputs)
    assert answer.status_code == 409
    assert "kept text" in answer.text
    assert "lakeward grade override" not in answer.text
    assert decisions(plant) == before
