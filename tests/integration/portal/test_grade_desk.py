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
