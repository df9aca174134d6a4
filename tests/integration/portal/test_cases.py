"""Subscriptions, purposes and incidents on their pages: the flows of the command line, signed by the session; each person sees what is theirs."""

from dataclasses import dataclass, replace

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import (
    IncidentDraft,
    Portal,
    list_incidents,
    list_purpose_requests,
    list_subscriptions,
    notify_failure,
    open_incident,
    set_password,
)
from support.accounts import ANALYST, STEWARD, make_accounts
from support.plant import csv_line, ingest, make_plant
from support.policies import POLICY_2, write_policy
from support.portal_site import SeenPage, Visitor, new_client, open_site
from support.receivers import web_server

AUDITOR = replace(ANALYST, name="sun.li", person="Sun Li", roles=("auditor",))
CDO = replace(ANALYST, name="qian.yi", person="Qian Yi", roles=("cdo",))
KINDS = {f"on:{kind}": "on" for kind in ("failure", "halt")}


@dataclass
class Office:
    """A portal with people, and a chat that notices go to."""

    portal: Portal
    settings: Settings
    owners: dict[str, Settings]
    people: dict[str, Visitor]
    chat: object

    def send(self, name, address, **fields):
        person = self.people[name]
        return person.post(address, form_token=person.form_token(), **fields)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    plant = make_plant(tmp_path_factory.mktemp("office") / "plant")
    auditor = "  auditor: {en: Auditor, zh: 审计员}\n  cdo:"
    write_policy(plant.root, POLICY_2.replace("  cdo:", auditor, 1))
    plant.drop("day.csv", *(csv_line("press01", minute, 20) for minute in range(5)))
    ingest(plant.root)
    with web_server() as chat:
        connections = {
            "TEAM_CHAT": f"webhook+http://:geheim-token@127.0.0.1:{chat.server_port}/chat",
            "PLANT_MAIL": "smtps://user:geheim@127.0.0.1:9?from=lakeward@plant.example",
            "ORDERS": "postgresql://reader:geheim@127.0.0.1/orders",
            "BROKEN": "no address",
        }
        settings = replace(plant.settings, connections=connections)
        owners = make_accounts(settings, STEWARD, ANALYST, AUDITOR, CDO)
        with open_site(settings) as (portal, _):
            people = {}
            for name, owner in owners.items():
                people[name] = Visitor(new_client(portal))
                people[name].client.headers["accept-language"] = "en"
                password = set_password(owner, name).password
                assert people[name].post("/login", account=name, password=password, next="/").status_code == 303
            yield Office(portal, settings, owners, people, chat)


def text_of(person, address, lang="en"):
    return SeenPage.of(person.get(address, lang).text).text


def test_a_person_subscribes_after_a_first_message_and_ends_it(office):
    address = "/subscriptions?dataset=press_line"
    assert address in office.people["li.wei"].page("/d/press_line").links
    page = office.people["li.wei"].get(address).text
    assert "team_chat" in page
    assert "plant_mail" in page
    assert not [word for word in ("geheim", "orders", "broken", "127.0.0.1:") if word in page]

    office.chat.got.clear()
    fields = {"step": "subscribe", "dataset": "press_line", "connection": "team_chat", **KINDS}
    answer = office.send("li.wei", address, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}&done=subscribe")
    assert "li.wei subscribed to press_line: failed, halted" in office.chat.got[0].body
    (stored,) = list_subscriptions(office.settings)
    assert (stored.author, stored.connection, stored.kinds, str(stored.lang)) == (
        "li.wei",
        "team_chat",
        ("failure", "halt"),
        "en",
    )
    ends = {name: 'name="step" value="end"' in person.get(address).text for name, person in office.people.items()}
    assert ends == {"zhou.min": True, "li.wei": True, "wang.fang": False, "sun.li": False, "qian.yi": False}

    number = str(stored.subscription)
    refused = office.send("wang.fang", address, step="end", subscription=number)
    assert refused.status_code == 409
    assert "belongs to li.wei" in refused.text
    assert len(list_subscriptions(office.settings)) == 1

    notify_failure(office.settings, "press_line", "lake_not_writable")
    office.chat.status = 500
    notify_failure(office.settings, "press_line", "another_error")
    office.chat.status = 200
    office.portal.refresh()
    shown = text_of(office.people["wang.fang"], "/subscriptions")
    assert "1 sent" in shown
    assert "1 not sent" in shown
    assert "已发送 1 条" in text_of(office.people["wang.fang"], "/subscriptions", "zh")

    assert office.send("li.wei", address, step="end", subscription=number).status_code == 303
    assert list_subscriptions(office.settings) == []
    assert office.send("li.wei", address, step="end", subscription=number).status_code == 409


