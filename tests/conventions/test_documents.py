"""Documents cite only what a clone has: links of pages outside the site lead somewhere, and no page names a file that is not in the tree.

Links between pages of the site are checked by its builder (`make docs`).
"""

import re

import pytest

from support import source_tree

FILES = set(source_tree.files())
DOCUMENTS = [path for path in source_tree.files() if path.endswith((".md", ".ipynb", "llms.txt"))]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
# A path below one of the top-level folders, as a sentence writes it.
PATH = re.compile(r"`((?:dags|docs|expectations|lineage|notebooks|pipelines|tests)/[\w./-]+\.(?:py|md|ipynb|json|yaml|png|svg))`")
# Files of a user's project, which are called as ours are; and what a command makes.
OF_PROJECTS = re.compile(r"expectations/(?:project\.yaml|datasets/|policies/)|dags/lakeward_dags\.py")


def text_of(path):
    return (source_tree.ROOT / path).read_text(encoding="utf-8")


def test_there_are_documents():
    assert len(DOCUMENTS) > 20


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if not path.startswith("docs/")])
def test_a_link_outside_the_site_leads_somewhere(path):
    folder = (source_tree.ROOT / path).parent
    assert [link for link in LINK.findall(text_of(path)) if not (folder / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_file_that_a_document_names_is_in_the_tree(path):
    named = [name for name in PATH.findall(text_of(path)) if not OF_PROJECTS.match(name)]
    assert [name for name in named if name not in FILES] == []


@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_document_cites_what_lies_outside_the_tree(path):
    assert re.findall(r"DESIGN\.md|style\.md|\.\./shared", text_of(path)) == []
