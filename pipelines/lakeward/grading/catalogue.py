"""Catalogues for grading: the scheme of grades and the detection rules.

A catalogue with a changed checksum is an error, because grades cite the edition that proposed them.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from lakeward.core.errors import DefinitionError
from lakeward.core.names import sha256
from lakeward.grading.grade import Grade

CHECKSUMS = "CHECKSUMS"
RULES = "grading_rules_common_v2.yaml"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A grade with its level, for comparisons.

    Args:
        level: 4 (highest) to 1 inside general; None elsewhere.
    """

    grade: Grade
    level: int | None

    @property
    def rank(self) -> tuple[int, int]:
        """Greater means more sensitive."""
        return (-tuple(Grade).index(self.grade), self.level or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """Conditions under which a column is, or contains, a category of content.

    Args:
        id: Names the predicate in `grading.patterns`.
        is_ratio: Least share of matching values among those that could match, for "is".
        contains_ratio: Least share of validated hits, of texts with the shape, for "contains"; None if it never applies.
        min_matches, min_hits: Least number of distinct matches for "is", and of hits for "contains", without a supporting name.
        has_check: Whether a check digit or grammar confirms each hit; without one, serial names and dense numbers count against
            it.
        needs_name: Whether the column's name must match, too.
        names: Pattern of column names that support it.
    """

    id: str
    version: int
    category: str
    is_ratio: Decimal
    contains_ratio: Decimal | None
    min_matches: int
    min_hits: int
    has_check: bool
    needs_name: bool
    names: re.Pattern[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRules:
    """One edition of grading rules, resolved by the scheme it names.

    Args:
        id: Id of the rules with version, as cited by grades.
        scheme: Id of the catalogue of grades, with version.
        sha256: Hash of both files.
        categories: Category -> its least grade, strictest first.
        classes: Class of data -> its default grade.
    """

    id: str
    scheme: str
    sha256: str
    sample_rows: int
    placeholders: tuple[str, ...]
    serial_names: re.Pattern[str]
    serial_density: int
    categories: Mapping[str, Sensitivity]
    detectors: tuple[Detector, ...]
    classes: Mapping[str, Sensitivity]


@functools.cache
def shipped_rules() -> GradingRules:
    """The rules shipped in the package.

    Raises:
        DefinitionError: One of their files does not match CHECKSUMS.
    """
    return load_grading_rules(resources.files("lakeward") / "expectations" / "catalogues", RULES)


def load_grading_rules(folder: Traversable, name: str) -> GradingRules:
    """The rules in file `name` of `folder`, with the scheme that they name.

    Raises:
        DefinitionError: A file is missing, or does not match CHECKSUMS.
    """
    text = verified_text(folder, name)
    rules = _yaml(text)
    scheme_text = verified_text(folder, f"{rules['scheme']}.yaml")
    scheme = _yaml(scheme_text)
    return GradingRules(
        id=f"{rules['id']}@{rules['version']}",
        scheme=f"{scheme['id']}@{scheme['version']}",
        sha256=sha256((text + scheme_text).encode()),
        sample_rows=rules["sample_rows"],
        placeholders=tuple(rules["placeholders"]),
        serial_names=re.compile(rules["serial_names"], re.IGNORECASE),
        serial_density=rules["serial_density"],
        categories={name: _sensitivity(scheme, entry) for name, entry in rules["categories"].items()},
        detectors=tuple(_detector(name, entry) for name, entry in rules["detectors"].items()),
        classes={name: _sensitivity(scheme, entry) for name, entry in rules["classes"].items()},
    )


def verified_text(folder: Traversable, name: str) -> str:
    """The text of a catalogue, checked against CHECKSUMS.

    Raises:
        DefinitionError: It is missing, not listed, or was edited in place.
    """
    lines = (line.split() for line in (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines())
    listed = {file: digest for digest, file in lines}
    if name not in listed or not (folder / name).is_file():
        raise DefinitionError("grading_catalogue_unlisted", file=name, expected=", ".join(sorted(listed)))
    content = (folder / name).read_bytes()
    if sha256(content) != listed[name]:
        raise DefinitionError("grading_catalogue_edited", file=name, expected=listed[name][:12], found=sha256(content)[:12])
    return content.decode()


def _yaml(text: str) -> dict[str, Any]:
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document


def _sensitivity(scheme: Mapping[str, Any], entry: Mapping[str, Any]) -> Sensitivity:
    harmed, degree = entry["impact"]["object"], entry["impact"]["degree"]
    grade = Grade(scheme["matrix"][harmed][degree]) if degree else Grade.GENERAL
    level = max(scheme["levels"][harmed][degree], entry.get("floor", 1)) if grade is Grade.GENERAL else None
    return Sensitivity(grade, level)


def _detector(name: str, entry: Mapping[str, Any]) -> Detector:
    contains = entry["contains"]
    return Detector(
        id=name,
        version=entry["version"],
        category=entry["category"],
        is_ratio=Decimal(str(entry["is"])),
        contains_ratio=None if contains is None else Decimal(str(contains)),
        min_matches=entry["distinct"],
        min_hits=entry.get("contains_distinct", 1),
        has_check=entry["checked"],
        needs_name=entry["needs_name"],
        names=re.compile(entry["names"], re.IGNORECASE),
    )
