"""Rules of sectors, and those of a project, laid over the common ones (1+N).

A sector for which no public rule was found has a library that says so and holds none.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any

import yaml

from lakeward.contracts.document import Fault, read_document, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import sha256
from lakeward.core.spelling import did_you_mean
from lakeward.grading.catalogue import (
    GradingRules,
    Measure,
    ScaleThreshold,
    Sensitivity,
    read_detector,
    read_scheme,
    read_sensitivity,
    read_threshold,
    shipped_rules,
    verified_text,
)

# Place of a project's own rules.
OVERLAY_FILE = "expectations/policies/grading.yaml"
SECTORS = ("automobile", "energy", "equipment", "integrated_circuits", "steel", "textile")
KEYS: Mapping[str, KeyDoc] = {
    "sectors": KeyDoc("list of texts", f"Sector libraries that apply: {', '.join(SECTORS)}.", "none: the common rules alone"),
    "categories": KeyDoc("mapping", "Category -> `impact` with `object` and `degree`, by the matrix of the scheme.", "none"),
    "detectors": KeyDoc("mapping", "Detector by name -> `category`, `names`, `version`, `source`; may name `against`.", "none"),
    "thresholds": KeyDoc("list", "Items of `measure`, `from` or `above`, `grade` and `source`.", "none"),
    "declared": KeyDoc("mapping", "Dataset -> measure -> size that no query can count, such as `national_output_share`.", "none"),
}
EXPECTED: Mapping[str, Phrase] = {
    "categories": Phrase("phrase_impact"),
    "detectors": Phrase("phrase_detector_entry"),
    "thresholds": Phrase("phrase_threshold_entry"),
    "declared": Phrase("phrase_number_for", names=", ".join(Measure)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorLibrary:
    """The rules of one sector.

    Args:
        id: Id with version.
        edition, source, certainty: Where they come from, and how sure that is; `none` where no public rule was found.
        rules: Number of categories and thresholds.
        unrecognised: What the source names, and no rule here recognises.
    """

    id: str
    sector: str
    edition: str
    source: str
    certainty: str
    rules: int
    unrecognised: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRules:
    """The rules that apply in a project.

    Args:
        rules: Common, of the sectors and of the project.
        libraries: The sector libraries.
        declared: Dataset -> measure -> size that no query can count.
    """

    rules: GradingRules
    libraries: tuple[SectorLibrary, ...] = ()
    declared: Mapping[str, Mapping[Measure, Decimal]] = field(default_factory=dict)


def project_rules(text: str | None) -> ProjectRules:
    """The rules of a project with this overlay; None for no overlay.

    Raises:
        DefinitionError: The overlay is not valid, or a catalogue was edited in place.
    """
    return ProjectRules(rules=shipped_rules()) if text is None else _overlaid_rules(text)


@functools.lru_cache(maxsize=8)
def _overlaid_rules(text: str) -> ProjectRules:
    try:
        document = read_document(text, OVERLAY_FILE)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    found = _read_overlay(view, text)
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return found


def _read_overlay(view: View, text: str) -> ProjectRules:
    view.allow_only(KEYS)
    rules, libraries = shipped_rules(), []
    for sector in view.texts("sectors"):
        if sector not in SECTORS:
            view.fail("sectors", "grading_sector_unknown", found=safe_repr(sector), close=did_you_mean(sector, SECTORS))
            continue
        name = f"grading_rules_sector_{sector}_v1.yaml"
        content = verified_text(resources.files("lakeward") / "expectations" / "catalogues", name)
        entries = yaml.load(content, Loader=yaml.CSafeLoader)
        rules = _laid_over(rules, View(entries, (), view.faults), entries["id"], content)
        libraries.append(_library(entries))
    own = {"categories", "detectors", "thresholds"} & set(view.values)
    if own:
        rules = _laid_over(rules, view, "project", text)
    return ProjectRules(rules=rules, libraries=tuple(libraries), declared=_declared_rules(view.mapping("declared")))


def _library(entries: Mapping[str, Any]) -> SectorLibrary:
    return SectorLibrary(
        id=f"{entries['id']}@{entries['version']}",
        sector=entries["sector"],
        edition=str(entries["edition"]),
        source=entries["source"],
        certainty=entries["certainty"],
        rules=len(entries["categories"]) + len(entries["thresholds"]),
        unrecognised=tuple(entries["unrecognised"]),
    )


def _laid_over(rules: GradingRules, view: View, name: str, text: str) -> GradingRules:
    """The rules with those of the view, the strictest category first."""
    scheme = read_scheme(resources.files("lakeward") / "expectations" / "catalogues", rules)
    categories: dict[str, Sensitivity] = dict(rules.categories)
    for key, entry in view.mapping("categories").values.items():
        found = _entry(view, "categories", lambda entry=entry: read_sensitivity(scheme, entry))
        if found:
            categories[key] = max(found, categories.get(key, found), key=lambda each: each.rank)
    listed = view.mapping("detectors").values
    detectors = [_entry(view, "detectors", lambda k=k, e=e: _own_detector(k, e, categories)) for k, e in listed.items()]
    thresholds = [_entry(view, "thresholds", lambda e=e: read_threshold(e)) for e in view.values.get("thresholds") or ()]
    return replace(
        rules,
        id=f"{rules.id}+{name}",
        sha256=sha256((rules.sha256 + text).encode()),
        categories=dict(sorted(categories.items(), key=lambda item: item[1].rank, reverse=True)),
        detectors=(*rules.detectors, *(each for each in detectors if each)),
        thresholds=(*rules.thresholds, *(each for each in thresholds if isinstance(each, ScaleThreshold))),
    )


def _own_detector(name: str, entry: Mapping[str, Any], categories: Mapping[str, Sensitivity]) -> Any:
    if entry["category"] not in categories:
        raise KeyError(entry["category"])
    return read_detector(name, {**entry, "by_name": True})


def _entry(view: View, key: str, read: Any) -> Any:
    """What `read` returns; None and a fault if the entry is not as expected."""
    try:
        return read()
    except (AttributeError, InvalidOperation, KeyError, TypeError, ValueError, re.error):
        view.fail(key if key in view.values else None, "grading_entry_invalid", key=key, expected=EXPECTED[key])
        return None


def _declared_rules(view: View) -> dict[str, dict[Measure, Decimal]]:
    found: dict[str, dict[Measure, Decimal]] = {}
    for dataset in view.values:
        sizes = view.mapping(dataset).values
        read = _entry(view, "declared", lambda sizes=sizes: {Measure(k): Decimal(str(v)) for k, v in sizes.items()})
        found[dataset] = read or {}
    return found
