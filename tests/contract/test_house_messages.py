"""Every error speaks both languages: the same facts, short, with a next step; and no text is left over."""

import ast
import re
from string import Formatter

import house
import pytest
from lakeward.core import errors
from lakeward.core.messages import catalogue

LONGEST = 500
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.LakewardError)}
CATALOGUE = catalogue()
# Arguments through which a code is handed on instead of raised.
CODE_ARGUMENTS = {"fault", "code", "message"}


def calls():
    return [(m.path, call) for m in house.library() for call in m.nodes(ast.Call)]


def name_of(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def raised():
    """code -> places that raise it, with the facts they give; None where facts are passed on as a whole."""
    found = {}
    for path, call in calls():
        first = call.args[0] if call.args else None
        if name_of(call) in KINDS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            facts = None if any(k.arg is None for k in call.keywords) else {k.arg for k in call.keywords}
            found.setdefault(first.value, []).append((f"{path}:{call.lineno}", facts))
    assert len(found) > 10
    return found


def handed_on():
    """Codes that are arguments: of `text(...)`, or named as codes."""
    shown = {c.args[0].value for _, c in calls() if name_of(c) == "text" and c.args and isinstance(c.args[0], ast.Constant)}
    named = {
        k.value.value
        for _, call in calls()
        for k in call.keywords
        if k.arg in CODE_ARGUMENTS and isinstance(k.value, ast.Constant) and isinstance(k.value.value, str)
    }
    return {code.partition(".")[0] for code in shown | named}


def facts_of(text):
    return {re.split(r"[.\[]", field)[0] for _, field, _, _ in Formatter().parse(text) if field}


def test_every_code_has_its_texts():
    assert sorted((set(raised()) | handed_on()) - set(CATALOGUE)) == []


def test_every_error_has_a_next_step():
    steps = ("en_next", "zh_next")
    assert sorted(code for code in raised() if code in CATALOGUE and not all(CATALOGUE[code].get(step) for step in steps)) == []


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_both_languages_tell_the_same_facts_in_few_words(code):
    entry = CATALOGUE[code]
    assert set(entry) in ({"en", "zh"}, {"en", "zh", "en_next", "zh_next"})
    assert facts_of(entry["en"]) == facts_of(entry["zh"])
    assert facts_of(entry.get("en_next", "")) == facts_of(entry.get("zh_next", ""))
    assert max(map(len, entry.values())) <= LONGEST


def test_every_fact_that_a_text_names_is_given():
    missing = {
        f"{place} {code}": sorted(wanted - facts)
        for code, places in raised().items()
        for wanted in [set().union(*map(facts_of, CATALOGUE.get(code, {}).values()))]
        for place, facts in places
        if facts is not None and wanted - facts
    }
    assert missing == {}


def test_every_text_is_used():
    source = "\n".join(m.text for m in house.library())
    assert [code for code in sorted(CATALOGUE) if not re.search(rf"\b{code}\b", source)] == []


def test_no_code_is_written_in_two_files():
    keys = re.compile(r"^(\w+):", re.MULTILINE)
    written = [
        key for path in house.files() if "/messages/" in path and path.endswith(".yaml") for key in keys.findall(text(path))
    ]
    assert len(written) > 10
    assert {key for key in written if written.count(key) > 1} == set()


def text(path):
    return (house.ROOT / path).read_text(encoding="utf-8")
