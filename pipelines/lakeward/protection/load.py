"""Reads the serving policy, strictly: a name that nothing knows is a hole in the wall, so it is refused with its place."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from lakeward.contracts.document import Document, Fault, read_document, read_text, shown
from lakeward.contracts.view import View
from lakeward.core.errors import ContractError, PolicyError
from lakeward.core.keys import KeyDoc
from lakeward.core.spelling import did_you_mean
from lakeward.grading.grade import Grade
from lakeward.protection.policy import EVERY, NO_CATEGORY, Action, MaskFormat, Policy, Rule

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
        file: What messages call it.
        columns: Every `layer.dataset.column` that the project's contracts promise.

    Raises:
        PolicyError: It can't be read at all.
    """
    document = open_document(text, file)
    faults: list[Fault] = [*document.faults]
    view = root(document, faults, KEYS)
    roles = _roles(view)
    categories = _categories(view)
    known = {"role": roles, "grade": tuple(Grade), "category": categories, "column": columns}
    rules = tuple(_rule(each, known) for each in view.views("rules"))
    _distinct(view, rules)
    _reached(view, rules)
    policy = Policy(
        version=view.text("version"), ask=view.text("ask"), roles=roles, categories=categories, rules=rules, text=text
    )
    return policy, problems_of(document, faults)


def open_document(text: str, file: str) -> Document:
    """A policy file's values with their places.

    Raises:
        PolicyError: It is no plain YAML.
    """
    try:
        return read_document(text, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def policy_text(path: Path, file: str) -> str:
    """The text of a policy file.

    Raises:
        PolicyError: It is too large, or no UTF-8.
    """
    try:
        return read_text(path, file)
    except ContractError as error:
        raise PolicyError(error.code, **error.facts) from None


def root(document: Document, faults: list[Fault], keys: Iterable[str]) -> View:
    """The document's mapping, with every strange key collected."""
    if not isinstance(document.data, dict):
        faults.append(Fault((), "contract_not_a_mapping"))
    view = View(document.data if isinstance(document.data, dict) else {}, (), faults)
    view.only(keys)
    return view


def problems_of(document: Document, faults: Iterable[Fault]) -> tuple[PolicyError, ...]:
    """Each fault as an error that names its place."""
    errors = (document.error(fault) for fault in faults)
    return tuple(PolicyError(error.code, **error.facts) for error in errors)


def known_name(view: View, key: str, kind: str, name: str, known: Collection[str]) -> bool:
    """Whether `name` is one of `known`; else that is collected, with the names it may have meant."""
    if name in known:
        return True
    view.fail(key, "policy_unknown_name", kind=kind, found=shown(name), close=did_you_mean(name, known) or "-")
    return False


def _roles(view: View) -> dict[str, dict[str, str]]:
    roles = view.view("roles")
    if not roles.values:
        view.wrong("roles", "a mapping of role to {en, zh}")
    titles = {name: roles.view(name) for name in roles.values}
    for title in titles.values():
        title.only(("en", "zh"))
    return {name: {lang: title.text(lang) for lang in ("en", "zh")} for name, title in titles.items()}


def _categories(view: View) -> dict[str, MaskFormat]:
    categories = view.view("categories")
    made = {name: categories.choice(name, tuple(MaskFormat)) for name in categories.values}
    if NO_CATEGORY not in made:
        view.fail("categories", "contract_missing", key=NO_CATEGORY, expected="the category of columns with nothing special")
    return made


def _rule(view: View, known: Mapping[str, Collection[str]]) -> Rule:
    view.only(RULE_KEYS)
    grades = _names(view, "grades", "grade", known)
    action = view.text("action")
    known_name(view, "action", "action", action, tuple(Action))
    return Rule(
        id=view.text("id"),
        why=view.text("why"),
        roles=_names(view, "roles", "role", known),
        grades=frozenset(Grade(name) for name in grades),
        categories=_names(view, "categories", "category", known),
        action=Action(action) if action in tuple(Action) else Action.DENY,
        columns=_names(view, "columns", "column", known) if "columns" in view.values else frozenset(),
        ask=view.text("ask", ""),
    )


def _names(view: View, key: str, kind: str, known: Mapping[str, Collection[str]]) -> frozenset[str]:
    names = view.texts(key)
    if not names:
        view.wrong(key, "a list of at least one name")
    if EVERY in names and kind != "column":
        return frozenset(known[kind])
    return frozenset(name for name in names if known_name(view, key, kind, name, known[kind]))


def _distinct(view: View, rules: tuple[Rule, ...]) -> None:
    seen: set[str] = set()
    for at, rule in enumerate(rules):
        if rule.id in seen:
            view.faults.append(Fault(("rules", at, "id"), "policy_rule_twice", {"rule": shown(rule.id)}))
        seen.add(rule.id)


def _reached(view: View, rules: tuple[Rule, ...]) -> None:
    """A rule that earlier ones leave nothing to is a mistake about order."""
    taken: set[tuple[str, str, str]] = set()
    for at, rule in enumerate(rules):
        own = {(r, g, c) for r in rule.roles for g in rule.grades for c in rule.categories}
        if own and own <= taken:
            view.faults.append(Fault(("rules", at), "policy_rule_unreached", {"rule": shown(rule.id)}))
        if not rule.columns:
            taken |= own
