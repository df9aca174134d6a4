"""The portal in a real browser, served by its command: log-in, both languages, numbers that open, nothing asked of the outside."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe

from lakeward.flows import IncidentDraft, open_incident
from support.openid_provider import LOGIN, SECRET
from support.portal_site import LOGINS, account_name

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# In CI the pages are looked at, or the run fails; elsewhere a machine without a browser says that they were left out.
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251  (whether this is CI is told nowhere else)
CHINESE = shutil.which("fc-list") is None or subprocess.run(["fc-list", ":lang=zh"], check=False, capture_output=True).stdout
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None and not IN_CI, reason="no chromium on this machine: apt-get install chromium"),
]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")
PAGES = (
    "/",
    "/datasets",
    "/d/maintenance_orders",
    "/d/maintenance_orders/columns",
    "/d/maintenance_orders/runs",
    "/d/maintenance_orders/quarantine",
    "/search?q=lxdh",
    "/glossary",
    "/g/machine",
    "/lineage",
    "/lineage?c=gold.asset_health_daily",
    "/lineage?c=gold.oee_hourly.oee",
    "/impact?c=silver.plant_telemetry.value",
    "/important",
    "/readiness",
    "/readiness/11.2",
    "/help",
    "/evidence/totals/score",
    "/work",
    "/grades",
    "/access",
    "/access/logins",
    "/account",
    "/subscriptions?dataset=equipment",
    "/purposes",
    "/incidents",
    "/incidents/1",
)


@pytest.fixture(scope="module")
def portal(portal_copy):
    """The address of the portal that the command serves, and the passwords by role."""
    logins = json.loads((portal_copy.start / LOGINS).read_text(encoding="utf-8"))
    passwords = {role: login["password"] for role, login in logins.items()}
    draft = IncidentDraft(title="an export by mail", columns=("silver.maintenance_orders",), since="2026-03-01T08:00")
    open_incident(replace(portal_copy, token=logins["steward"]["token"]), draft)
    add_dataset_that_never_ran(portal_copy.start / "expectations" / "datasets")
    with (portal_copy.start / "expectations" / "project.yaml").open("a", encoding="utf-8") as project:
        project.write(LOGIN.format(issuer="https://id.plant.example"))
    words = [sys.executable, "-c", "from lakeward.cli.main import main; main()", "portal", "--port", "0"]
    words += ["--project", str(portal_copy.start)]
    environment = {**os.environ, "LAKEWARD_SECRET_PORTAL_OIDC": SECRET}  # noqa: TID251
    served = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        line = served.stdout.readline()
        assert ADDRESS.search(line), line
        yield ADDRESS.search(line)[0].rstrip("/"), passwords
    finally:
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=30)


def add_dataset_that_never_ran(datasets):
    text = (datasets / "equipment" / "contract.odcs.yaml").read_text(encoding="utf-8")
    (datasets / "spare_parts").mkdir()
    (datasets / "spare_parts" / "contract.odcs.yaml").write_text(text.replace("equipment", "spare_parts"), encoding="utf-8")


@pytest.fixture(scope="module")
def browser():
    assert BROWSER, "CI needs chromium: .ci/run installs it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def desk(portal, browser):
    """`desk(role, …)`: a page that is logged in; nothing outside is asked for, and nothing is complained of."""
    address, passwords = portal
    outside, complaints, contexts = [], [], []

    def opened(role="cdo", *, lang="zh", width=1440, scheme="light", script=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN" if lang == "zh" else "en-US", color_scheme=scheme,
            java_script_enabled=script, base_url=address,
        )  # fmt: skip
        contexts.append(context)
        context.route(
            lambda url: not url.startswith((address, "data:")), lambda route: (outside.append(route.request.url), route.abort())
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.text} {message.location['url']}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/")
        page.fill("#account", account_name(role))
        page.fill("#password", passwords[role])
        page.keyboard.press("Enter")
        page.wait_for_selector(".menu")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert outside == []
    assert complaints == []


def faults(page, width=1440):
    """What axe finds, and how wide a page is that does not fit, in short."""
    found = [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [f"{page.url} {each}" for each in [*found, *([f"{wide} px wide"] if wide > width else [])]]


def faults_of_log_in(page, width=1440):
    """As `faults`, of the page before the log-in, with the button of the provider."""
    page.context.clear_cookies()
    page.goto("/login")
    assert page.locator("a.button[href^='/login/oidc']").is_visible()
    return faults(page, width)


def test_the_cdo_sees_what_needs_attention_and_opens_a_number(desk):
    page = desk("cdo", lang="en")
    assert page.inner_text("h1") == "Data quality of the plant"
    assert page.locator(".tiles li").count() == 5
    page.locator(".tiles .n").first.click()
    page.wait_for_url("**/evidence/totals/score")
    shown = page.locator(".facts .big").first.inner_text()
    page.click("text=Run it again")
    page.wait_for_selector(".mark.good")
    assert page.locator(".facts .big").nth(1).inner_text() == shown
    assert "SELECT" in page.inner_text("pre")


@pytest.mark.exhaustive
def test_the_analyst_finds_a_column_by_initials_from_the_keyboard(desk):
    page = desk("analyst", lang="zh")
    page.keyboard.press("/")
    page.keyboard.type("lxdh")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=lxdh")
    page.click("text=technician_phone")
    page.wait_for_url("**/d/maintenance_orders/columns#column-technician_phone")
    assert "联系电话" in page.inner_text("#column-technician_phone")
    assert "暂定" in page.inner_text("#column-technician_phone")


@pytest.mark.exhaustive
def test_the_engineer_follows_a_failed_rule_to_its_run(desk):
    page = desk("engineer", lang="en")
    page.click(".menu >> text=Catalogue")
    page.click("a.title >> text=plant_telemetry")
    page.wait_for_selector(".tabs")
    page.locator("tr", has=page.locator(".mark.bad")).locator("a.name").first.click()
    page.wait_for_selector("text=Since the batch before")
    page.click("text=open >> nth=0")
    page.wait_for_selector("h1 >> text=Run")
    assert page.locator("table").count() >= 2


def test_language_and_theme_are_switched_and_remembered(desk):
    page = desk("cdo", lang="zh")
    assert page.inner_text("h1") == "全厂数据质量"
    page.click("text=English")
    assert page.inner_text("h1") == "Data quality of the plant"
    page.click("text=Dark")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.goto("/datasets")
    assert (page.get_attribute("html", "lang"), page.get_attribute("html", "data-theme")) == ("en", "dark")


@pytest.mark.parametrize("addresses", [PAGES[::5], pytest.param(PAGES, marks=pytest.mark.exhaustive)], ids=["every fifth", "all"])
def test_pages_read_without_javascript(desk, addresses):
    page = desk("cdo", lang="en", script=False)
    for address in addresses:
        page.goto(address)
        assert page.locator("main h1").inner_text()
    page.goto(next(address for address in PAGES if address.startswith("/evidence/")))
    page.click("text=Run it again")
    assert page.locator(".mark.good").count() == 1


@pytest.mark.parametrize("width", [pytest.param(1440, marks=pytest.mark.exhaustive), 390])
def test_the_admins_page_is_accessible_and_fits(desk, width):
    page = desk("admin", lang="zh", width=width)
    page.goto("/admin")
    assert faults(page, width) == []


def test_the_steward_confirms_several_grades_by_keyboard_alone(desk):
    page = desk("steward", lang="en")
    page.goto("/grades?dataset=equipment")
    boxes = page.locator("input[type=checkbox]")
    for number in range(2):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    page.locator("button[value=preview]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#reason")
    assert faults(page) == []
    page.focus("#reason")
    page.keyboard.type("looked at together")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=2 decided")


def test_unknown_looks_like_no_other_state(desk):
    page = desk("cdo", lang="en")
    page.goto("/datasets")
    looks = {
        kind: page.locator(f".mark.{kind}").first.evaluate("e => [getComputedStyle(e).borderStyle, e.innerText[0]]")
        for kind in ("bad", "good", "open")
    }
    assert looks["open"] == ["dashed", "?"]
    assert [look for kind, look in looks.items() if kind != "open" and ("dashed" in look[0] or look[1] == "?")] == []


@pytest.mark.skipif(not (CHINESE or IN_CI), reason="no Chinese font on this machine: apt-get install fonts-wqy-zenhei")
def test_chinese_is_drawn_and_not_boxes(desk):
    page = desk("cdo", lang="zh")
    widths = page.evaluate(
        """() => ["数", "\\ue83a"].map((letter) => {
          const canvas = document.createElement("canvas").getContext("2d");
          canvas.font = "40px " + getComputedStyle(document.body).fontFamily;
          canvas.fillText(letter, 10, 60);
          return [...canvas.getImageData(0, 0, 80, 80).data].reduce((sum, value) => sum + value, 0);
        })"""
    )
    assert widths[0] != widths[1]


@pytest.mark.parametrize(("lang", "addresses"), [("zh", PAGES[::4]), ("en", PAGES[2::4])])
def test_every_other_page_is_accessible_and_fits(desk, lang, addresses):
    page = desk("cdo", lang=lang)
    found = []
    for address in addresses:
        page.goto(address)
        found += faults(page)
    assert found + faults_of_log_in(page) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_page_in_each_form(desk, lang, width, scheme):
    found = []
    for role, addresses in PAGES_OF_ROLES.items():
        page = desk(role, lang=lang, width=width, scheme=scheme)
        for address in [*addresses, *(linked(page) if role == "cdo" else ())]:
            page.goto(address)
            found += faults(page, width)
            page.emulate_media(media="print")
            assert page.locator(".menu").is_hidden()
            page.emulate_media(media="screen")
    assert found + faults_of_log_in(page, width) == []


# Of each role the pages that others do not see, or where its forms are.
PAGES_OF_ROLES = {
    "cdo": PAGES,
    "steward": (
        "/quarantine",
        "/quarantine/maintenance_orders",
        "/grades",
        "/grades/maintenance_orders/technician_phone",
        "/important",
    ),
    "admin": ("/admin", "/account"),
    "auditor": ("/access", "/readiness/7.1"),
    "engineer": ("/work", "/help/engineer"),
}
# Pages whose addresses are known only after a run, by what their links begin with.
LINKED = ("/run/", "/d/plant_telemetry/r/", "/access/", "/help/")


def linked(page):
    """One page of each kind that the pages of lists lead to."""
    found = {}
    for address in ("/d/plant_telemetry", "/d/plant_telemetry/runs", "/access", "/help"):
        page.goto(address)
        links = page.eval_on_selector_all("main a[href]", "links => links.map(each => each.getAttribute('href'))")
        for kind in LINKED:
            found.update((kind, link) for link in links if link.startswith(kind) and link != "/access/logins")
    return list(found.values())
