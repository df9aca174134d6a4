"""The catalogues of readiness are whole: nine domains, 33 items, and indicators that each say where they come from."""

import json
import shutil
from datetime import UTC, datetime
from importlib import resources
from itertools import pairwise

import pytest
import yaml

from lakeward.core.errors import DefinitionError
from lakeward.maturity.catalogue import INDICATORS, default_catalogue, load_catalogue

EDITION = default_catalogue()
GOVERNANCE = resources.files("lakeward") / "expectations" / "governance"


def test_the_edition_has_nine_domains_and_33_items():
    assert [len(domain.items) for domain in EDITION.domains] == [3, 3, 4, 3, 5, 4, 3, 4, 4]
    assert len({item.number for item in EDITION.items}) == 33


def test_every_item_is_under_its_domain_in_both_languages_with_a_ceiling():
    for domain in EDITION.domains:
        assert all(item.number.partition(".")[0] == domain.number for item in domain.items)
    assert all(item.names["en"] and item.names["zh"] and 1 <= item.ceiling <= 4 for item in EDITION.items)


def test_every_item_has_indicators_and_every_indicator_an_item():
    assert {indicator.item for indicator in EDITION.indicators} == {item.number for item in EDITION.items}


@pytest.mark.parametrize("indicator", EDITION.indicators, ids=lambda i: i.id)
def test_an_indicator_has_steps_that_rise_or_fall_and_a_query_or_a_reason_why_not(indicator):
    rising = [b > a for a, b in pairwise(indicator.steps)]
    assert len(indicator.steps) == 4
    assert all(rising) if not indicator.lower else not any(rising)
    assert (indicator.query is None) != (indicator.lacks is None)


@pytest.mark.parametrize("indicator", [i for i in EDITION.indicators if i.query], ids=lambda i: i.id)
def test_a_query_reads_governance_tables_that_exist_and_never_its_own_readings(indicator):
    assert indicator.tables
    assert "maturity" not in indicator.tables
    for table in indicator.tables:
        assert yaml.safe_load((GOVERNANCE / f"{table}.odcs.yaml").read_text(encoding="utf-8"))["name"] == table
    assert "{" not in indicator.sql(datetime(2026, 11, 20, tzinfo=UTC))


def test_catalogues_hold_no_more_than_names_and_figures():
    text = json.dumps([item.names for item in EDITION.items], ensure_ascii=False)
    assert max(len(item.names["zh"]) for item in EDITION.items) <= 10
    assert "。" not in text


def test_a_catalogue_edited_in_place_is_refused(tmp_path):
    shutil.copytree(resources.files("lakeward") / "expectations" / "catalogues", tmp_path / "copy")
    edited = tmp_path / "copy" / INDICATORS
    edited.write_text(edited.read_text(encoding="utf-8").replace("'99.8'", "'90.8'"), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_catalogue(tmp_path / "copy")
    assert caught.value.facts["file"] == INDICATORS
