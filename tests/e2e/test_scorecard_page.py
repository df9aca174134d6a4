"""The static scorecard in a real browser: a file for each language, whose numbers open, which asks nobody for anything."""

import os
import shutil
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

import lakeward
from lakeward.flows import assess_readiness, grade_all, ingest_dataset, open_figure
from lakeward.portal.export import build_scorecard
from support.plant import csv_line, make_plant

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# In CI the page is looked at, or the run fails; elsewhere a machine without a browser says that it was left out.
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251  (whether this is CI is told nowhere else)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None and not IN_CI, reason="no chromium on this machine: apt-get install chromium"),
]
WIDTHS = (1440, 390)
FAILED = "rules/press_line/temp_in_range/failed"


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    plant = make_plant(tmp_path_factory.mktemp("page") / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 900), csv_line("M1", 0, 20))
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)
    assess_readiness(plant.settings)
    return plant


@pytest.fixture(scope="module")
def browser():
    assert BROWSER, "CI needs chromium: .ci/run installs it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(plant, browser):
    """Opens a file at a width; what it asked for besides itself, and what it complained of, must stay empty."""
    file = build_scorecard(plant.settings)
    files = {"zh": file, "en": file.with_name("scorecard.en.html")}
    asked, complaints, contexts = [], [], []

    def opened(width=1440, lang="zh", *, script=True):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US", java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
        page.goto(files[lang].as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert set(asked) <= {each.as_uri() for each in files.values()}
    assert complaints == []


def number(page, figure):
    return page.locator(f"a.n[title='{figure}']").first


def test_each_language_is_a_file_that_leads_to_the_other(visit):
    page = visit(lang="zh")
    assert (page.inner_text("h1 >> nth=0"), page.get_attribute("html", "lang")) == ("数据治理计分卡", "zh-Hans")
    page.click("text=English")
    assert (page.inner_text("h1 >> nth=0"), page.get_attribute("html", "lang")) == ("Data governance scorecard", "en")


@pytest.mark.exhaustive
def test_a_dataset_leads_to_its_rules(visit):
    page = visit(lang="en")
    page.click("#datasets a[href='#d-press_line']")
    assert page.url.endswith("#d-press_line")
    row = page.locator("#d-press_line tr", has_text="temp_in_range")
    assert row.locator(".mark").inner_text() == "▲ Fail"
    assert number(page, FAILED).inner_text() == "1"


def test_a_number_shows_the_query_that_gives_it_again(visit, plant):
    page = visit(lang="en")
    number(page, FAILED).click()
    assert page.inner_text("#command") == f"lakeward scorecard open '{FAILED}'"
    again = open_figure(plant.settings, FAILED)
    assert page.text_content("#sql") == again.evidence.sql
    assert page.inner_text("#value") == str(again.value) == "1"
    assert "governance.verdicts@" in page.inner_text("#versions")
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")


def test_without_javascript_all_is_read_and_a_number_leads_to_its_query(visit):
    page = visit(lang="en", script=False)
    assert page.is_visible("#d-press_line tr >> text=temp_in_range")
    number(page, FAILED).click()
    assert page.url.endswith("#q-rules")
    assert page.locator("#q-rules pre").inner_text().startswith("WITH batches AS")
    assert "rules/DATASET/RULE/COLUMN" in page.inner_text("#q-rules")


@pytest.mark.exhaustive
def test_grades_that_nobody_decided_are_not_drawn_as_done(visit):
    grades = visit(lang="en").locator("#grades")
    assert grades.locator("svg rect.idle").count() == 1
    assert grades.locator("svg rect.good").count() == 0


@pytest.mark.exhaustive
def test_roles_and_times_are_those_of_the_plant(visit, plant):
    with lakeward.connect(role="analyst", project=plant.root) as con:
        con.sql("SELECT count(*) FROM silver.press_line").fetchall()
    build_scorecard(plant.settings)
    page = visit(lang="zh")
    assert page.locator("#access tbody th").inner_text() == "数据分析师"
    asked = open_figure(plant.settings, "access/analyst/last_asked").value
    shown = number(page, "access/analyst/last_asked")
    assert shown.inner_text() == f"{datetime.fromisoformat(asked) + timedelta(hours=8):%Y-%m-%d %H:%M}"
    shown.click()
    assert page.inner_text("#value") == f"{asked}:00 UTC"


def test_what_is_not_measured_is_shown_as_such(visit):
    page = visit(lang="en")
    assert "not measured" in page.inner_text("#readiness .levels tbody >> nth=0")
    assert page.locator("#readiness .ray.open").count() > 0
    assert "NaN" not in page.inner_text("body")


# What a plant may have: a million batches, names of 63 characters, reasons that are sentences.
LONG = """() => {
  const put = (where, text) => document.querySelectorAll(where).forEach((element) => { element.textContent = text; });
  put(".tiles .n", "1,234,567");
  put(".counts .n", "1,234,567,890,123");
  put(".name, .title, tbody th, code, .chip", "a_name_of_sixty_three_characters_that_has_no_place_to_be_broken".repeat(2));
  put(".sub", "12 rules were not judged, for the batch had none of the columns that they are about");
}"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_long_is_wider_than_the_screen(visit, width):
    page = visit(width, "en")
    page.evaluate(LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.sampled(1)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_file_is_accessible_and_fits(visit, width, lang):
    page = visit(width, lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found] == []


def test_every_number_can_be_reached_by_keyboard(visit):
    page = visit()
    page.focus(".tiles .n")
    page.keyboard.press("Enter")
    assert page.is_visible("dialog")
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelectorAll('.n:not(a[href][title])').length") == 0


@pytest.mark.exhaustive
def test_a_print_has_the_report_and_no_queries(visit):
    page = visit(lang="zh")
    page.emulate_media(media="print")
    assert [page.is_visible(part) for part in ("#estate", "#d-press_line", ".menu", "#evidence-list")] == [
        True,
        True,
        False,
        False,
    ]
    assert page.pdf().startswith(b"%PDF")
