"""Weights of scores, from a policy file of the project; the default weight is 1.

A weight of zero is an error: remove the rule from the suite instead.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from lakeward.contracts.document import Fault, read_document, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.names import sha256
from lakeward.core.spelling import did_you_mean
from lakeward.core.sql import equals, literal
from lakeward.quality.rule import Dimension

KEYS: Mapping[str, KeyDoc] = {
    "dimensions": KeyDoc("mapping", "Dimension of GB/T 36344-2018 -> its weight in every dataset.", "1 each"),
    "datasets": KeyDoc("mapping", "Dataset -> a mapping of the keys below.", "none"),
}
DATASET_KEYS: Mapping[str, KeyDoc] = {
    "weight": KeyDoc("number", "Weight of the dataset in the score of the estate.", "1"),
    "dimensions": KeyDoc("mapping", "Dimension -> its weight in this dataset.", "the project's `dimensions`"),
    "rules": KeyDoc("mapping", "Id of a rule -> its weight in its dimension.", "1 each"),
}
# Weights are whole ten-thousandths, so that their sums are exact in every engine.
UNIT_WEIGHT = 10_000
# With a larger weight, one rule would hide all others in the second digit of a score.
MAX_WEIGHT = 1_000
EXPECTED = Phrase("phrase_weight", most=MAX_WEIGHT)


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights in ten-thousandths, by dataset, dimension, (dataset, dimension) and (dataset, rule id); the default is `ONE`."""

    datasets: Mapping[str, int] = field(default_factory=dict)
    dimensions: Mapping[str, int] = field(default_factory=dict)
    dataset_dimensions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of_dimension(self, dataset: str, dimension: str) -> int:
        """The dataset's own weight, else the project's."""
        return self.dataset_dimensions.get((dataset, dimension), self.dimensions.get(dimension, UNIT_WEIGHT))

    def of_rule(self, dataset: str, rule: str) -> int:
        """A rule's weight in its dimension."""
        return self.rules.get((dataset, rule), UNIT_WEIGHT)

    @property
    def sha256(self) -> str:
        """Hash of the weights, independent of the file's form."""
        parts = (self.datasets, self.dimensions, self.dataset_dimensions, self.rules)
        return sha256(json.dumps([sorted((str(key), n) for key, n in part.items()) for part in parts]).encode())

    def dataset_sql(self) -> str:
        """SQL: the weight of `dataset`."""
        return _case([(equals(dataset=name), n) for name, n in self.datasets.items()])

    def dimension_sql(self) -> str:
        """SQL: the weight of `dimension` in `dataset`."""
        own = [(equals(dataset=d, dimension=name), n) for (d, name), n in self.dataset_dimensions.items()]
        return _case([*own, *((f"dimension = {literal(name)}", n) for name, n in self.dimensions.items())])

    def rule_sql(self) -> str:
        """SQL: the weight of `rule` in `dataset`."""
        return _case([(equals(dataset=d, rule=rule), n) for (d, rule), n in self.rules.items()])


EQUAL_WEIGHTS = Weights()


def read_weights(text: str, file: str, datasets: Collection[str]) -> Weights:
    """Parse the weights in `text`.

    Args:
        file: Its name in messages.
        datasets: Datasets of the project.

    Raises:
        DefinitionError: The file is not valid; the first fault is reported with its line.
    """
    try:
        document = read_document(text, file)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(KEYS)
    weights = _weights(view, datasets)
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return weights


def check_rules(weights: Weights, dataset: str, rules: Collection[str], file: str) -> None:
    """Check that every weighted rule exists, since a weight of an unknown rule would have no effect.

    Raises:
        DefinitionError: A weighted rule does not exist.
    """
    for of, rule in weights.rules:
        if of == dataset and rule not in rules:
            raise DefinitionError(
                "score_unknown_rule", file=file, dataset=dataset, found=safe_repr(rule), close=did_you_mean(rule, rules)
            )


def _weights(view: View, datasets: Collection[str]) -> Weights:
    listed = view.mapping("datasets")
    _check_names(listed, datasets)
    entries = {name: listed.mapping(name) for name in listed.values}
    for entry in entries.values():
        entry.allow_only(DATASET_KEYS)
    return Weights(
        {name: _weight(entry, "weight") for name, entry in entries.items() if "weight" in entry.values},
        _dimensions(view),
        {(name, dimension): n for name, entry in entries.items() for dimension, n in _dimensions(entry).items()},
        {
            (name, rule): _weight(rules, rule)
            for name, e in entries.items()
            for rules in [e.mapping("rules")]
            for rule in rules.values
        },
    )


def _dimensions(view: View) -> dict[str, int]:
    listed = view.mapping("dimensions")
    _check_names(listed, tuple(Dimension))
    return {name: _weight(listed, name) for name in listed.values}


def _check_names(view: View, names: Collection[str]) -> None:
    for name in view.values:
        if name not in names:
            view.fail(name, "contract_unknown_key", key=safe_repr(name), close=did_you_mean(name, names))


def _weight(view: View, key: str) -> int:
    return view.entry(key, EXPECTED, _ten_thousandths) or UNIT_WEIGHT


def _ten_thousandths(value: Any) -> int | None:
    if type(value) not in (int, float):
        return None
    try:
        scaled = Decimal(str(value)) * UNIT_WEIGHT
    except InvalidOperation:
        return None
    return int(scaled) if scaled.is_finite() and 0 < scaled <= MAX_WEIGHT * UNIT_WEIGHT and scaled == int(scaled) else None


def _case(cases: list[tuple[str, int]]) -> str:
    return f"CASE {' '.join(f'WHEN {when} THEN {n}' for when, n in cases)} ELSE {UNIT_WEIGHT} END" if cases else str(UNIT_WEIGHT)