def test_a_subscription_that_reaches_no_one_is_not_stored_and_nothing_typed_is_lost(office):
    address = "/subscriptions?dataset=press_line"
    fields = {"step": "subscribe", "dataset": "press_line", "connection": "plant_mail", "recipient": "li@plant.example"}
    answer = office.send("li.wei", address, **fields, **KINDS)
    assert answer.status_code == 409
    assert "could not be sent through the connection plant_mail" in answer.text
    assert 'value="li@plant.example"' in answer.text
    assert "geheim" not in answer.text
    for wrong in ({"connection": "orders"}, {"connection": "../x"}, {"connection": "team_chat"}, {"recipient": "no address"}):
        assert office.send("li.wei", address, **{**fields, **KINDS, **wrong}).status_code == 409
    assert office.send("li.wei", address, **fields).status_code == 409  # no kind
    assert office.send("li.wei", address, **{**fields, **KINDS, "dataset": "none"}).status_code == 409
    assert office.people["li.wei"].get("/subscriptions?dataset=none").status_code == 404
    assert list_subscriptions(office.settings) == []


def test_mail_addresses_of_others_are_not_shown(office):
    from lakeward.core.messages import Lang
    from lakeward.flows.base.workspace import open_workspace
    from lakeward.flows.notices.subscriptions import Subscription, _append

    workspace = open_workspace(office.settings)
    with workspace.engine() as engine:
        wanted = Subscription(
            subscription=0, dataset="press_line", kinds=("halt",), connection="plant_mail", recipient="li@plant.example",
            lang=Lang.ZH, author="li.wei", since=workspace.clock.now(),
        )  # fmt: skip
        number = _append(engine, wanted, verified=True).subscription
    office.portal.refresh()
    assert {name: "li@plant.example" in person.get("/subscriptions").text for name, person in office.people.items()} == {
        "zhou.min": True, "li.wei": True, "wang.fang": False, "sun.li": False, "qian.yi": False,
    }  # fmt: skip
    assert office.send("zhou.min", "/subscriptions", step="end", subscription=str(number)).status_code == 303


def test_a_purpose_is_asked_for_and_another_person_decides(office):
    page = text_of(office.people["li.wei"], "/purposes")
    assert "Failure analysis (at most 14 days)" in page
    assert "Process quality" not in page  # needs no request
    assert office.send("li.wei", "/purposes", step="ask", purpose="failure-analysis", reason=" ").status_code == 409
    assert office.send("li.wei", "/purposes", step="ask", purpose="failure-analysis", reason="x", days="99").status_code == 409
    kept = office.send("li.wei", "/purposes", step="ask", purpose="none", reason="<b>kept</b> words", days="3")
    assert (kept.status_code, "&lt;b&gt;kept&lt;/b&gt; words" in kept.text) == (409, True)
    assert (
        office.send("li.wei", "/purposes", step="ask", purpose="failure-analysis", reason="press 1 fails", days="3").status_code
        == 303
    )
    (waiting,) = list_purpose_requests(office.settings)
    number = str(waiting.request)

    seen = {name: "press 1 fails" in person.get("/purposes").text for name, person in office.people.items()}
    assert seen == {"zhou.min": False, "li.wei": True, "wang.fang": True, "sun.li": True, "qian.yi": True}
    buttons = {name: "Approve" in text_of(person, "/purposes") for name, person in office.people.items()}
    assert buttons == {"zhou.min": False, "li.wei": False, "wang.fang": True, "sun.li": False, "qian.yi": True}
    assert f"/purposes#request-{number}" in office.people["wang.fang"].page("/work").links
    for name in ("li.wei", "sun.li"):
        assert office.send(name, "/purposes", step="approve", request=number, reason="mine").status_code == 409
    assert office.send("wang.fang", "/purposes", step="approve", request=number, reason="agreed").status_code == 303
    (approved,) = list_purpose_requests(office.settings)
    assert (approved.state, approved.decided_by, approved.decision, approved.days) == ("approved", "wang.fang", "agreed", 3)
    assert "批准" in text_of(office.people["li.wei"], "/purposes", "zh")
    assert office.send("li.wei", "/purposes", step="revoke", request=number, reason="done").status_code == 303
    assert list_purpose_requests(office.settings) == []
    assert office.send("wang.fang", "/purposes", step="revoke", request=number, reason="again").status_code == 409
    for wrong in ({"step": "none"}, {"step": "approve", "request": "x"}, {"step": "approve", "request": "99"}):
        assert office.send("wang.fang", "/purposes", **{"reason": "x", **wrong}).status_code == 409


