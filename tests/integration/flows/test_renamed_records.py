"""What was recorded before a dataset was renamed keeps its numbers, and is not said a second time."""

import json
from dataclasses import replace

import pytest

from lakeward.core.dataset_names import NOT_RENAMED, NameHistory
from lakeward.core.errors import UsageError
from lakeward.core.names import TableName
from lakeward.flows import open_figure, rename_dataset
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.notices.notice import DatasetNotice, NoticeKind
from lakeward.portal.export import build_scorecard
from support.plant import Plant
from support.renaming import NEW, OLD, make_renamable_plant


@pytest.fixture
def plant(copy_of, tmp_path):
    return Plant(copy_of(make_renamable_plant, tmp_path / "plant"))


def opened_scores(plant):
    """Level and dimension of each stored score -> its value, and what its query gives at its versions."""
    with open_workspace(plant.settings).engine() as engine:
        scores = engine.fetch("SELECT * FROM governance.scores WHERE sql IS NOT NULL ORDER BY seq, level, dimension")
        for score in scores:
            versions = {TableName.parse(name): version for name, version in json.loads(score["versions"]).items()}
            rows = engine.fetch(score["sql"], at=versions)
            yield score["dataset"], score["level"], score["dimension"], score["score"], rows[0]["value"] if rows else None


@pytest.mark.exhaustive
def test_every_stored_score_opens_to_its_number_after_renamings(plant):
    names = [OLD]
    for new in (NEW, "press_b", OLD):
        rename_dataset(plant.settings, names[-1], new)
        names.append(new)
        found = [row for row in opened_scores(plant) if row[0] == new]
        assert len(found) >= 4
        assert [row for row in found if row[3] != row[4]] == []


def test_a_scorecard_of_before_is_not_opened_to_other_numbers(plant):
    build_scorecard(plant.settings)
    before = open_figure(plant.settings, "totals/score").value
    rename_dataset(plant.settings, OLD, NEW)
    with pytest.raises(UsageError) as refused:
        open_figure(plant.settings, "totals/score")
    assert refused.value.code == "scorecard_before_renaming"
    build_scorecard(plant.settings)
    assert open_figure(plant.settings, "totals/score").value == before


@pytest.mark.exhaustive
def test_a_notice_of_before_is_not_sent_again():
    halted = DatasetNotice(dataset=OLD, kind=NoticeKind.HALT, occasion="batch 1", said=Notice("notice_halted", {}))
    names = NameHistory.after([(OLD, NEW)])
    assert replace(halted, dataset=NEW).id(1, names) == halted.id(1, NOT_RENAMED)
