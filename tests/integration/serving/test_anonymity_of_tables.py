"""Anonymity of a table as a role sees it: bands raise k, the reader needs the values in clear, and the log has the reading."""

from decimal import Decimal

import pytest

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.flows.serving import anonymity
from lakeward.flows.serving.anonymity import AnonymityQuestion
from support.served_lake import grades_of, make_lake

QUESTION = {"table": "silver.orders", "quasi_identifiers": ("cost", "opened_at"), "person": "id_number", "sensitive": "machine"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_lake(tmp_path_factory.mktemp("lake"))


def measure_anonymity(settings, question, role):
    return anonymity.measure_anonymity(settings, question, role, grade_lookup=grades_of)


def test_values_in_clear_and_as_an_analyst_sees_them(settings):
    clear = measure_anonymity(settings, AnonymityQuestion(**QUESTION), "steward")
    assert (clear.persons, clear.rows_without_person, clear.groups, clear.k, clear.l, clear.persons_alone) == (2, 1, 2, 1, 1, 2)
    assert clear.t == Decimal("0.5000")
    hidden = AnonymityQuestion(**QUESTION | {"quasi_identifiers": ("id_number",)}, seen_by="analyst")
    assert measure_anonymity(settings, hidden, "steward").k == 2  # the analyst does not see the column


def test_role_that_does_not_see_the_values_measures_nothing(settings):
    with pytest.raises(ProtectionError) as refused:
        measure_anonymity(settings, AnonymityQuestion(**QUESTION), "analyst")
    assert refused.value.code == "query_column_hidden"


@pytest.mark.parametrize("wrong", [{"person": "persons"}, {"table": "silver.order"}, {"seen_by": "nobody"}])
def test_unknown_names_are_refused(settings, wrong):
    with pytest.raises(UsageError):
        measure_anonymity(settings, AnonymityQuestion(**QUESTION | wrong), "steward")
