"""Every page of the portal over a real lake: both languages, numbers that open, nothing that a file brings becomes markup."""

import re
import shutil
from html import escape
from urllib.parse import unquote_plus

import pytest

from lakeward.core.errors import PolicyError
from lakeward.core.messages import Lang
from lakeward.core.settings import Settings
from lakeward.flows import lineage_impact, read_impact, read_scorecard, show_lineage, show_maturity
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.lineage.impact import impact_hops
from lakeward.portal.pages.first_day import STEPS
from lakeward.portal.rendering import notice_text
from support.portal_site import SeenPage, log_in, make_logins, open_site

LANGS = ("en", "zh")
CHINESE = re.compile(r"[㐀-鿿]")
LATIN = re.compile(r"[A-Za-z]{3,}")
# What is written in Latin letters in Chinese too: names of products, standards and what the plant's own files name.
NAMES = {
    "Lakeward",
    "DCMM",
    "OEE",
    "OPC",
    "UCUM",
    "demo",
    "plant",
    "extra",
    "limitations",
    "SLA",
    "PDF",
    "Word",
    "Excel",
    "PNG",
    "JPEG",
    "sha",
}
GLOSSARY = "expectations/glossary.yaml"


def linked_pages(visitor):
    """Every page that can be reached by links from the first one, but numbers, by address; one of a kind where there are many."""
    seen, waiting = {}, ["/"]
    while waiting:
        address = waiting.pop()
        path = address.partition("#")[0].partition("&")[0]
        path = re.sub(r"\?c=.*", "?c", path) if "?c=" in path else path.partition("?")[0]
        kind = re.sub(r"^(/d/[^/]+/r|/run|/g|/readiness|/help)/[^/]+", r"\1/*", path)
        if kind in seen or path.startswith(("/evidence/", "/static/")) or path.endswith(".csv"):
            continue
        seen[kind] = address, visitor.page(address)
        waiting += [link for link in seen[kind][1].links if link.startswith("/")]
    return dict(seen.values())


@pytest.fixture(scope="module")
def pages(visitors):
    """Every page in English, by address."""
    searched = ("/search?q=phone", "/datasets?domain=production&dimension=completeness")
    return linked_pages(visitors["cdo"]) | {address: visitors["cdo"].page(address) for address in searched}


def test_all_pages_are_reached_by_links(pages):
    kinds = {re.sub(r"/(d|run)/[^/]+", r"/\1/*", page.partition("?")[0]) for page in pages}
    assert {"/", "/datasets", "/d/*", "/d/*/columns", "/d/*/runs", "/d/*/quarantine", "/run/*", "/search"} <= kinds
    assert {"/glossary", "/lineage", "/impact", "/important", "/readiness", "/help"} <= kinds
    assert any("/r/" in page for page in pages)
    assert any(page.startswith("/g/") for page in pages)
    assert any(page.startswith("/readiness/") for page in pages)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("lang", LANGS)
def test_no_page_mixes_languages(visitors, pages, lang):
    for address, english in pages.items():
        page = english if lang == "en" else visitors["cdo"].page(address, lang)
        words = [word for word in page.words if word != "English"]
        assert words
        found = [word for word in words if CHINESE.search(word)] if lang == "en" else latin_words(words)
        assert found == [], address


def latin_words(words):
    """Latin words that are no name: identifiers have an underscore or a point, and stand in code or behind links by name."""
    return [word for text in words for word in LATIN.findall(text) if word not in NAMES and not is_data(text)]


def is_data(text):
    """Names of domains, owners, persons and roles of the plant's own files, and a table that is an example."""
    return text in {"li.wei", "wang.fang", "plant-data", "silver.orders"}


# Where numbers that sum up a list open.
LISTS = ("/g/", "/grades?", "/access/", "/lineage?", "/readiness/", "#fields")


def test_every_number_of_every_page_opens(visitors, pages):
    numbers = {number for page in pages.values() for number in page.numbers}
    assert len(numbers) > 100
    opened = [number for number in sorted(numbers) if number.startswith("/evidence/")]
    one_of_a_kind = {re.sub(r"/evidence/([^/]+)/.*/", r"\1 ", number): number for number in opened}
    assert len(one_of_a_kind) > 50
    for number in one_of_a_kind.values():
        assert visitors["cdo"].get(number).status_code == 200, number
    assert [
        number
        for number in numbers
        if not number.startswith(("/evidence/", "/datasets", "/d/", "/grades?dataset=", "/access", *LISTS))
    ] == []
    lists = [number for number in numbers if number.startswith(("/grades?", "/access"))]
    assert lists
    assert {visitors["cdo"].get(number).status_code for number in lists} == {200}


def test_a_number_is_the_scorecards_and_comes_again_from_the_lake(visitors, plant):
    figures = {figure.id: figure.value for figure in read_scorecard(plant).figures() if not figure.id.startswith("ageing")}
    shown = {number.removeprefix("/evidence/") for number in visitors["cdo"].page("/").numbers}
    known = sorted(shown & figures.keys())
    assert len(known) > 15
    for name in known:
        page = visitors["cdo"].page(f"/evidence/{name}")
        assert written(figures[name]) in page.text, name
    for name in known[::5]:
        again = visitors["cdo"].post(f"/evidence/{name}", **visitors["cdo"].page(f"/evidence/{name}").inputs)
        assert "值相同" in SeenPage.of(again.text).text, name


