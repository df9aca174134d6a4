"""The scorecard's page in a real browser: it speaks both languages, opens its numbers, and asks nobody for anything."""

import os
import shutil
from datetime import datetime, timedelta

import pytest

import lakeward
from lakeward.flows import assess_readiness, build_scorecard, grade_all, ingest_dataset, open_figure
from support.plant import csv_line, make_plant

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# In CI the page is looked at, or the run fails; elsewhere a machine without a browser says that it was left out.
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251  (whether this is CI is told nowhere else)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None and not IN_CI, reason="no chromium on this machine: apt-get install chromium"),
]
WIDTHS = (1440, 390)


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
    """Opens the page at a width; what it asked for besides itself, and what it complained of, must stay empty."""
    file = build_scorecard(plant.settings)
    asked, complaints, pages = [], [], []

    def opened(width=1440, lang="zh"):
        page = browser.new_page(viewport={"width": width, "height": 900}, locale="en-US")
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
        page.goto(f"{file.as_uri()}#lang={lang}")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert set(asked) == {file.as_uri()}
    assert complaints == []


def test_the_language_is_switched_and_remembered(visit):
    page = visit(lang="zh")
    assert page.inner_text("h1") == "数据治理计分卡"
    page.click("text=English")
    assert page.inner_text("h1") == "Data governance scorecard"
    assert "lang=en" in page.url
    page.reload()
    assert page.inner_text("h1") == "Data governance scorecard"


def test_a_dataset_opens_to_its_rules(visit):
    page = visit(lang="en")
    assert not page.is_visible("text=temp_in_range >> nth=0")
    page.click("#dataset-press_line > summary .name")
    row = page.locator("#dataset-press_line tr", has_text="temp_in_range")
    assert row.locator(".badge").inner_text() == "Fail"
    assert row.locator("[data-c=failed]").inner_text() == "1"


def test_a_number_shows_the_query_that_gives_it_again(visit, plant):
    page = visit(lang="en")
    page.click("#dataset-press_line > summary .name")
    page.locator("#dataset-press_line tr", has_text="temp_in_range").locator("[data-c=failed]").click()
    assert page.inner_text("#command") == "lakeward scorecard open 'rules/press_line/temp_in_range/failed'"
    again = open_figure(plant.settings, "rules/press_line/temp_in_range/failed")
    assert page.text_content("#sql") == again.evidence.sql
    assert page.inner_text("#value") == str(again.value) == "1"
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")


def test_grades_that_nobody_decided_are_not_drawn_as_done(visit):
    tile = visit(lang="en").locator(".tile", has_text="provisional")
    assert tile.locator("svg rect.idle").count() == 1
    assert tile.locator("svg rect.good").count() == 0


def test_roles_and_times_are_those_of_the_plant(visit, plant):
    with lakeward.connect(role="analyst", project=plant.root) as con:
        con.sql("SELECT count(*) FROM silver.press_line").fetchall()
    build_scorecard(plant.settings)
    page = visit(lang="zh")
    assert page.locator("#access tbody th").inner_text() == "数据分析师"
    asked = open_figure(plant.settings, "access/analyst/last_asked").value
    assert (
        page.inner_text("#access [data-c=last_asked]") == f"{datetime.fromisoformat(asked) + timedelta(hours=8):%Y-%m-%d %H:%M}"
    )
    page.click("#access [data-c=last_asked]")
    assert page.inner_text("#value") == f"{asked} UTC"


def test_what_is_not_measured_is_shown_as_such(visit):
    page = visit(lang="en")
    assert "not measured" in page.inner_text("#readiness .line:first-of-type summary")
    assert "NaN" not in page.inner_text("body")


# What a plant may have: a million batches, names of 63 characters, reasons that are sentences.
LONG = """() => {
  const put = (where, text) => document.querySelectorAll(where).forEach((element) => { element.textContent = text; });
  document.querySelectorAll("details").forEach((element) => { element.open = true; });
  put(".tile .n", "1,234,567");
  put(".counts .n", "1,234,567,890,123");
  put(".made, .line .name, tbody th, code, .chip", "a_name_of_sixty_three_characters_that_has_no_place_to_be_broken".repeat(2));
  put(".badge", "12 rules were not judged, for the batch had none of the columns that they are about");
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_long_is_wider_than_the_screen(visit, width):
    page = visit(width, "en")
    page.evaluate(LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.sampled(2)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_is_wider_than_the_screen(visit, width, lang):
    page = visit(width, lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_number_can_be_reached_by_keyboard(visit):
    page = visit()
    page.focus(".tile .n")
    page.keyboard.press("Enter")
    assert page.is_visible("dialog")
    assert page.evaluate("document.querySelectorAll('[data-c]:not(button)').length") == 0
