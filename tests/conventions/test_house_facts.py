"""A fact in words is a phrase of the catalogue, so that no English stands within a Chinese sentence."""

import ast
import re

from lakeward.core import errors
from lakeward.core.messages import Phrase, catalogue, find_phrase
from support import source_tree
from support.fact_texts import Names, fact_texts, given_facts, literals

ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.LakewardError)}
# Calls whose named arguments are all facts.
GIVERS = frozenset({*ERRORS, "SourceFault", "fail", "change", "text", "say", "table", "progress", "print_message"})
# Words that no name, unit, code or list of these has beside it.
LINKS = "a|an|the|no|not|of|to|or|and|with|for|from|is|are|at|by|in|such|than|each|one|other|another|beside"
PHRASE = re.compile(
    rf"(?<![\w./`'{{=-])(?:(?:{LINKS}) \S|\S+ (?:{LINKS})(?![\w./=])|[a-z]{{3,}} [a-z]{{2,}}(?![\w=./(]))"
    r"|^(nothing|neither|both|number|numbers|text|unknown)$"
)
COMMANDS = ("lakeward ", "airflow ", "db migrate", "pip install")
# It imports nothing of ours; what it says is looked up where its errors become ours.
LEAF = "lineage/"


def phrases():
    return [(place, text) for place, text in fact_texts(GIVERS) if PHRASE.search(text) and not text.startswith(COMMANDS)]


def test_no_fact_is_an_english_phrase():
    assert [f"{place}: {text!r}" for place, text in phrases() if not place.startswith(LEAF)] == []


def test_what_the_leaf_of_lineage_says_has_a_phrase():
    found = {text for place, text in phrases() if place.startswith(LEAF)}
    assert len(found) > 5
    assert [text for text in sorted(found) if not isinstance(find_phrase(text), Phrase)] == []


def test_reasons_of_verdicts_have_phrases():
    own = set(fact_texts(frozenset({"Verdict"}))) - set(fact_texts(frozenset()))
    reasons = {text for _, text in own if PHRASE.search(text) and "{}" not in text} - {"file statistics"}  # a proof, for programs
    assert len(reasons) > 5
    assert [text for text in sorted(reasons) if not isinstance(find_phrase(text), Phrase)] == []


def test_a_phrase_fits_into_a_sentence():
    said = {code: entry for code, entry in catalogue().items() if code.startswith("phrase_")}
    assert len(said) > 150
    assert [code for code, entry in said.items() if entry["en"].endswith(".") or entry["zh"].endswith("。")] == []


def test_english_phrases_are_told_from_names_and_lists():
    for text in ("a finite number", "nothing", "columns of {}", "0 to {}", "json, avro or protobuf", "mode lookback beside it"):
        assert PHRASE.search(text), text
    for text in ("json, avro, protobuf", "s, min, h, d, y", "{type, kwargs}", "decimal(10,2)", "ANY_VALUE", "HTTP 401", "`a b`"):
        assert not PHRASE.search(text), text


SOURCE = """
SHAPES = {"a": ("a number", None), **dict.fromkeys(KEYS, "a list")}

def what(value):
    return "nothing" if value else f"{value} texts or none"

def check(view, key, expected="a mapping"):
    text = "one text"
    view.fail_value(key, text)
    facts = {"found": "no " + "text"}
    raise ContractError("a_code", expected=SHAPES[key][0], found=what(key), **facts)
"""


def test_facts_are_found_behind_names_tables_and_functions():
    names = Names(source_tree.Module("x.py", SOURCE, ast.parse(SOURCE)))
    given = given_facts(names, {"fail_value": {"expected": 1}}, frozenset({"ContractError"}))
    found = {text for fact in given for text in literals(fact, names, fact.lineno)}
    assert found == {"a number", "a list", "nothing", "{} texts or none", "a mapping", "one text", "no ", "text"}