def written(value):
    return "not measured" if value is None else f"{value:,}" if not isinstance(value, str) else value


def test_no_query_of_a_form_runs(visitors):
    page = visitors["cdo"].page("/evidence/totals/score")
    fields = {**page.inputs, "sql": "SELECT 1", "v:governance.runs": "99999"}
    assert visitors["cdo"].post("/evidence/totals/score", **fields).status_code == 404
    fields["v:governance.runs"] = "0; DROP TABLE x"
    assert visitors["cdo"].post("/evidence/totals/score", **fields).status_code == 404


@pytest.mark.parametrize(
    ("question", "dataset", "name"),
    [
        ("电话", "maintenance_orders", "technician_phone"),
        ("lianxidianhua", "maintenance_orders", "technician_phone"),
        ("lxdh", "maintenance_orders", "technician_phone"),
        ("phone", "maintenance_orders", "technician_phone"),
        ("维修 手机", "maintenance_orders", "technician_phone"),
        ("gdh", "maintenance_orders", "order_id"),
        ("EQUIPMENT", "equipment", "equipment"),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_search_finds_chinese_english_pinyin_and_initials(visitors, question, dataset, name, lang):
    found = visitors["analyst"].page(f"/search?q={question}", lang)
    assert any(link.startswith(f"/d/{dataset}") for link in found.links)
    assert any(link.endswith(f"#column-{name}") or link == f"/d/{name}" for link in found.links)


@pytest.mark.parametrize("question", ["%", "_", "'", "$q", "\\", "温度 不存在的词", "x" * 5000, "  "])
def test_a_question_is_no_pattern_and_no_query(visitors, question):
    answer = visitors["analyst"].client.get("/search", params={"q": question})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/d/nothing",
        "/d/..%2F..",
        "/run/none",
        "/d/equipment/r/none",
        "/evidence/totals",
        "/evidence/totals/none",
        "/evidence/a/b/c",
        *("/evidence/rules/x'%20OR%201=1/y/failed", "/nothing", "/d/equipment/none", "/static/../app.py", "/static/app.py"),
    ],
)
def test_what_is_not_there_is_404_and_no_failure(visitors, address):
    answer = visitors["cdo"].get(address)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_what_a_contract_brings_is_text(copy_of_hostile):
    visitor = copy_of_hostile
    for address in (
        "/",
        "/datasets",
        "/d/equipment",
        "/d/equipment/columns",
        "/search?q=script",
        "/d/equipment/quarantine",
        *HOSTILE_PAGES,
    ):
        html = visitor.get(address).text
        assert "<script>alert" not in html
        assert "<img" not in html
    assert escape("<script>alert(1)</script>") in visitor.get("/d/equipment").text
    assert escape("<img src=x>") in visitor.get("/d/equipment/columns").text


@pytest.mark.parametrize(
    ("question", "found"),
    [("综合效率", "oee"), ("jiaqi", None), ("jitai", "machine"), ("jt", "machine"), ("YIELD", "quality_rate")],
)
def test_the_glossary_is_found_by_synonyms(visitors, question, found):
    for address in (f"/glossary?q={question}", f"/search?q={question}"):
        terms = [link for link in visitors["analyst"].page(address).links if link.startswith("/g/")]
        assert (f"/g/{found}" in terms) if found else terms == []


def test_a_term_lists_the_columns_that_refer_to_it(visitors):
    page = visitors["analyst"].page("/g/machine", "zh")
    assert {"单台生产设备" in page.text, "已批准" in page.text} == {True}
    assert {"/d/equipment/columns#column-machine_id", "/d/oee_hourly/columns#column-machine_id"} <= set(page.links)
    assert "/g/machine" in visitors["analyst"].page("/d/equipment/columns").links
    assert visitors["analyst"].get("/g/nothing").status_code == 404


def test_a_glossary_that_is_not_valid_says_where(plant, visitors, site):
    file = plant.start / GLOSSARY
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(re.sub(r"synonyms: .*", "synonyms: 3", text, count=1), encoding="utf-8")
        site.refresh()
        for lang, expected in (("en", "a list of texts"), ("zh", "应为：文本列表")):
            html = visitors["analyst"].get("/glossary", lang).text
            assert "expectations/glossary.yaml:10:5" in html
            assert expected in html
            assert "lakeward contract lint" in html
    finally:
        file.write_text(text, encoding="utf-8")
        site.refresh()
    assert "/g/machine" in visitors["analyst"].page("/glossary").links


def test_lineage_of_a_column_is_drawn_and_listed(visitors, plant):
    page = visitors["analyst"].page("/lineage?c=gold.oee_hourly.oee", "zh")
    assert "设备综合效率" in page.text
    hops = {hop.as_dict()["from"] for hop in show_lineage(plant, "gold.oee_hourly.oee", up=True, down=False) if hop.depth <= 2}
    shown = {unquote_plus(link.partition("c=")[2]) for link in page.links if link.startswith("/lineage?c=")}
    assert hops <= shown
    assert visitors["analyst"].get("/lineage?c=gold.nothing").status_code == 404


