"""A message asks what was meant only where there is a name that could be."""

from string import Formatter

import pytest

from lakeward.core.messages import Lang, catalogue, text

CODES = sorted(code for code, entry in catalogue().items() if "{close}" in entry["en"])


@pytest.mark.parametrize("close", ["", "-"])
@pytest.mark.parametrize("lang", list(Lang))
def test_no_near_name_is_no_question(lang, close):
    for code in CODES:
        names = [name for template in catalogue()[code].values() for _, name, _, _ in Formatter().parse(template) if name]
        shown = text(code, lang, **dict.fromkeys(names, "x") | {"close": close})
        assert not shown.endswith(("?", "？", "-.", "：。")), shown
        assert "{" not in shown


def test_a_near_name_is_asked_for():
    assert text("role_unknown", Lang.EN, role="stewart", close="steward").endswith("Did you mean: steward?")
