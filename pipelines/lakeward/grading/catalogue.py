"""Catalogues for grading: the scheme of grades and the detection rules.

A catalogue with a changed checksum is an error, because grades cite the edition that proposed them.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from lakeward.core.errors import DefinitionError
from lakeward.core.names import sha256
from lakeward.grading.grade import Grade

CHECKSUMS = "CHECKSUMS"
RULES = "grading_rules_common_v3.yaml"


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
        id: Names the predicate in `grading.patterns`, unless the name alone shows it.
        is_ratio: Least share of matching values among those that could match, for "is".
        contains_ratio: Least share of validated hits, of texts with the shape, for "contains"; None if it never applies.
        min_matches, min_hits: Least number of distinct matches for "is", and of hits for "contains", without a supporting name.
        has_check: Whether a check digit or grammar confirms each hit; without one, serial names and dense numbers count against
            it.
        needs_name: Whether the column's name must match, too.
        names: Pattern of column names, headers and comments that support it.
        by_name: Whether the name alone shows it, where the column has values.
        against: Pattern of names under which it is never found.
        unit_names, units: Names that show it together with one of these units (UCUM).
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
    by_name: bool = False
    against: re.Pattern[str] | None = None
    unit_names: re.Pattern[str] | None = None
    units: frozenset[str] = frozenset()


class Measure(StrEnum):
    """Sizes of a data set that can make it important or core whatever its columns are."""

    PERSONS = "persons"
    SENSITIVE_PERSONS = "sensitive_persons"
    SQUARE_KILOMETRES = "km2"
    BYTES = "bytes"
    NATIONAL_OUTPUT_SHARE = "national_output_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleThreshold:
    """A size of a data set that calls for a decision.

    Args:
        least: The size, in the unit of the measure; a share is 0 to 1.
        is_included: Whether exactly this size counts.
        grade: Grade that it may have; None if it must be asked first whether it may be graded at all.
        source: Standard and clause, or who reported it.
    """

    measure: Measure
    least: Decimal
    is_included: bool
    grade: Grade | None
    source: str

    def is_reached(self, found: Decimal) -> bool:
        """Whether a data set of this size is concerned."""
        return found >= self.least if self.is_included else found > self.least


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRules:
    """One edition of grading rules, resolved by the scheme it names.

    Args:
        id: Id of the rules with version, as cited by grades.
        scheme: Id of the catalogue of grades, with version.
        sha256: Hash of both files.
        categories: Category -> its least grade, strictest first.
        classes: Class of data -> its default grade.
        thresholds: Sizes of a data set that call for a decision.
        sensitive: Categories whose persons count as sensitive.
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
    thresholds: tuple[ScaleThreshold, ...] = ()
    sensitive: frozenset[str] = frozenset()


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
        categories={name: read_sensitivity(scheme, entry) for name, entry in rules["categories"].items()},
        detectors=tuple(read_detector(name, entry) for name, entry in rules["detectors"].items()),
        classes={name: read_sensitivity(scheme, entry) for name, entry in rules["classes"].items()},
        thresholds=tuple(map(read_threshold, rules.get("thresholds", ()))),
        sensitive=frozenset(rules.get("sensitive_categories", ())),
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


def read_scheme(folder: Traversable, rules: GradingRules) -> Mapping[str, Any]:
    """The matrix and the levels that the rules are resolved by."""
    return _yaml(verified_text(folder, f"grading_{rules.scheme.partition('@')[0]}.yaml"))


def read_threshold(entry: Mapping[str, Any]) -> ScaleThreshold:
    """A threshold of a catalogue; it says `from` or `above`."""
    return ScaleThreshold(
        measure=Measure(entry["measure"]),
        least=Decimal(str(entry["from"] if "from" in entry else entry["above"])),
        is_included="from" in entry,
        grade=Grade(entry["grade"]) if entry["grade"] else None,
        source=str(entry["source"]),
    )


def read_sensitivity(scheme: Mapping[str, Any], entry: Mapping[str, Any]) -> Sensitivity:
    """The grade that follows from the object and degree of harm by the matrix of the scheme."""
    harmed, degree = entry["impact"]["object"], entry["impact"]["degree"]
    grade = Grade(scheme["matrix"][harmed][degree]) if degree else Grade.GENERAL
    level = max(scheme["levels"][harmed][degree], entry.get("floor", 1)) if grade is Grade.GENERAL else None
    return Sensitivity(grade, level)


def read_detector(name: str, entry: Mapping[str, Any]) -> Detector:
    """A detector of a catalogue."""
    by_name, contains = entry.get("by_name", False), entry.get("contains")
    return Detector(
        id=name,
        version=entry["version"],
        category=entry["category"],
        is_ratio=Decimal(str(entry.get("is", 1))),
        contains_ratio=None if contains is None else Decimal(str(contains)),
        min_matches=entry.get("distinct", 1),
        min_hits=entry.get("contains_distinct", 1),
        has_check=entry.get("checked", True),
        needs_name=entry.get("needs_name", True),
        names=re.compile(entry["names"], re.IGNORECASE),
        by_name=by_name,
        against=_pattern(entry, "against"),
        unit_names=_pattern(entry, "unit_names"),
        units=frozenset(entry.get("units", ())),
    )


def _pattern(entry: Mapping[str, Any], key: str) -> re.Pattern[str] | None:
    return re.compile(entry[key], re.IGNORECASE) if key in entry else None
