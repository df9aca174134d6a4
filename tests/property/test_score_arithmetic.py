"""Scores for any verdicts and weights: in bounds, blind to what is unknown and to scale, near the exact mean, and the same in SQL."""

from decimal import Decimal
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakeward.quality.rule import RECEIVED, Dimension, Outcome, Rule, Severity, Verdict
from lakeward.quality.score import Score, score
from lakeward.quality.score_sql import score_tables_sql
from lakeward.quality.weights import EQUAL_WEIGHTS, UNIT_WEIGHT, Weights

RULES = [f"r{n}" for n in range(6)]
HALF_A_HUNDREDTH = Fraction(5, 1000)
# What three lost digits and the rounding of three means of trillionths can move a score by, times 100.
SLACK = Fraction(1, 10**6)
rows = st.integers(0, 40) | st.integers(0, 10**12)


@st.composite
def verdicts(draw, outcomes=tuple(Outcome)):
    dimension = draw(st.sampled_from(list(Dimension)[:3]))
    name = draw(st.sampled_from(RULES))
    rule = Rule(
        id=f"{name}:{dimension}",
        version="v",
        type=RECEIVED if name == RULES[0] else "t",
        kwargs={},
        severity=Severity.WARN,
        dimension=dimension,
        columns=(),
    )
    outcome = draw(st.sampled_from(outcomes))
    if outcome is Outcome.UNKNOWN:
        return Verdict(rule, outcome)
    evaluated = draw(st.none() | rows)
    return Verdict(rule, outcome, evaluated=evaluated, failed=None if evaluated is None else draw(st.integers(0, evaluated)))


weight = st.integers(1, 1000 * UNIT_WEIGHT)
weighed = st.builds(
    lambda rules, dimensions: Weights(dimensions=dimensions, rules={("press", rule): n for rule, n in rules.items()}),
    st.dictionaries(st.sampled_from([f"{r}:{d}" for r in RULES for d in list(Dimension)[:3]]), weight),
    st.dictionaries(st.sampled_from(list(map(str, Dimension))[:3]), weight),
)
many = st.lists(verdicts(), max_size=12)


def exact(found, weights):
    """The score by fractions, rounded nowhere."""
    by_rule = {}
    for v in found:
        passed, seen = by_rule.setdefault((v.rule.dimension, v.rule.id), [0, 0])
        if v.outcome is Outcome.UNKNOWN:
            continue
        own = (int(v.outcome is Outcome.PASS), 1) if v.evaluated is None else (v.evaluated - v.failed, v.evaluated)
        by_rule[v.rule.dimension, v.rule.id] = [passed + own[0], seen + own[1]]
    means = []
    for dimension in {d for d, _ in by_rule}:
        own = [
            (weights.of_rule("press", r), Fraction(*counts)) for (d, r), counts in by_rule.items() if d is dimension and counts[1]
        ]
        if own:
            means.append((weights.of_dimension("press", dimension), sum(w * x for w, x in own) / sum(w for w, _ in own)))
    return 100 * sum(w * x for w, x in means) / sum(w for w, _ in means) if means else None


@given(many, weighed)
def test_a_score_is_the_exact_mean_rounded_half_up(found, weights):
    told, mean = score(found, weights, "press").value, exact(found, weights)
    if mean is None:
        assert told is None
    else:
        assert 0 <= told <= 100
        if mean > 100 - HALF_A_HUNDREDTH - SLACK and told == Decimal("99.99"):  # a full score is for no failure at all
            assert mean < 100
            return
        assert -HALF_A_HUNDREDTH - SLACK < mean - Fraction(told) < HALF_A_HUNDREDTH + SLACK
        if (mean * 1000).denominator == 1:  # a half of a hundredth, or no half at all: nothing may be lost
            assert mean - Fraction(told) < HALF_A_HUNDREDTH


@given(many, weighed, verdicts(outcomes=(Outcome.UNKNOWN,)))
def test_one_more_unknown_never_changes_the_score_and_never_raises_the_coverage(found, weights, unknown):
    before, after = score(found, weights, "press"), score([*found, unknown], weights, "press")
    assert after.value == before.value
    assert before.coverage is None or after.coverage <= before.coverage


@pytest.mark.exhaustive
@given(many, weighed, st.integers(2, 9))
def test_only_the_ratio_of_weights_matters(found, weights, times):
    every = {("press", v.rule.id): times * weights.of_rule("press", v.rule.id) for v in found}
    dimensions = {str(d): times * weights.of_dimension("press", d) for d in Dimension}
    assert score(found, Weights(dimensions=dimensions, rules=every), "press").value == score(found, weights, "press").value


@given(many, st.randoms(use_true_random=False))
def test_the_order_of_verdicts_means_nothing(found, chance):
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert score(shuffled) == score(found)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE given_ (dataset VARCHAR, generation BIGINT, batch_seq BIGINT, rule_id VARCHAR, rule_version VARCHAR, "
            "expectation VARCHAR, dimension VARCHAR, outcome VARCHAR, evaluated BIGINT, failed BIGINT)"
        )
        yield con


@settings(deadline=None)
@given(many.filter(bool), weighed | st.just(EQUAL_WEIGHTS))
def test_sql_gives_the_same_numbers_to_the_last_digit(connection, found, weights):
    connection.execute("DELETE FROM given_")
    told = [
        ("press", 1, n, v.rule.id, "v", v.rule.type, str(v.rule.dimension), str(v.outcome), v.evaluated, v.failed)
        for n, v in enumerate(found)
    ]
    connection.executemany("INSERT INTO given_ VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", told)
    measured = score(found, weights, "press")
    assert query_level(connection, weights, "datasets") == [sums(measured)]
    assert query_level(connection, weights, "dimensions") == [sums(measured.dimensions[d]) for d in sorted(measured.dimensions)]


def sums(part: Score):
    return part.value, part.numerator, part.denominator, part.rules, part.measured, part.coverage


def query_level(connection, weights, level):
    columns = "score, numerator, denominator, rules, measured, coverage"
    chain = score_tables_sql("judged AS (SELECT * FROM given_)", weights)
    return connection.execute(
        f"WITH {chain} SELECT {columns} FROM {level} ORDER BY {'dimension' if level == 'dimensions' else '1'}"
    ).fetchall()


def test_a_half_that_thirds_make_up_is_still_a_half():
    passed = (1, 1, 1, 3)
    rules = [
        Rule(id=f"r{n}", version="v", type="t", kwargs={}, severity=Severity.WARN, dimension=Dimension.ACCURACY, columns=())
        for n in range(len(passed))
    ]
    found = [
        Verdict(rule, Outcome.FAIL, evaluated=30_000, failed=30_000 - part) for rule, part in zip(rules, passed, strict=True)
    ]
    assert exact(found, EQUAL_WEIGHTS) == HALF_A_HUNDREDTH
    assert score(found).value == Decimal("0.01")
