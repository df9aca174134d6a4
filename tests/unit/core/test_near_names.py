"""A message asks what was meant only where there is a name that could be."""

import pytest

from lakeward.core.messages import Lang, catalogue, text

CODES = sorted(code for code, entry in catalogue().items() if "{close}" in entry["en"])


@pytest.mark.parametrize("close", ["", "-"])
@pytest.mark.parametrize("lang", list(Lang))
def test_no_near_name_is_no_question(lang, close):
    names = (
        "at",
        "backup",
        "column",
        "dataset",
        "expected",
        "file",
        "found",
        "incident",
        "key",
        "line",
        "kind",
        "party",
        "place",
        "project",
        "purpose",
        "role",
        "rule",
        "table",
    )
    facts = dict.fromkeys(names, "x")
    for code in CODES:
        shown = text(code, lang, account="x", close=close, **facts)
        assert not shown.endswith(("?", "？", "-.", "：。")), shown
        assert "{" not in shown


def test_a_near_name_is_asked_for():
    assert text("role_unknown", Lang.EN, role="stewart", close="steward").endswith("Did you mean: steward?")
