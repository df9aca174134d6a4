"""A message asks what was meant only where there is a name that could be."""

from string import Formatter

import pytest

from lakeward.core.messages import Lang, Phrase, catalogue, text

CODES = sorted(code for code, entry in catalogue().items() if "{close}" in entry["en"])
KNOWN = {Lang.EN: "Known names include: x.", Lang.ZH: "可用的包括：x。"}


def fill(code, lang, close):
    names = [name for template in catalogue()[code].values() for _, name, _, _ in Formatter().parse(template) if name]
    return text(code, lang, **dict.fromkeys(names, "x") | {"close": close})


@pytest.mark.parametrize("close", ["", "-"])
@pytest.mark.parametrize("lang", list(Lang))
def test_no_near_name_is_no_question(lang, close):
    for code in CODES:
        shown = fill(code, lang, close)
        assert not shown.endswith(("?", "？", "-.", "：。")), shown
        assert "{" not in shown


@pytest.mark.parametrize("lang", list(Lang))
def test_names_that_are_not_near_are_said_to_be_known(lang):
    assert [code for code in CODES if KNOWN[lang] not in fill(code, lang, Phrase("phrase_known", names="x"))] == []


def test_a_near_name_is_asked_for():
    assert text("role_unknown", Lang.EN, role="stewart", close="steward").endswith("Did you mean: steward?")
