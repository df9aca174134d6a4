"""The page of expectations is what the catalogues say today."""

from lakeward.quality.catalogue import expectations
from lakeward.quality.vocabulary import vocabulary
from support import source_tree


def test_the_page_of_expectations_is_current():
    assert (source_tree.ROOT / "docs" / "expectations.md").read_text(encoding="utf-8") == vocabulary(), "Next: make docs"


def test_the_page_has_every_expectation():
    assert [name for name in expectations() if f"| `{name}` |" not in vocabulary()] == []
