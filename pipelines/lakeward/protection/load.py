"""Reads the serving policy strictly: an unknown name is an error with its line and column."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from lakeward.contracts.document import Document, Fault, read_document, read_text, safe_repr
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, PolicyError
from lakeward.core.keys import KeyDoc
from lakeward.core.spelling import did_you_mean
from lakeward.grading.grade import Grade
from lakeward.protection.policy import ALL_NAMES, NO_CATEGORY, Action, MaskFormat, Policy, PolicyRule

KEYS: Mapping[str, KeyDoc] = {
    "version": KeyDoc("text", "Version of the policy.", required=True),
    "ask": KeyDoc("text", "Whom a reader asks about a hidden value, where a rule names nobody.", required=True),
    "roles": KeyDoc(
        "mapping", "Role -> its title `{en: …, zh: …}`: the roles of `--as`, `--role` and `lakeward.connect`.", required=True
    ),
    "categories": KeyDoc(
        "mapping",
        "Category of content -> the format of its masked values. `none` must be there; a category that is not is denied.",
        required=True,
    ),
    "rules": KeyDoc(
        "list",
        "Mappings of the keys below. The first rule that fits a column decides; where none fits, the column is denied.",
        "none",
    ),
}
RULE_KEYS: Mapping[str, KeyDoc] = {
    "id": KeyDoc("text", "Name of the rule; stands once.", required=True),
    "why": KeyDoc("text", "Reason, shown to readers.", required=True),
    "roles": KeyDoc("list of texts", 'Roles that it is for; `["*"]`: all.', required=True),
    "grades": KeyDoc("list of texts", 'Grades that it is for; `["*"]`: all.', required=True),
    "categories": KeyDoc("list of texts", 'Categories that it is for; `["*"]`: all.', required=True),
    "columns": KeyDoc("list of texts", "`layer.dataset.column` names that it is limited to.", "every column"),
    "action": KeyDoc("text", "What a reader gets of the values: one of the actions below.", required=True),
    "ask": KeyDoc("text", "Whom a reader asks.", "the policy's `ask`"),
}


def read_policy(text: str, file: str, columns: Collection[str]) -> tuple[Policy, tuple[PolicyError, ...]]:
    """A policy and all its problems; with problems, the policy must not be used.

    Args:
        file: Its name in messages.
        columns: Every `layer.dataset.column` of the project's contracts.

    Raises:
        PolicyError: It can't be read at all.
    """
    document = read_policy_document(text, file)
    faults: list[Fault] = [*document.faults]
    view = root_view(document, faults, KEYS)
    roles = _roles(view)
    categories = _categories(view)
    known = {"role": roles, "grade": tuple(Grade), "category": categories, "column": columns}
    rules = tuple(_rule(each, known) for each in view.mappings("rules"))
    _check_distinct_rules(view, rules)
    _check_reachable_rules(view, rules)
    policy = Policy(
        version=view.text("version"), ask=view.text("ask"), roles=roles, categories=categories, rules=rules, text=text
    )
    return policy, policy_errors(document, faults)


def role_titles(text: str, file: str) -> Mapping[str, Mapping[str, str]]:
    """Role -> its title by language, also of a policy that has problems elsewhere.

    Raises:
        PolicyError: It can't be read at all.
    """
    return _roles(root_view(read_policy_document(text, file), [], KEYS))


def read_policy_document(text: str, file: str) -> Document:
    """A policy file's values with their positions.

    Raises:
        PolicyError: It is not plain YAML.
    """
    try:
        return read_document(text, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def policy_text(path: Path, file: str) -> str:
    """The text of a policy file.

    Raises:
        PolicyError: It is too large, or not UTF-8.
    """
    try:
        return read_text(path, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def root_view(document: Document, faults: list[Fault], keys: Iterable[str]) -> View:
    """The document's mapping; unknown keys are collected as faults."""
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.allow_only(keys)
    return view


def policy_errors(document: Document, faults: Iterable[Fault]) -> tuple[PolicyError, ...]:
    """Each fault as an error with its position."""
    errors = (document.error(fault) for fault in faults)
    return tuple(PolicyError(error.code, **error.facts) for error in errors)


def check_name(view: View, key: str, kind: str, name: str, known_names: Collection[str]) -> bool:
    """Whether `name` is one of `known`; otherwise a fault with similar names is collected."""
    if name in known_names:
        return True
    view.fail(key, "policy_unknown_name", kind=kind, found=safe_repr(name), close=did_you_mean(name, known_names) or "-")
    return False


def _roles(view: View) -> dict[str, dict[str, str]]:
    roles = view.mapping("roles")
    if not roles.values:
        view.fail_value("roles", "a mapping of role to {en, zh}")
    titles = {name: roles.mapping(name) for name in roles.values}
    for title in titles.values():
        title.allow_only(("en", "zh"))
    return {name: {lang: title.text(lang) for lang in ("en", "zh")} for name, title in titles.items()}


def _categories(view: View) -> dict[str, MaskFormat]:
    categories = view.mapping("categories")
    formats = {name: categories.choice(name, tuple(MaskFormat)) for name in categories.values}
    if NO_CATEGORY not in formats:
        view.fail("categories", "contract_missing", key=NO_CATEGORY, expected="the category of columns with nothing special")
    return formats


def _rule(view: View, known_names: Mapping[str, Collection[str]]) -> PolicyRule:
    view.allow_only(RULE_KEYS)
    grades = _names(view, "grades", "grade", known_names)
    action = view.text("action")
    check_name(view, "action", "action", action, tuple(Action))
    return PolicyRule(
        id=view.text("id"),
        why=view.text("why"),
        roles=_names(view, "roles", "role", known_names),
        grades=frozenset(Grade(name) for name in grades),
        categories=_names(view, "categories", "category", known_names),
        action=Action(action) if action in tuple(Action) else Action.DENY,
        columns=_names(view, "columns", "column", known_names) if "columns" in view.values else frozenset(),
        ask=view.text("ask", ""),
    )


def _names(view: View, key: str, kind: str, known_names: Mapping[str, Collection[str]]) -> frozenset[str]:
    names = view.texts(key)
    if not names:
        view.fail_value(key, "a list of at least one name")
    if ALL_NAMES in names and kind != "column":
        return frozenset(known_names[kind])
    return frozenset(name for name in names if check_name(view, key, kind, name, known_names[kind]))


def _check_distinct_rules(view: View, rules: tuple[PolicyRule, ...]) -> None:
    seen: set[str] = set()
    for at, rule in enumerate(rules):
        if rule.id in seen:
            view.faults.append(Fault(("rules", at, "id"), "policy_rule_twice", {"rule": safe_repr(rule.id)}))
        seen.add(rule.id)


def _check_reachable_rules(view: View, rules: tuple[PolicyRule, ...]) -> None:
    """Report rules that earlier rules make unreachable."""
    covered: set[tuple[str, str, str]] = set()
    for at, rule in enumerate(rules):
        own = {(r, g, c) for r in rule.roles for g in rule.grades for c in rule.categories}
        if own and own <= covered:
            view.faults.append(Fault(("rules", at), "policy_rule_unreached", {"rule": safe_repr(rule.id)}))
        if not rule.columns:
            covered |= own
