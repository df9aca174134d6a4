"""Generated attacks by every door, in process and on the wire: none tells or confirms a value, and all doors say the same."""

import itertools
import random

import pytest

from support.attack_doors import NOTEBOOK, SAME_ROWS, faults_of, open_doors
from support.canary_lake import CANARIES
from support.query_forms import FORMS
from support.read_attacks import FALSE, HIDDEN, TARGET, query_attacks

# Of the generated attacks so many, by this seed, are tried with every change; `exhaustive` tries all.
SAMPLE, SEED = 12, 14
BESIDE = tuple(name for name in SAME_ROWS if name != "in process")


@pytest.fixture(scope="module")
def doors(served_canaries):
    with open_doors(served_canaries) as found:
        yield found


def guesses(column):
    """A planted value, and a false one that its mask shows alike."""
    return CANARIES[column][TARGET], FALSE[column]


def found_by(attacks, doors):
    """Faults of these attacks: each in process and by one door of the server, in turn."""
    faults = []
    for attack, name in zip(attacks, itertools.cycle(BESIDE)):
        chosen = {one: doors[one] for one in ("in process", name)}
        faults += faults_of(attack, chosen, guesses(attack.column))
    return faults


def test_there_are_thousands_of_attacks():
    attacks = query_attacks()
    assert len(attacks) > 2500
    assert {attack.role for attack in attacks} == set(HIDDEN)
    assert sum(attack.with_parameter("1") is not None for attack in attacks) > 1000


def test_a_sample_tells_and_confirms_nothing_by_any_door(doors):
    assert found_by(random.Random(SEED).sample(query_attacks(), SAMPLE), doors) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("role", "column"), [(role, column) for role, columns in HIDDEN.items() for column in columns])
def test_all_attacks_tell_and_confirm_nothing_by_any_door(doors, role, column):
    attacks = [attack for attack in query_attacks() if (attack.role, attack.column) == (role, column)]
    assert found_by(attacks, doors) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_every_way_of_a_notebook_tells_and_confirms_nothing(doors):
    ways = {name: door for name, door in doors.items() if NOTEBOOK in name}
    # Names of columns repeat a guess; of its beginning no one could tell whether it is one.
    attacks = [attack for attack in query_attacks() if "{p}" not in FORMS[attack.form]][::7]
    assert len(attacks) > 300
    assert [fault for attack in attacks for fault in faults_of(attack, ways, guesses(attack.column))] == []


def attack_of(form):
    return next(one for one in query_attacks() if (one.role, one.column, one.form) == ("analyst", "cost", form))


@pytest.mark.parametrize(("form", "fault"), [("nullif", "confirmed"), ("lower by length", "confirmed"), ("plain", "told")])
def test_a_notebook_that_tells_or_confirms_would_be_seen(doors, form, fault):
    """Notebooks of one who sees the values, under the role of one who does not."""
    ways = {name: door for name, door in doors.items() if NOTEBOOK in name}
    wrong = {name: lambda _, text, values, door=door: door("engineer", text, values) for name, door in ways.items()}
    assert faults_of(attack_of(form), ways, guesses("cost")) == []
    found = faults_of(attack_of(form), wrong, guesses("cost"))
    assert [each.partition(" by ")[0] for each in found if each.startswith(fault)] == [fault] * len(ways)


def test_a_leak_and_a_difference_would_be_seen(doors):
    """A door that answers by the role of another: the same measure finds it."""
    attack = attack_of("equal")
    wrong = {
        "in process": doors["in process"],
        "one call": lambda _, text, values: doors["one call"]("engineer", text, values),
    }
    assert faults_of(attack, wrong, guesses("cost")) != []
