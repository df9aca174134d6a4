"""The documentation site: it builds without a warning, asks nobody for anything, and is searched in both languages."""

import fcntl
import functools
import os
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support import source_tree

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_CI = os.environ.get("CI") == "true"  # noqa: TID251  (whether this is CI is told nowhere else)
pytestmark = pytest.mark.slow
looked_at = pytest.mark.skipif(BROWSER is None and not IN_CI, reason="no chromium on this machine: apt-get install chromium")
# Attributes by which a page asks for a file, and the elements that have them; a link that a reader follows is none.
ASKS = {"src": {"script", "img", "iframe", "source", "video", "audio", "embed"}, "href": {"link"}, "data": {"object"}}
OUTSIDE = re.compile(r"(?:https?:)?//")
# What the site is made of, beside the builder: the documents, and the code whose words stand in them.
MADE_OF = ("docs/", "lineage/", "mkdocs.yml", "pipelines/", "requirements.lock")
# The site of these tests, and what says that its building gave no warning.
OWN, MARK = source_tree.ROOT / ".cache" / "site", ".strict"
PAGES = (
    "index.html",
    "reference/commands.html",
    "api/flows.html",
    "explanation/architecture.html",
    "zh/index.html",
    "zh/tutorial.html",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing of it."""

    def log_message(self, *_):
        pass


class Asked(HTMLParser):
    """What a page asks for when it is opened."""

    def __init__(self):
        super().__init__()
        self.files = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "link" and not {"stylesheet", "icon", "preload", "preconnect", "prefetch"} & set(given.get("rel", "").split()):
            return
        self.files += [value for name, value in attrs if tag in ASKS.get(name, ()) and value]


@pytest.fixture(scope="session")
def site():
    """The site as `make docs` or an earlier run built it, if nothing that it is made of has changed since; else built here in the same way."""
    OWN.parent.mkdir(exist_ok=True)
    with OWN.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for built in (source_tree.ROOT / "site", OWN):
            if is_newest(built / MARK):
                return built
        return build_site(OWN)


def is_newest(mark):
    """Whether this file is younger than every file that the site is made of."""
    return mark.is_file() and mark.stat().st_mtime > max(
        (source_tree.ROOT / path).stat().st_mtime for path in source_tree.files() if path.startswith(MADE_OF)
    )


def build_site(folder):
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--site-dir", folder]
    environ = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}  # noqa: TID251  (the builder needs the machine's own)
    built = subprocess.run(command, cwd=source_tree.ROOT, env=environ, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    assert not re.search(r"^(?:WARNING|ERROR)", built.stdout + built.stderr, re.MULTILINE), built.stdout + built.stderr
    (folder / MARK).touch()
    return folder


@pytest.fixture(scope="module")
def address(site):
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    assert BROWSER, "CI needs chromium: .ci/run installs it"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(address, browser):
    """Opens a page with everything blocked that is not the site's; it must not have asked for any, nor fail."""
    asked, errors, pages = [], [], []

    def route(handling):
        asked.append(handling.request.url)
        (handling.continue_ if handling.request.url.startswith(address) else handling.abort)()

    def opened(path):
        page = browser.new_page(locale="en-US")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.route("**/*", route)
        page.goto(address + path)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    assert [url for url in asked if not url.startswith(address)] == []
    assert errors == []


def html(site):
    found = sorted(site.rglob("*.html"))
    assert len(found) > 20
    return found


def test_no_page_asks_for_a_file_of_another_server(site):
    outside = []
    for file in html(site):
        asked = Asked()
        asked.feed(file.read_text(encoding="utf-8"))
        assert asked.files
        outside += [f"{file.name}: {url}" for url in asked.files if OUTSIDE.match(url)]
    assert outside == []


def test_no_style_asks_for_a_file_of_another_server(site):
    sheets = sorted(site.rglob("*.css"))
    assert sheets
    assert [file.name for file in sheets if re.search(r"url\([\"']?(?:https?:)?//|@import", file.read_text("utf-8"))] == []


@pytest.mark.sampled(1)
@looked_at
@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_with_the_network_blocked(visit, path):
    page = visit(path)
    page.wait_for_load_state("networkidle")
    assert page.inner_text("h1")
    assert page.evaluate("document.fonts.size") == 0


@pytest.mark.sampled(1)
@looked_at
@pytest.mark.parametrize(
    ("word", "found"), [("隔离区", "zh/"), ("retention_days", "maintain-a-lake"), ("expect_series_no_gap", "expectations")]
)
def test_a_word_is_found_in_either_language(visit, word, found):
    page = visit("index.html")
    page.click("input[name=query]")
    page.keyboard.insert_text(word)
    page.keyboard.press("End")  # the search listens to keys
    page.wait_for_selector(".md-search-result__item a")
    links = [link.get_attribute("href") for link in page.query_selector_all(".md-search-result__item a")]
    assert [link for link in links if found in link] != []


@looked_at
def test_a_page_leads_to_its_translation(visit, address):
    page = visit("glossary.html")
    page.hover(".md-header .md-select")
    page.click(".md-select__link[hreflang=zh]")
    page.wait_for_url(f"{address}zh/glossary.html*")
    assert page.get_attribute("html", "lang") == "zh"
