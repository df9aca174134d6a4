"""Catalogues of grading: the matrix as the standard has it, and no edition that changes under its name."""

import shutil
from importlib import resources
from pathlib import Path

import pytest

from lakeward.core.errors import DefinitionError
from lakeward.core.names import sha256
from lakeward.grading.catalogue import RULES, Sensitivity, load_grading_rules, shipped_rules
from lakeward.grading.grade import Grade
from lakeward.grading.patterns import patterns
from support import source_tree

FOLDER = source_tree.ROOT / "expectations" / "catalogues"


@pytest.fixture
def copies(tmp_path):
    for file in FOLDER.glob("grading_*.yaml"):
        shutil.copy(file, tmp_path)
    shutil.copy(FOLDER / "CHECKSUMS", tmp_path)
    return tmp_path


def test_every_grading_catalogue_is_what_its_checksum_says():
    listed = {line.split()[1]: line.split()[0] for line in (FOLDER / "CHECKSUMS").read_text().splitlines()}
    assert {f.name for f in FOLDER.glob("grading_*.yaml")} <= set(listed)
    assert {name: sha256((FOLDER / name).read_bytes()) for name in listed} == listed


def test_the_package_carries_the_checksums():
    assert (resources.files("lakeward") / "expectations" / "catalogues" / "CHECKSUMS").is_file()


def test_a_catalogue_edited_in_place_is_refused(copies: Path):
    (copies / RULES).write_text((copies / RULES).read_text().replace("sample_rows: 10000", "sample_rows: 10"))
    with pytest.raises(DefinitionError) as error:
        load_grading_rules(copies, RULES)
    assert error.value.code == "grading_catalogue_edited"


def test_an_unlisted_catalogue_is_refused(copies: Path):
    shutil.copy(copies / RULES, copies / "mine.yaml")
    with pytest.raises(DefinitionError) as error:
        load_grading_rules(copies, "mine.yaml")
    assert error.value.code == "grading_catalogue_unlisted"


def test_every_detector_has_a_pattern_and_a_category_and_every_category_a_detector():
    rules = shipped_rules()
    assert {d.id for d in rules.detectors if not d.by_name} == set(patterns())
    assert {d.category for d in rules.detectors} == set(rules.categories)


def test_the_strictest_category_comes_first():
    ranks = [standing.rank for standing in shipped_rules().categories.values()]
    assert ranks == sorted(ranks, reverse=True)


def test_nothing_common_is_important_or_core():
    rules = shipped_rules()
    assert {s.grade for s in (*rules.categories.values(), *rules.classes.values())} == {Grade.GENERAL}


def test_grades_stand_above_levels():
    ordered = [
        Sensitivity(Grade.GENERAL, 1),
        Sensitivity(Grade.GENERAL, 4),
        Sensitivity(Grade.IMPORTANT, None),
        Sensitivity(Grade.CORE, None),
    ]
    assert [standing.rank for standing in ordered] == sorted(standing.rank for standing in ordered)
