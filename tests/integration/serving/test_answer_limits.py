"""Limits that a project states for its server hold in process too, as far as a reader's own process can keep them."""

import pytest

from lakeward.core.errors import ProtectionError
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from support.served_lake import connect_as, make_lake

ENDLESS = "select count(*) from range(100000000000) a, range(9) b"


def project(root, limits):
    settings = make_lake(root)
    file = root / "expectations/project.yaml"
    file.write_text(file.read_text(encoding="utf-8") + limits, encoding="utf-8")
    return settings


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("limits", "query", "code"),
    [
        ("server: {rows: 2}\n", "select order_id from silver.orders", "limit_rows"),
        ("server: {megabytes: 1}\n", "select repeat('x', 400000) from silver.orders", "limit_megabytes"),
        ("server: {seconds: 1}\n", ENDLESS, "limit_seconds"),
    ],
)
def test_an_answer_past_a_stated_limit_is_not_shown_and_is_logged(tmp_path, limits, query, code):
    settings = project(tmp_path, limits)
    with connect_as(settings) as con:
        with pytest.raises(ProtectionError) as refused:
            con.sql(query).fetchall()
        assert refused.value.code == code
        assert con.sql("select 1").fetchall() == [(1,)]
    with open_workspace(settings).engine() as engine:
        first, second = governance.read_rows(engine, "access_log", order="seq")
    assert (first["verdict"], first["code"], first["rows_out"]) == ("failed", code, 0)
    assert second["verdict"] == "allowed"


def test_limits_that_a_project_does_not_state_do_not_hold_in_process(tmp_path):
    with connect_as(project(tmp_path, "server: {statements: 1}\n")) as con:
        assert len(con.sql("select range from range(6000000)").arrow()) == 6_000_000
