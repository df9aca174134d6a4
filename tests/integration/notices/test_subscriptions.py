"""Who subscribed to a dataset hears once of what happens to it, without a value of the data."""

import json
from dataclasses import replace
from time import sleep

import pytest

from lakeward.core.errors import LakewardError, ProtectionError, TransientError, UsageError
from lakeward.core.messages import Lang
from lakeward.flows import (
    SubscriptionRequest,
    end_subscription,
    list_subscriptions,
    notify_failure,
    notify_overdue,
    send_notices,
    subscribe,
)
from support.accounts import ANALYST, STEWARD, make_accounts
from support.plant import csv_line, ingest, make_plant
from support.receivers import mail_server, web_server

HALT = {
    "name": "press_line",
    "expectations": [
        {
            "type": "expect_column_max_to_be_between",
            "kwargs": {"column": "temp_degc", "max_value": 100},
            "meta": {"lakeward": {"id": "not_so_hot", "severity": "halt"}},
        }
    ],
}


@pytest.fixture
def web():
    with web_server() as server:
        yield server


@pytest.fixture
def plant(tmp_path):
    return make_plant(tmp_path / "plant")


@pytest.fixture
def settings(plant, web):
    return replace(plant.settings, connections={"OPS": f"webhook+http://127.0.0.1:{web.server_port}/hook"})


def request(*kinds, **values):
    return SubscriptionRequest(dataset="press_line", connection="ops", kinds=kinds, by=values.pop("by", "li.wei"), **values)


def kinds_of(web):
    return [json.loads(got.body)["kind"] for got in web.got[1:]]


def test_a_halted_batch_is_told_once_and_without_values(plant, settings, web):
    subscribe(settings, request())
    plant.suite(HALT)
    plant.drop("a.csv", csv_line("M1", 0, 777.25))
    ingest(plant.root)
    assert (send_notices(settings).sent, send_notices(settings).sent) == (1, 0)
    assert kinds_of(web) == ["halt"]
    told = json.loads(web.got[1].body)
    assert "Batch 1 of press_line is halted" in told["text"]
    assert not any("777" in got.body or "M1" in got.body for got in web.got)


def test_a_notice_leads_to_the_portal(plant, settings, web):
    subscribe(settings, request("failure"))
    notify_failure(replace(settings, portal_url="https://portal.plant.example"), "press_line", "memory_full")
    assert json.loads(web.got[1].body)["link"] == "https://portal.plant.example/d/press_line"


def test_late_data_are_told_once_for_each_time_that_they_are_late(plant, settings, web):
    contract = plant.dataset / "contract.odcs.yaml"
    promise = "slaProperties: [{property: latency, value: 1, unit: s}]\ncustomProperties:\n  - property: source"
    contract.write_text(contract.read_text().replace("customProperties:\n  - property: source", promise))
    subscribe(settings, request("late"))
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest(plant.root)
    sleep(1.1)
    assert (send_notices(settings).sent, send_notices(settings).sent) == (1, 0)
    assert kinds_of(web) == ["late"]


@pytest.mark.exhaustive
def test_rejected_files_are_told_by_their_kind(plant, settings, web):
    subscribe(settings, request())
    plant.drop("a.csv", csv_line("M1", 0, 20.5))
    ingest(plant.root)
    (plant.root / "inbox" / "press_line" / "b.csv").write_text("who,what\n1,2\n", encoding="utf-8")
    ingest(plant.root)
    assert send_notices(settings).sent == 1
    assert kinds_of(web) == ["schema"]


def test_the_same_failure_is_told_once_a_day_to_those_who_asked_for_it(settings, web):
    subscribe(settings, request("failure", "late"))
    subscribe(settings, request("halt", by="wang.fang"))
    for _ in range(3):
        notify_failure(settings, "press_line", "memory_full", link="http://127.0.0.1:8080/dags/x")
    notify_failure(settings, "press_line", "contract_breaking")  # of the kind schema, for which no one asked
    notify_overdue(settings, "press_line", "run-1")
    notify_overdue(settings, "press_line", "run-1")
    told = [json.loads(got.body) for got in web.got[2:]]
    assert [each["kind"] for each in told] == ["failure", "late"]
    assert told[0]["link"] == "http://127.0.0.1:8080/dags/x"


def test_what_could_not_be_sent_is_sent_later_and_others_are_reached(settings, web):
    with mail_server() as mail:
        both = replace(
            settings,
            connections={
                **settings.connections,
                "MAIL": f"smtp://127.0.0.1:{mail.server_address[1]}?from=lakeward@plant.example",
            },
        )
        subscribe(both, request("failure"))
        subscribe(both, replace(request("failure"), connection="mail", recipient="li.wei@plant.example"))
        web.status = 500
        first = notify_failure(both, "press_line", "memory_full")
        web.status = 200
        second, third = send_notices(both), send_notices(both)
        assert len(mail.got) == 2
    assert (first.sent, [each.code for each in first.unsent]) == (1, ["notice_unsent"])
    assert (second.sent, second.unsent, third.sent) == (1, (), 0)


def test_a_subscription_that_reaches_no_one_is_not_stored(settings, web):
    web.status = 500
    with pytest.raises(TransientError) as refused:
        subscribe(settings, request())
    assert (refused.value.code, "No subscription is stored." in refused.value.render(Lang.EN)) == ("subscription_unsent", True)
    assert list_subscriptions(settings) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dataset": "press_lin"}, "dataset_not_found"),
        ({"connection": "nowhere"}, "connection_unknown"),
        ({"kinds": ("fire",)}, "notice_kind"),
        ({"by": ""}, "subscription_by_missing"),
    ],
)
def test_a_wrong_request_is_refused(settings, change, code):
    with pytest.raises(LakewardError) as refused:
        subscribe(settings, replace(request(), **change))
    assert refused.value.code == code


def test_a_subscriber_hears_in_their_own_language(settings, web):
    subscribe(replace(settings, lang=Lang.ZH), request("failure"))
    notify_failure(settings, "press_line", "memory_full")
    assert "失败" in json.loads(web.got[1].body)["title"]


def test_a_subscription_is_ended_by_its_author_or_an_admin(settings, web):
    owners = make_accounts(settings, STEWARD, ANALYST)
    mine = subscribe(owners["li.wei"], request(by=""))
    other = subscribe(owners["li.wei"], request(by=""))
    with pytest.raises(ProtectionError) as refused:
        end_subscription(owners["wang.fang"], mine.subscription)
    assert refused.value.code == "subscription_other"
    end_subscription(owners["li.wei"], mine.subscription)
    end_subscription(owners["zhou.min"], other.subscription)
    assert list_subscriptions(settings) == []
    with pytest.raises(UsageError):
        end_subscription(owners["li.wei"], mine.subscription)
    notify_failure(settings, "press_line", "memory_full")
    assert len(web.got) == 2