def test_impact_is_that_of_the_command(visitors, plant, site):
    name = "silver.plant_telemetry.value"
    hops = lineage_impact(plant, name)
    html = visitors["analyst"].get(f"/impact?c={name}").text
    assert len(hops) > 5
    for hop in hops:
        row = html.partition(f"<code>{hop.field}</code>")[2].partition("</tr>")[0]
        assert row, hop.field
        assert hop.owner is None or hop.owner in row
        assert row.count('class="role"') == len(hop.roles), hop.field
    with site.read() as reading:
        assert impact_hops(open_workspace(plant), reading.tables, name) == hops


def test_kept_details_of_fields_follow_the_policy(plant, site, project_root):
    name, file = "silver.plant_telemetry.value", project_root / "expectations" / "policies" / "serving.yaml"
    before = file.read_bytes() if file.is_file() else None
    with site.read() as reading:
        hops = lineage_impact(plant, name)
        assert [read_impact(site, reading, name) for _ in range(2)] == [hops, hops]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("roles: [", encoding="utf-8")
        try:
            with pytest.raises(PolicyError):
                read_impact(site, reading, name)
        finally:
            file.unlink() if before is None else file.write_bytes(before)
        assert read_impact(site, reading, name) == hops


def test_readiness_is_that_of_the_command(visitors, plant):
    items = show_maturity(plant)
    page = visitors["cdo"].page("/readiness")
    assert {f"/readiness/{item.item}" for item in items} <= set(page.links)
    measured = next(item for item in items if any(one.sql for one in item.indicators))
    html = visitors["cdo"].get(f"/readiness/{measured.item}").text
    indicator = next(one for one in measured.indicators if one.sql)
    assert escape(indicator.sql) in html.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    assert visitors["cdo"].get("/readiness/99.9").status_code == 404


@pytest.mark.sampled(4)
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("role", [*STEPS])
def test_the_first_day_links_only_to_what_the_role_may_see(visitors, role, lang):
    page = visitors[role].page("/help", lang)
    steps = [step.address for step in STEPS[role] if step.address]
    assert set(steps) <= set(page.links)
    assert [visitors[role].get(address).status_code for address in steps] == [200] * len(steps)


HOSTILE = {
    "The machines of the plant.": "<script>alert(1)</script>.",
    "username: li.wei": "username: '<script>alert(2)</script>'",
    "domain: production": "domain: '<script>alert(3)</script>'",
    "description: The manufacturer's serial number. 出厂序列号。": "description: '\"><img src=x>'",
    "physicalName: type": "physicalName: '<b>type</b>'",
    "businessName: Serial number / 出厂序列号": "businessName: '<img src=x> / <script>alert(4)</script>出厂'",
    "businessName: Equipment / 设备主数据": "businessName: '<script>alert(5)</script> / <img src=y>设备'",
}
HOSTILE_PAGES = (
    *("/glossary", "/g/machine", "/lineage", "/lineage?c=silver.equipment", "/lineage?c=silver.equipment.serial_number"),
    *("/impact?c=bronze.equipment.serial_number", "/important", "/readiness", "/help"),
)


@pytest.fixture(scope="module")
def copy_of_hostile(shipped_lake, tmp_path_factory):
    """A browser in a portal over a project whose contract holds markup in every text that a page shows."""
    root = shutil.copytree(shipped_lake.start, tmp_path_factory.mktemp("hostile") / "plant")
    file = root / "expectations" / "datasets" / "equipment" / "contract.odcs.yaml"
    text = file.read_text(encoding="utf-8")
    for plain, hostile in HOSTILE.items():
        assert plain in text
        text = text.replace(plain, hostile)
    file.write_text(text, encoding="utf-8")
    terms = (root / GLOSSARY).read_text(encoding="utf-8")
    hostile = terms.replace("{en: Machine, zh: 设备}", "{en: '<script>alert(6)</script>', zh: '<img src=z>设备'}")
    (root / GLOSSARY).write_text(hostile.replace("synonyms: [equipment,", "synonyms: ['<img src=w>',"), encoding="utf-8")
    passwords = make_logins(Settings(start=root))
    with open_site(Settings(start=root)) as (portal, _):
        yield log_in(portal, "cdo", passwords["cdo"])


def test_pages_are_small_and_have_no_style_that_the_policy_refuses(visitors, pages):
    for address in [*pages][::3]:
        answer = visitors["cdo"].get(address, **{"accept-encoding": "gzip"})
        assert int(answer.headers["content-length"]) < 60_000
        assert SeenPage.of(answer.text).styles == []


def test_a_note_shows_names_as_code_and_of_another_version_its_code():
    assert notice_text("no_such_text_at_all", {}, Lang.EN) == "<code>no_such_text_at_all</code>"
    assert notice_text("portal_run_unknown", {"run": "<b>"}, Lang.EN) == "The lake has no run <code>&lt;b&gt;</code>."
