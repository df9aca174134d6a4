"""Every number of the scorecard opens, to the number that is shown."""

import copy
import json
import re
from html import unescape

import pytest

import lakeward
from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.messages import Lang, text
from lakeward.core.names import TableName
from lakeward.flows import decide_grade, ingest_dataset, list_grades, list_runs, open_figure, read_scorecard
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.grading.decide import GradeChoice
from lakeward.portal.export import build_scorecard
from lakeward.portal.rendering import SEVERITIES
from lakeward.quality.rule import Severity
from support.plant import SUITE, csv_line
from support.portal_site import SeenPage

FAMILIES = {"totals", "datasets", "history", "dimensions", "trend", "dataset_dimensions", "rules", "reasons", "lineage", "lineage_totals", "ageing"}  # fmt: skip
GOVERNED = FAMILIES | {"grades", "dataset_grades", "items", "domains", "readiness"}


def figures(plant):
    found = list(read_scorecard(plant.settings).figures())
    assert len(found) > 60
    return found


def reopen_figures(plant, found):
    with open_workspace(plant.settings).engine() as engine:
        for figure in found:
            at = {TableName.parse(table): version for table, version in figure.evidence.versions.items()}
            yield [row["value"] for row in engine.fetch(figure.evidence.sql, at=at)]


def families_of(found):
    return {figure.id.partition("/")[0] for figure in found}


def one_of_each_kind(found):
    """Of the figures of a family that differ in their key alone, one."""
    return list({(figure.id.partition("/")[0], figure.id.rpartition("/")[2]): figure for figure in found}.values())


@pytest.mark.parametrize(
    "chosen", [one_of_each_kind, pytest.param(list, marks=pytest.mark.exhaustive)], ids=["one of each kind", "every"]
)
def test_every_figure_opens_to_the_number_shown(governed, chosen):
    found = figures(governed)
    assert families_of(found) == GOVERNED
    assert len({figure.id for figure in found}) == len(found)
    assert list(reopen_figures(governed, chosen(found))) == [[figure.value] for figure in chosen(found)]


@pytest.mark.exhaustive
def test_a_figure_opens_to_the_same_number_after_the_lake_went_on(ran):
    found = figures(ran)
    ran.drop("c.csv", csv_line("M1", 9, 23))
    ingest_dataset(ran.settings, "press_line")
    assert list(reopen_figures(ran, found)) == [[figure.value] for figure in found]


@pytest.mark.exhaustive
def test_a_figure_of_the_built_page_opens_by_its_id(ran):
    build_scorecard(ran.settings)
    ran.drop("c.csv", csv_line("M1", 9, 23))
    ingest_dataset(ran.settings, "press_line")
    assert open_figure(ran.settings, "totals/rows_in").value == 5
    assert open_figure(ran.settings, "rules/press_line/type%3Atemp_degc/failed").value == 1


NUMBER = re.compile(r'<a class="n" href="#q-([^"]+)" title="([^"]+)">(.*?)</a>')


def test_every_number_of_the_file_opens_to_what_it_shows(governed):
    with lakeward.connect(role="analyst", project=governed.root) as con:
        con.sql("SELECT count(*) FROM silver.press_line").fetchall()
    html = build_scorecard(governed.settings).read_text(encoding="utf-8")
    numbers = [(family, unescape(figure), re.sub("<[^>]*>", "", shown)) for family, figure, shown in NUMBER.findall(html)]
    assert len(numbers) > 60
    assert html.count('class="n"') == len(numbers)
    assert {family for family, _, _ in numbers} == set(re.findall(r'<section class="card" id="q-([^"]+)"', html))
    kinds = {(family, figure.rpartition("/")[2]): (figure, shown) for family, figure, shown in numbers}
    for (family, column), (figure, shown) in kinds.items():
        if not column.startswith("last_") and (family, column) != ("open_rows", "oldest"):
            value = open_figure(governed.settings, figure).value
            assert shown == ("? 未测" if value is None else f"{value:,}"), figure


def test_no_link_leaves_the_file_but_for_the_other_language(governed):
    page = SeenPage.of(build_scorecard(governed.settings).read_text(encoding="utf-8"))
    assert [link for link in page.links if not link.startswith("#")] == ["scorecard.en.html"]
    assert page.styles == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["totals", "totals/nothing", "nothing/score", "datasets/score", "datasets/a/b/score"])
def test_what_is_no_figure_is_refused(ran, name):
    build_scorecard(ran.settings)
    with pytest.raises(UsageError, match=r"figure"):
        open_figure(ran.settings, name)


