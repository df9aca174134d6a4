"""The rules over the access log: the shipped ones, and what a project lays over them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from importlib import resources
from typing import Any

import yaml

from lakeward.contracts.document import Fault, read_document, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.grading.catalogue import verified_text

CATALOGUE = "access_rules_lakeward_v1.yaml"
# Place of a project's own thresholds.
RULES_FILE = "expectations/policies/access.yaml"
KEYS: Mapping[str, KeyDoc] = {
    "owner": KeyDoc("text", "Who answers for findings.", "`ask` of the serving policy"),
    "hours": KeyDoc("text", "Hours of work by the plant's clock, such as `06:00-22:00`.", "those of the shipped rules"),
    "rules": KeyDoc(
        "mapping", "Rule -> a mapping of its parameters, `due_days`, or `enabled: false`.", "the shipped rules as they are"
    ),
}
# The parameters of rules.
PARAMETERS: Mapping[str, str] = {
    "history_days": "Days before a day that it is compared with.",
    "least_days": "Days with reads among these, below which `volume` compares with others of the role, and `new_column` says nothing.",
    "factor": "Times the highest value of before, above which a value is found.",
    "least": "The value from which anything is found.",
    "regular_days": "Days with reads outside of working time among the days before, from which an account has the habit.",
    "rows": "Rows of an answer, at most, that counts as a read of a single row.",
    "texts": "Different texts among the refused statements, at least.",
    "dormant_days": "Days of silence before a read.",
}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class AccessRuleKind(StrEnum):
    """What a rule looks for."""

    VOLUME = "volume"
    NEW_COLUMN = "new_column"
    OFF_HOURS = "off_hours"
    ENUMERATION = "enumeration"
    REFUSALS = "refusals"
    EXPORT_IMPORTANT = "export_important"
    DORMANT = "dormant"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One rule.

    Args:
        due_days: Days after a finding's day by which it is to be answered.
        parameters: Its thresholds, each a whole number.
        titles: What it finds, by language.
    """

    kind: AccessRuleKind
    due_days: int
    parameters: Mapping[str, int]
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRules:
    """The rules of a project.

    Args:
        id: Id and version of the shipped rules.
        owner: Who answers for findings; None for the contact of the policy.
        hours: Begin and end of the working time of a day.
    """

    id: str
    owner: str | None
    hours: tuple[time, time]
    rules: tuple[AccessRule, ...]


def read_access_rules(text: str | None) -> AccessRules:
    """The shipped rules with what a project lays over them; None for nothing.

    Raises:
        DefinitionError: The project's file is not valid, or the catalogue was edited in place.
    """
    content = verified_text(resources.files("lakeward") / "expectations" / "catalogues", CATALOGUE)
    shipped = _shipped_rules(yaml.load(content, Loader=yaml.CSafeLoader))
    return shipped if text is None else _lay_over(shipped, text)


def _shipped_rules(found: Mapping[str, Any]) -> AccessRules:
    rules = tuple(
        AccessRule(
            kind=AccessRuleKind(name),
            due_days=entry["due_days"],
            parameters=entry["parameters"],
            titles={"en": entry["en"], "zh": entry["zh"]},
        )
        for name, entry in found["rules"].items()
    )
    hours = _hours(found["hours"])
    assert hours is not None
    return AccessRules(id=f"{found['id']}@{found['version']}", owner=None, hours=hours, rules=rules)


def _lay_over(shipped: AccessRules, text: str) -> AccessRules:
    try:
        document = read_document(text, RULES_FILE)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    faults: list[Fault] = [*document.faults]
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(KEYS)
    entries = view.mapping("rules")
    for name in entries.values:
        if name not in tuple(AccessRuleKind):
            entries.fail(name, "access_rule_unknown", found=safe_repr(name), close=did_you_mean(str(name), tuple(AccessRuleKind)))
    found = replace(
        shipped,
        owner=view.text("owner", "") or None,
        hours=view.entry("hours", Phrase("phrase_hours", example="06:00-22:00"), _hours, shipped.hours) or shipped.hours,
        rules=tuple(rule for each in shipped.rules if (rule := _own_rule(each, entries.mapping(each.kind)))),
    )
    if faults:
        first = document.error(min(faults, key=lambda fault: document.position(fault.key_path)))
        raise DefinitionError(first.code, **first.facts)
    return found


def _own_rule(rule: AccessRule, view: View) -> AccessRule | None:
    """The rule with a project's thresholds; None where the project switched it off."""
    names = ("enabled", "due_days", *rule.parameters)
    for name in view.values:
        if name not in names:
            view.fail(name, "access_parameter_unknown", rule=rule.kind, found=safe_repr(name), expected=", ".join(names))
    parameters = {name: view.positive_integer(name, value) for name, value in rule.parameters.items()}
    if "enabled" in view.values and not view.flag("enabled"):
        return None
    return replace(rule, due_days=view.positive_integer("due_days", rule.due_days), parameters=parameters)


def _hours(value: Any) -> tuple[time, time] | None:
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    begin, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    return (begin, end) if begin < end else None