def test_an_incident_is_followed_to_its_end(office):
    draft = IncidentDraft(title="<b>mail</b> with an export", columns=("silver.press_line.temp_degc",), since="2026-03-01T08:00")
    incident = open_incident(office.owners["wang.fang"], draft)
    office.portal.refresh()
    address = f"/incidents/{incident.incident}"
    for name in ("li.wei", "zhou.min"):
        assert office.people[name].get(address).status_code == 403
    for name in ("wang.fang", "qian.yi", "sun.li"):
        assert address in office.people[name].page("/incidents").links
    assert address in office.people["qian.yi"].page("/work").links
    page = office.people["sun.li"].get(address).text
    assert "&lt;b&gt;mail&lt;/b&gt;" in page
    assert 'value="scope"' not in page
    assert office.send("sun.li", address, step="scope").status_code == 409

    early = office.send("wang.fang", address, step="close")
    assert (early.status_code, "can&#39;t be closed yet" in early.text) == (409, True)
    scoped = office.send("wang.fang", address, step="scope")
    assert (scoped.status_code, 'id="scope"' in scoped.text, "silver.press_line.temp_degc" in scoped.text) == (200, True, True)
    kept = office.send("wang.fang", address, step="state", field="cause", text="two\nlines kept")
    assert (kept.status_code, "lines kept" in kept.text) == (409, True)
    assert office.send("wang.fang", address, step="state", field="loss", text="much").status_code == 409
    for field in ("cause", "measures", "improvement", "lessons"):
        assert office.send("wang.fang", address, step="state", field=field, text=f"the {field}").status_code == 200
    assert office.send("qian.yi", address, step="close").status_code == 200
    (closed,) = list_incidents(office.settings)
    assert closed.closed_at
    assert closed.facts["cause"] == "the cause"
    assert office.send("wang.fang", address, step="state", field="cause", text="late").status_code == 409
    assert office.people["wang.fang"].get("/incidents/99").status_code == 404
    assert "已结案" in text_of(office.people["wang.fang"], address, "zh")


def test_a_register_that_is_not_in_order_names_no_file_to_anyone(office):
    register = office.settings.start / ".lakeward" / "accounts.jsonl"
    content = register.read_bytes()
    place = str(office.settings.start)
    try:
        register.write_bytes(content.replace(b'"li.wei"', b'"li.wex"', 1))
        answers = [office.people["zhou.min"].get(address) for address in ("/", "/admin", "/login", "/nothing", "/subscriptions")]
        answers.append(Visitor(new_client(office.portal)).post("/login", account="li.wei", password="x" * 12, next="/"))
        answers.append(office.people["li.wei"].post("/purposes", form_token="x", reason="x", step="ask"))
        assert {answer.status_code for answer in answers} == {503}
        shown = "".join(answer.text for answer in answers)
        assert "register of accounts can&#39;t be used" in shown
        assert not [word for word in (place, "accounts.jsonl", "hash") if word in shown]
    finally:
        register.write_bytes(content)
    assert office.people["zhou.min"].get("/").status_code == 200