def test_no_figure_opens_before_the_page_is_built(ran):
    with pytest.raises(UsageError, match="built"):
        open_figure(ran.settings, "totals/score")


def test_totals_are_those_of_the_runs(ran):
    (run,) = list_runs(ran.settings)
    totals = read_scorecard(ran.settings).results["totals"].single_row
    assert {key: totals[key] for key in ("rows_in", "silver", "quarantine", "rejects", "duplicates", "batches")} == {
        key: run.as_dict()[key] for key in ("rows_in", "silver", "quarantine", "rejects", "duplicates", "batches")
    }
    assert (totals["balanced"], totals["datasets"]) == (2, 1)


def test_grades_are_counted_as_grading_tells_them(governed):
    decide_first(governed)
    told = list_grades(governed.settings)
    counted = read_scorecard(governed.settings).results["grades"].single_row
    assert {state: counted[state] for state in ("confirmed", "overridden", "provisional", "stale", "ungraded")} == {
        state: sum(row.grade.state == state for row in told)
        for state in ("confirmed", "overridden", "provisional", "stale", "ungraded")
    }
    assert [counted[grade] for grade in ("core", "important", "general")] == [
        sum(row.grade.grade == grade for row in told) for grade in ("core", "important", "general")
    ]
    assert counted["important"] == 1


def test_important_data_is_listed_with_its_columns(governed):
    decide_first(governed)
    (row,) = read_scorecard(governed.settings).results["important_data"].rows
    assert (row.key, row["names"], row["states"], row["columns"]) == (("press_line",), "machine", "provisional", 1)


def test_access_is_counted_by_role(governed):
    with lakeward.connect(role="analyst", project=governed.root) as con:
        con.sql("SELECT count(*) FROM silver.press_line").fetchall()
        with pytest.raises(ProtectionError):
            con.sql("SELECT * FROM bronze.press_line")
    (row,) = read_scorecard(governed.settings).results["access"].rows
    assert (row.key, row["queries"], row["allowed"], row["refused"]) == (("analyst",), 2, 1, 1)


def test_the_page_shows_rules_of_every_severity(empty):
    suite = copy.deepcopy(SUITE)
    suite["expectations"] += [
        {
            "type": "expect_table_row_count_to_be_between",
            "kwargs": {"min_value": 1},
            "meta": {"lakeward": {"id": severity, "severity": severity}},
        }
        for severity in ("warn", "halt")
    ]
    empty.suite(suite)
    empty.drop("a.csv", csv_line("M1", 0, 20))
    ingest_dataset(empty.settings, "press_line")
    page = build_scorecard(empty.settings).read_text(encoding="utf-8")
    shown = {word for word in SEVERITIES if f"<td>{text(SEVERITIES[word], Lang.ZH)}</td>" in page}
    assert {"warn", "halt", "quarantine"} <= shown
    assert set(SEVERITIES) == set(Severity)


def test_a_policy_that_is_broken_does_not_stop_the_page(ran):
    policy = ran.root / "expectations" / "policies" / "serving.yaml"
    policy.parent.mkdir(parents=True, exist_ok=True)
    policy.write_text("roles: [", encoding="utf-8")
    assert build_scorecard(ran.settings).is_file()


def test_what_no_table_holds_is_unknown_and_never_zero(ran):
    readings = read_scorecard(ran.settings).results
    assert [name for name in ("grades", "readiness", "access") if readings[name] is not None] == []
    first = build_scorecard(ran.settings)
    chinese, page = (file.read_text(encoding="utf-8") for file in (first, first.with_name("scorecard.en.html")))
    assert "lakeward grade run" in page
    assert "not measured" in page
    assert "未测" in chinese
    assert "NaN" not in page + chinese


def test_an_empty_lake_says_so(empty):
    first = build_scorecard(empty.settings)
    assert "湖中尚无数据" in first.read_text(encoding="utf-8")
    assert "This lake is empty" in first.with_name("scorecard.en.html").read_text(encoding="utf-8")
    assert json.loads((empty.root / "scorecard" / "evidence.json").read_text(encoding="utf-8"))["families"] == {}


def decide_first(plant):
    decide_grade(
        plant.settings, "press_line.machine", GradeChoice(by="li.wei", reason="drawn up with the ministry", grade="important")
    )
    decide_grade(plant.settings, "press_line.ts", GradeChoice(by="li.wei", reason="agreed"))
