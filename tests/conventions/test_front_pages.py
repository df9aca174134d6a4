"""The pages at the top of the tree: short, true of the tree and of the version, and the same in both languages."""

import re

import pytest

import lakeward
from support.source_tree import ROOT

PAGES = ("README.md", "README.zh.md", "CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md", "llms.txt")
LONGEST_README = 120
LARGEST_PICTURE = 300_000
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# A path of the tree between backticks; a command, an option or a pattern is none.
PATH = re.compile(r"`((?:docs|expectations|lineage|pipelines|tests)/[\w./-]+)`")
FENCE = re.compile(r"^```console.*?^```$", re.MULTILINE | re.DOTALL)


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def commands(page):
    lines = "\n".join(FENCE.findall(text(page))).splitlines()
    return [line.partition("#")[0].strip() for line in lines if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_points_at_is_there(page):
    named = {*LINK.findall(text(page)), *PATH.findall(text(page))}
    assert sorted(path for path in named if "://" not in path and not (ROOT / path).exists()) == []


def test_the_readme_leads_to_the_other_pages():
    assert len(LINK.findall(text("README.md"))) > 20


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_that_lakeward_is_on_a_package_index(page):
    assert re.findall(r"pip install '?lakeward", text(page)) == []


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_a_readme_is_read_in_one_go(page):
    assert len(text(page).splitlines()) <= LONGEST_README


def test_both_readmes_have_the_same_parts_and_commands():
    english, chinese = text("README.md"), text("README.zh.md")
    assert len(re.findall("^## ", english, re.MULTILINE)) == len(re.findall("^## ", chinese, re.MULTILINE)) == 3
    assert commands("README.md") == commands("README.zh.md")
    assert len(commands("README.md")) > 8


def test_the_newest_version_of_the_changelog_is_that_of_the_package():
    versions = re.findall(r"^## \[(\d[^\]]*)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert versions[0] == lakeward.__version__
    assert lakeward.__version__ in text("llms.txt")


def test_the_pictures_of_the_readmes_are_light():
    shown = [path for page in ("README.md", "README.zh.md") for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text(page))]
    assert len(shown) == 2
    assert [path for path in shown if (ROOT / path).stat().st_size > LARGEST_PICTURE] == []
