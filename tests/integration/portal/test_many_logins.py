"""Ten thousand tries to log in: few are hashed, few are logged, and an honest person comes in beside them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from lakeward.flows import verify_logs
from lakeward.flows.base.sessions import FAILURES_OF_ADDRESS, FAILURES_OF_NAME
from lakeward.portal.app import Site, make_app
from support.portal_site import SAME_SITE, account_name, log_in

TRIES, ATTACKERS = 10_000, 8


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_ten_thousand_log_ins_are_bounded(site, passwords, plant):
    attacked = [account_name(role) for role in passwords if role != "auditor"]
    names = [*attacked, *(f"nobody.{number}" for number in range(200))]

    def attack(number):
        client = TestClient(make_app(Site(portal=site)), base_url="http://127.0.0.1:8420", client=(f"10.0.0.{number}", 5000))
        fields = ({"account": names[(number + at) % len(names)], "password": f"guess {at}"} for at in range(TRIES // ATTACKERS))
        answers = (client.post("/login", data=each, headers=SAME_SITE, follow_redirects=False) for each in fields)
        return Counter(answer.status_code for answer in answers)

    with ThreadPoolExecutor(ATTACKERS) as pool:
        codes = sum(pool.map(attack, range(ATTACKERS)), Counter())

    assert codes.total() == TRIES
    assert set(codes) == {403, 429}
    assert FAILURES_OF_NAME <= codes[403] <= ATTACKERS * FAILURES_OF_ADDRESS
    assert log_in(site, "auditor", passwords["auditor"]).get("/").status_code == 200
    site.refresh()
    assert verify_logs(plant).faults == ()
    assert len(site.logins.open_sessions()) == 1
