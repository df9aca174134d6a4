"""Rules on what arrived: rejects against the contract's limit, NULLs against earlier batches."""

from dataclasses import replace

import pytest

from lakeward.contracts.load import parse_contract
from lakeward.contracts.model import Limits
from lakeward.quality.arrivals import NullCount, nullable_columns, nulls_verdict, received_verdict
from lakeward.quality.rule import Outcome, Severity
from support.plant import CONTRACT

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


@pytest.fixture(scope="module")
def contract():
    return parse_contract(CONTRACT.format(version="1.0.0", columns=""), "press_line")


@pytest.mark.parametrize(
    ("records", "rejects", "outcome"),
    [(100, 0, PASS), (100, 5, PASS), (100, 6, FAIL), (2, 1, FAIL), (1, 1, FAIL), (0, 0, UNKNOWN)],
)
def test_more_rejects_than_the_limit_fail(contract, records, rejects, outcome):
    verdict = received_verdict(contract, records, rejects)
    assert (verdict.outcome, verdict.evaluated, verdict.failed) == (outcome, records, rejects)


def test_the_limit_is_the_contracts_and_part_of_the_rule(contract):
    wide = replace(contract, limits=Limits(rejected_share=0.5))
    assert received_verdict(wide, 2, 1).outcome is PASS
    assert received_verdict(wide, 2, 1).rule.version != received_verdict(contract, 2, 1).rule.version


def test_only_columns_that_may_be_null_have_a_rule_on_it(contract):
    assert nullable_columns(contract) == ("temp_degc",)


def history(*shares):
    return [NullCount(100, round(100 * share)) for share in shares]


@pytest.mark.parametrize(
    ("share", "earlier", "outcome"),
    [
        (1.0, [0.0], FAIL),
        (1.0, [0.9], FAIL),
        (0.9, [0.0], PASS),
        (1.0, [1.0], PASS),
        (1.0, [0.0, 1.0], PASS),
        (1.0, [0.0] * 5, FAIL),
        (0.3, [0.0] * 5, FAIL),
        (0.2, [0.0] * 5, PASS),
        (0.3, [0.25, 0.3, 0.2, 0.3, 0.28], PASS),
        (0.0, [0.9] * 20, PASS),
        (1.0, [0.0] * 18 + [1.0] * 2, FAIL),
        (1.0, [0.0] * 16 + [1.0] * 4, PASS),
        (1.0, [0.5, 1.0] * 10, PASS),
    ],
)
def test_a_share_of_nulls_far_above_its_history_fails(share, earlier, outcome):
    verdict = nulls_verdict("temp", history(share)[0], history(*earlier))
    assert (verdict.outcome, verdict.rule.id, verdict.rule.severity) == (outcome, "nulls:temp", Severity.WARN)


def test_without_rows_or_history_nothing_is_known():
    assert nulls_verdict("temp", NullCount(0, 0), history(0.0)).outcome is UNKNOWN
    assert nulls_verdict("temp", NullCount(10, 0), []).outcome is UNKNOWN
