from decimal import Decimal

from lakeward.quality.rule import Dimension, Outcome, Rule, Severity, Verdict
from lakeward.quality.score import score


def verdict(id_, outcome, dimension=Dimension.ACCURACY, **numbers):
    return Verdict(
        Rule(id=id_, version="v", type="t", kwargs={}, severity=Severity.WARN, dimension=dimension, columns=()),
        outcome,
        **numbers,
    )


def test_nothing_measured_is_no_score():
    assert (score([]).value, score([]).coverage) == (None, None)
    unknown = score([verdict("a", Outcome.UNKNOWN, evaluated=0, failed=0)])
    assert (unknown.value, unknown.coverage, unknown.denominator) == (None, Decimal("0.00"), 0)


def test_unknown_lowers_the_coverage_and_not_the_score():
    found = score([verdict("a", Outcome.PASS, evaluated=4, failed=0), verdict("b", Outcome.UNKNOWN)])
    assert (found.value, found.coverage) == (Decimal("100.00"), Decimal("50.00"))


def test_a_dimension_is_the_mean_of_its_rules_and_the_whole_of_the_dimensions():
    found = score([
        verdict("a", Outcome.FAIL, evaluated=3, failed=1),
        verdict("b", Outcome.FAIL),
        verdict("c", Outcome.PASS, Dimension.COMPLETENESS, evaluated=9, failed=0),
    ])  # fmt: skip
    assert found.dimensions[Dimension.ACCURACY].value == Decimal("33.33")
    assert (found.value, found.denominator) == (Decimal("66.67"), 2)
    assert Dimension.TIMELINESS not in found.dimensions


def test_batches_of_one_rule_count_by_their_rows():
    found = score([verdict("a", Outcome.FAIL, evaluated=1, failed=1), verdict("a", Outcome.PASS, evaluated=199, failed=0)])
    assert (found.value, found.coverage) == (Decimal("99.50"), Decimal("100.00"))


def test_a_half_is_rounded_up():
    assert score([verdict("a", Outcome.FAIL, evaluated=16, failed=1)]).value == Decimal("93.75")
    assert score([verdict("a", Outcome.FAIL, evaluated=2_000, failed=1)]).value == Decimal("99.95")


def test_a_full_score_is_for_no_failure_at_all():
    assert score([verdict("a", Outcome.FAIL, evaluated=10**9, failed=1)]).value == Decimal("99.99")
    assert score([verdict("a", Outcome.PASS, evaluated=10**9, failed=0)]).value == Decimal("100.00")
