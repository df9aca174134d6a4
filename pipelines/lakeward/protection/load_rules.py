"""Reads rules and limits of the serving policy."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time

from lakeward.contracts.document import safe_repr
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.grading.grade import Grade
from lakeward.protection.instants import EXPECTED, read_instant
from lakeward.protection.policy import ALL_NAMES, LEVELS, Action, PolicyRule, RuleScope
from lakeward.protection.read_request import OWN_PARTY
from lakeward.protection.time_window import TimeWindow

RULE_KEYS: Mapping[str, KeyDoc] = {
    "id": KeyDoc("text", "Name of the rule; stands once.", required=True),
    "why": KeyDoc("text", "Reason, shown to readers.", required=True),
    "roles": KeyDoc("list of texts", 'Roles that it is for; `["*"]`: all.', required=True),
    "grades": KeyDoc("list of texts", 'Grades that it is for; `["*"]`: all.', required=True),
    "levels": KeyDoc(
        "list of whole numbers",
        "Format 2: levels inside `general` that it is for, 4 to 1. A general column without a level counts as 4.",
        "every level",
    ),
    "categories": KeyDoc("list of texts", 'Categories that it is for; `["*"]`: all.', required=True),
    "purposes": KeyDoc(
        "list of texts", "Format 2: purposes that it is for; `none`: readers who name no purpose.", "every purpose, and none"
    ),
    "parties": KeyDoc(
        "list of texts",
        'Format 2: parties that it is for; `own`: your own people, `["*"]`: all.',
        "`own`; for `deny`, and in `limits`, all",
    ),
    "columns": KeyDoc("list of texts", "`layer.dataset.column` names that it is limited to.", "every column"),
    "from": KeyDoc(
        "date or time",
        "Format 2: it begins then; a date at midnight of the plant's zone. As `2026-12-31`, `2026-12-31T18:00` or with an offset, `2026-12-31T18:00+08:00`.",
        "at once",
    ),
    "until": KeyDoc("date or time", "Format 2: it ends then; a date with the end of that day.", "no end"),
    "hours": KeyDoc(
        "text",
        "Format 2: hours of the plant's clock in which it applies, such as `08:00-18:00`; whenever the clock shows them, also twice where it is set back.",
        "all day",
    ),
    "action": KeyDoc("text", "What a reader gets of the values: one of the actions below.", required=True),
    "ask": KeyDoc("text", "Whom a reader asks.", "the policy's `ask`"),
}
# Keys of a rule that came with format 2.
NEW_RULE_KEYS = frozenset({"levels", "purposes", "parties", "from", "until", "hours"})
# Actions of format 1.
OLD_ACTIONS = (Action.CLEAR, Action.MASK, Action.TOKENISE, Action.GENERALISE, Action.DENY)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNames:
    """What a rule may name.

    Args:
        format: Format of the file.
        known: Kind of name -> the names that exist.
        zone: IANA zone of days and hours.
    """

    format: int
    known: Mapping[str, Collection[str]]
    zone: str

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of this format."""
        return tuple(Action) if self.format > 1 else OLD_ACTIONS


def read_rule(view: View, names: PolicyNames, *, is_limit: bool) -> PolicyRule:
    """One rule or limit; its faults are collected."""
    view.allow_only(RULE_KEYS)
    for key in sorted(NEW_RULE_KEYS & view.values.keys()) if names.format == 1 else ():
        view.fail(key, "policy_key_newer", key=key)
    action = view.text("action")
    check_name(view, "action", "action", action, names.actions)
    grades = frozenset(map(Grade, read_names(view, "grades", "grade", names.known)))
    is_for_all = is_limit or action == Action.DENY
    return PolicyRule(
        id=view.text("id"),
        why=view.text("why"),
        scope=read_scope(view, names, is_for_all=is_for_all),
        grades=grades,
        categories=read_names(view, "categories", "category", names.known),
        levels=_levels(view, grades),
        action=Action(action) if action in names.actions else Action.DENY,
        columns=read_names(view, "columns", "column", names.known) if "columns" in view.values else frozenset(),
        ask=view.text("ask", ""),
    )


def check_name(view: View, key: str, kind: str, name: str, known_names: Collection[str]) -> bool:
    """Whether `name` is one of `known`; otherwise a fault with similar names is collected."""
    if name in known_names:
        return True
    view.fail(key, "policy_unknown_name", kind=kind, found=safe_repr(name), close=did_you_mean(name, known_names) or "-")
    return False


def read_scope(view: View, names: PolicyNames, *, is_for_all: bool) -> RuleScope:
    """Whom a rule is for: without `parties`, what grants is for the project's own people, what protects for everyone."""
    every_party = is_for_all and names.format > 1
    parties = frozenset(names.known["party"]) if every_party else frozenset({OWN_PARTY})
    return RuleScope(
        roles=read_names(view, "roles", "role", names.known),
        purposes=_optional_names(view, "purposes", "purpose", names) or frozenset(),
        parties=_optional_names(view, "parties", "party", names) or parties,
        window=_window(view, names.zone),
    )


def _optional_names(view: View, key: str, kind: str, names: PolicyNames) -> frozenset[str] | None:
    return read_names(view, key, kind, names.known) if key in view.values else None


def read_names(view: View, key: str, kind: str, known_names: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The names of a list, `*` for all; unknown ones are collected as faults."""
    names = view.texts(key)
    if not names:
        view.fail_value(key, Phrase("phrase_list_of_one_name"))
    if ALL_NAMES in names and kind not in {"column", "table"}:
        return frozenset(known_names[kind])
    return frozenset(name for name in names if check_name(view, key, kind, name, known_names[kind]))


def _levels(view: View, grades: frozenset[Grade]) -> frozenset[int]:
    if "levels" not in view.values:
        return frozenset()
    if Grade.GENERAL not in grades:
        view.fail("levels", "policy_levels_without_general")
    return view.entry("levels", Phrase("phrase_levels", levels="4, 3, 2, 1"), _level_set) or frozenset()


def _level_set(value: object) -> frozenset[int] | None:
    is_list = isinstance(value, list) and bool(value) and all(type(level) is int and level in LEVELS for level in value)
    return frozenset(value) if is_list and isinstance(value, list) else None


def _window(view: View, zone: str) -> TimeWindow:
    start = view.entry("from", EXPECTED, lambda v: read_instant(v, zone)) if "from" in view.values else None
    end = view.entry("until", EXPECTED, lambda v: read_instant(v, zone, is_end=True)) if "until" in view.values else None
    hours = view.entry("hours", Phrase("phrase_hours", example="08:00-18:00"), _hours) if "hours" in view.values else None
    if start and end and start >= end:
        view.fail_value("until", Phrase("phrase_after_from"))
    return TimeWindow(start=start, end=end, hours=hours, zone=zone)


def _hours(value: object) -> tuple[time, time] | None:
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    hours = [int(text) for text in found.groups()]
    if hours[2] == 24 and hours[3]:
        return None
    first, last = time(hours[0], hours[1]), time(hours[2] % 24, hours[3])
    return (first, last) if first != last else None
