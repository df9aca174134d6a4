from decimal import Decimal

import pytest

from lakeward.core.errors import DefinitionError
from lakeward.quality.rule import Dimension, Outcome, Rule, Severity, Verdict
from lakeward.quality.score import score
from lakeward.quality.weights import EQUAL_WEIGHTS, UNIT_WEIGHT, check_rules, read_weights

FILE = "scoring.yaml"
POLICY = """\
dimensions: {accuracy: 2}
datasets:
  press: {weight: 3, dimensions: {accuracy: 0.5}, rules: {a: 4}}
"""


def read(text, datasets=("press", "oven")):
    return read_weights(text, FILE, datasets)


def verdict(id_, outcome, dimension=Dimension.ACCURACY, **numbers):
    return Verdict(
        Rule(id=id_, version="v", type="t", kwargs={}, severity=Severity.WARN, dimension=dimension, columns=()),
        outcome,
        **numbers,
    )


MIXED = (
    verdict("a", Outcome.PASS, evaluated=2, failed=0),
    verdict("b", Outcome.FAIL, evaluated=2, failed=2),
    verdict("c", Outcome.FAIL, Dimension.COMPLETENESS, evaluated=4, failed=1),
)


def test_what_is_not_named_weighs_one():
    weights = read(POLICY)
    assert (weights.of_dimension("press", "accuracy"), weights.of_dimension("oven", "accuracy")) == (
        UNIT_WEIGHT // 2,
        2 * UNIT_WEIGHT,
    )
    assert (weights.of_dimension("oven", "timeliness"), weights.of_rule("press", "a"), weights.of_rule("oven", "a")) == (
        UNIT_WEIGHT,
        4 * UNIT_WEIGHT,
        UNIT_WEIGHT,
    )
    assert read("{}") == EQUAL_WEIGHTS


def test_a_heavier_rule_and_a_lighter_dimension_move_the_score():
    found = score(MIXED, read(POLICY), "press")
    accuracy = found.dimensions[Dimension.ACCURACY]
    assert (accuracy.value, accuracy.numerator, accuracy.denominator) == (Decimal("80.00"), Decimal(4), Decimal(5))
    assert (found.value, found.numerator, found.denominator) == (Decimal("76.67"), Decimal("1.15"), Decimal("1.5"))
    assert (found.rules, found.measured, found.coverage) == (3, 3, Decimal("100.00"))


def test_the_same_weights_have_one_hash_however_they_are_written():
    assert (
        read("{dimensions: {accuracy: 2, timeliness: 3}}").sha256
        == read("dimensions:\n  timeliness: 3.0\n  accuracy: 2\n").sha256
    )
    assert read("{dimensions: {accuracy: 2}}").sha256 != EQUAL_WEIGHTS.sha256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dimensions: {accuracy: 0}", "above 0"),
        ("dimensions: {accuracy: -1}", "above 0"),
        ("dimensions: {accuracy: .nan}", "above 0"),
        ("dimensions: {accuracy: .inf}", "above 0"),
        ("dimensions: {accuracy: heavy}", "above 0"),
        ("dimensions: {accuracy: true}", "above 0"),
        ("dimensions: {accuracy: 1001}", "at most 1000"),
        ("dimensions: {accuracy: 0.00001}", "four decimals"),
        ("dimensions: {acuracy: 1}", "accuracy"),
        ("datasets: {presss: {weight: 2}}", "press"),
        ("datasets: {press: {wieght: 2}}", "weight"),
        ("weights: {}", "dimensions"),
        ("- 1", "mapping"),
    ],
)
def test_a_wrong_weight_is_refused_with_its_place(text, words):
    with pytest.raises(DefinitionError, match=words) as told:
        read(text)
    assert FILE in str(told.value)
    assert told.value.facts["line"] == 1


def test_a_weight_of_a_rule_that_is_not_there_is_refused():
    weights = read("datasets: {press: {rules: {tmep: 2}}}")
    check_rules(weights, "oven", {"temp"}, FILE)
    with pytest.raises(DefinitionError, match=r"tmep.*Did you mean: temp\?"):
        check_rules(weights, "press", {"temp"}, FILE)
