"""An assessor's answers: read strictly, refused with their line."""

from datetime import date
from decimal import Decimal

import pytest

from lakeward.core.errors import DefinitionError
from lakeward.maturity.assessor import read_answers
from lakeward.maturity.catalogue import default_catalogue

GOOD = """\
edition: GB/T 36073-2025
answers:
  - item: "6.1"
    who: wang.fang
    when: 2026-11-20
    reason: approved by the board
    documents: [docs/strategy.pdf]
    conformity: {1: [100], 2: [100, 70, 100], 3: [70, 50, 0, 50], 4: [0], 5: [0]}
"""


def read(text):
    return read_answers(text, "assessor.yaml", default_catalogue(), date(2026, 11, 20))


def refusal_of(old, new):
    assert old in GOOD
    with pytest.raises(DefinitionError) as caught:
        read(GOOD.replace(old, new))
    return caught.value.code, caught.value.facts["line"]


def test_an_answer_becomes_a_grade_with_its_documents():
    (answer,) = read(GOOD)
    assert (answer.item, answer.score, answer.when) == ("6.1", Decimal("2.33"), date(2026, 11, 20))
    assert answer.documents == ("docs/strategy.pdf",)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ('"6.1"', '"6.9"', "maturity_unknown_item", 3),
        ('"6.1"', "6.1", "contract_value", 3),
        ("36073-2025", "36073-2018", "maturity_edition", 1),
        ("edition: GB/T 36073-2025\n", "", "contract_missing", 1),
        ("[docs/strategy.pdf]", "[]", "contract_value", 7),
        ("    documents: [docs/strategy.pdf]\n", "", "contract_missing", 3),
        ("2026-11-20", "2026-11-21", "maturity_when", 5),
        ("2026-11-20", "yesterday", "contract_value", 5),
        ("[100, 70, 100]", "[100, 80]", "contract_value", 8),
        (", 5: [0]}", "}", "contract_value", 8),
        ("    reason: approved by the board\n", "", "contract_missing", 3),
        ("    who:", "    whom:", "contract_missing", 3),
    ],
)
def test_a_slip_is_refused_with_its_line(old, new, code, line):
    assert refusal_of(old, new) == (code, line)


def test_an_item_answered_twice_is_refused():
    with pytest.raises(DefinitionError) as caught:
        read(GOOD + GOOD.partition("answers:\n")[2])
    assert (caught.value.code, caught.value.facts["line"]) == ("maturity_item_twice", 9)


def test_no_answers_are_no_answers():
    assert read("edition: GB/T 36073-2025\nanswers: []\n") == ()
