"""Fingerprints: what survives of a copy that is cut, re-ordered, rounded or mixed, and that no innocent recipient is named."""

import math
from importlib.util import find_spec

import pytest

if any(find_spec(name) is None for name in ("numpy", "pyarrow", "cryptography")):
    pytest.skip("needs the extra protect", allow_module_level=True)

import numpy as np
import pyarrow as pa

from lakeward.protection.fingerprint import LEAST_Z, RowSigns, is_identified, log10_bound, read_deviations, total_score
from lakeward.protection.keys import TokenKey

ROWS, AMPLITUDE = 20_000, 0.02
KEY = TokenKey(bytes(range(7, 39)))
RANDOM = np.random.default_rng(20260302)
COLUMN = "silver.press_line.temp_degc"


@pytest.fixture(scope="module")
def readings():
    """Twenty series of a random walk, read in steps of 0.01, and the keys of the rows."""
    walks = 40 + np.cumsum(RANDOM.normal(0, 0.05, (20, ROWS // 20)), axis=1)
    return pa.array([f"{at}" for at in range(ROWS)]), np.round(walks, 2).ravel()


def signs(recipient):
    return RowSigns.of(KEY, COLUMN, recipient)


def copy_for(readings, recipient):
    keys, values = readings
    return np.round(values + AMPLITUDE * signs(recipient).signs(keys), 5)


def z_of(readings, leaked, recipient="acme", rows=slice(None)):
    keys, values = readings
    found = read_deviations(keys.take(pa.array(np.arange(ROWS)[rows])), leaked[rows], values[rows], AMPLITUDE)
    return found.score(signs(recipient))


def hardest(readings, recipient="acme"):
    """Half deleted, rounded to 0.1, one in ten replaced by noise."""
    leaked = np.round(copy_for(readings, recipient), 1)
    noise = RANDOM.random(ROWS) < 0.1
    leaked[noise] += RANDOM.normal(0, 1, noise.sum())
    return leaked, np.sort(RANDOM.permutation(ROWS)[: ROWS // 2])


def moving_average(values):
    return np.convolve(values, np.ones(5) / 5, mode="same")


ATTACKS = {
    "as sent": (lambda copy: copy, 130),
    "rounded to 0.1": (lambda copy: np.round(copy, 1), 60),
    "rounded to 1": (np.round, 6),
    "noise of 0.05": (lambda copy: copy + RANDOM.uniform(-0.05, 0.05, ROWS), 60),
    "noise of sd 0.2": (lambda copy: copy + RANDOM.normal(0, 0.2, ROWS), 9),
    "in Fahrenheit": (lambda copy: np.round(copy * 1.8 + 32, 3), 100),
    "shifted by a constant": (lambda copy: copy + 0.3, 120),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_changed_copy_is_still_its_recipients(readings, attack):
    change, least = ATTACKS[attack]
    leaked = change(copy_for(readings, "acme"))
    assert z_of(readings, leaked) > least
    assert abs(z_of(readings, leaked, "other")) < 4.5


@pytest.mark.parametrize(("share", "least"), [(0.5, 90), (0.01, 12)])
def test_a_cut_and_reordered_copy_is_still_its_recipients(readings, share, least):
    rows = RANDOM.permutation(ROWS)[: int(ROWS * share)]
    assert z_of(readings, copy_for(readings, "acme"), rows=rows) > least


@pytest.mark.parametrize(("copies", "least"), [(2, 90), (5, 55), (10, 40)])
def test_each_of_some_colluders_who_average_is_found(readings, copies, least):
    mixed = np.mean([copy_for(readings, f"r{at}") for at in range(copies)], axis=0)
    assert min(z_of(readings, mixed, f"r{at}") for at in range(copies)) > least / math.sqrt(2)
    assert abs(z_of(readings, mixed, "other")) < 4.5


def test_thirty_copies_mixed_by_their_ends_are_not_found_and_nobody_is_named(readings):
    copies = [copy_for(readings, f"r{at}") for at in range(30)]
    mixed = (np.max(copies, axis=0) + np.min(copies, axis=0)) / 2
    assert not any(is_identified(z_of(readings, mixed, f"r{at}"), 30) for at in range(30))


@pytest.mark.exhaustive
def test_two_thousand_innocents_on_the_hardest_leak_are_not_named(readings):
    leaked, rows = hardest(readings)
    keys, values = readings
    found = read_deviations(keys.take(pa.array(rows)), leaked[rows], values[rows], AMPLITUDE)
    scores = np.array([found.score(signs(f"innocent {at}")) for at in range(2_000)])
    assert abs(scores.mean()) < 0.1
    assert 0.9 < scores.std() < 1.1
    assert scores.max() < 4.5
    assert not any(is_identified(float(z), 2_001) for z in scores)
    assert is_identified(found.score(signs("acme")), 2_001)


def test_the_original_as_a_leak_scores_zero(readings):
    assert z_of(readings, readings[1]) == 0.0
    assert z_of(readings, readings[1], "other") == 0.0


def test_a_second_copy_of_a_row_is_the_same(readings):
    assert np.array_equal(copy_for(readings, "acme"), copy_for(readings, "acme"))


def test_another_key_names_nobody(readings):
    other = RowSigns.of(TokenKey(bytes(range(40, 72))), COLUMN, "acme")
    keys, values = readings
    assert abs(read_deviations(keys, copy_for(readings, "acme"), values, AMPLITUDE).score(other)) < 4.5


def test_signs_are_even_and_the_columns_differ():
    keys = pa.array([str(at) for at in range(10_000)])
    found = signs("acme").signs(keys)
    assert abs(found.sum()) < 500
    assert abs(np.dot(found, RowSigns.of(KEY, COLUMN + "2", "acme").signs(keys))) < 500
    assert signs("acme")(pa.array(["1", None])).to_pylist()[1] is None
    assert signs("acme")(keys).to_pylist() == ["+" if sign > 0 else "-" for sign in found]


def test_a_column_of_junk_does_not_hide_the_others(readings):
    keys, _ = readings
    junk = read_deviations(keys, RANDOM.normal(0, 1000, ROWS), np.zeros(ROWS) + np.arange(ROWS), AMPLITUDE)
    scores = {"temp": z_of(readings, copy_for(readings, "acme")), "junk": junk.score(signs("acme"))}
    assert total_score(scores) > 90


@pytest.mark.parametrize(
    ("z", "tests", "expected"), [(5.99, 1, False), (6.0, 1, True), (6.0, 2_000, False), (6.6, 2_000, True), (-300.0, 1, False)]
)
def test_the_threshold_rises_with_the_number_of_tests(z, tests, expected):
    assert is_identified(z, tests) is expected
    assert log10_bound(z, tests) <= 0
    assert LEAST_Z == 6


def test_a_bound_has_no_underflow():
    assert log10_bound(310.0, 1) == pytest.approx(-20867.0, abs=1)
